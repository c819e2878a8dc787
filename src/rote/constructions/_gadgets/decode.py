r"""Decode: read keys and labels out of packed codes, and answer with the label whose key matches.

A *register* holds several words of m bits, the first in the highest bits. Three steps:

* **Peel** s bits of a number $u < 2^m$ in two layers: $r_v = \sigma(v 2^{m-s} - u)$ and
  $\beta_v = \sigma(1 - r_v)$ for $v = 1, \dots, 2^s - 1$. Then $\beta_v$ is 1 if
  $u \ge v 2^{m-s}$ and else 0, so that $\sum_v \beta_v$ is the digit, and
  $u - 2^{m-s} \sum_v \beta_v$ is what remains. No triangle waves, so nothing but integers below
  $2^m$ occurs: exact up to 53 bits in float64, where the waves of [vardi2022, Lemma A.7] end at 51.
* **Compare** h with the key K in two layers: $p = \sigma(h - K)$, $n = \sigma(K - h)$ and
  $Q = \sigma(p + n - w)$, which is 0 if $|h - K| \le w$, and at least 1 if $|h - K| \ge w + 1$.
* **Select** in one layer: $z = \sigma(\ell - 2^m Q)$ is the label $\ell < 2^m$, or 0.

A point takes q = ceil(bits / s) rounds of peeling, its key and its labels at once, and the peeling
of the next point *overlaps* with the three layers of compare and select. T points then take
``2 q T + 3`` layers, of at most ``R + 4 + k + digits`` units: h, R registers, key, labels or gates,
and answers. Without the overlap, ``(2 q + 3) T`` layers and one unit less. All of this is *ours*;
the plan, codes that are peeled and compared, is that of [vardi2022].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import final

from rote.constructions._gadgets.circuit import Circuit, Sum, added, held, scaled

__all__ = ["Packing", "decode", "decode_layers", "decode_width", "pack_groups", "select"]


@final
@dataclass(frozen=True)
class Packing:
    """T words of some bits, packed into registers.

    Attributes:
        words: T.
        bits: Bits of a word.
        limit: Most bits of a register; None if there is no limit.
    """

    words: int
    bits: int
    limit: int | None = None

    @property
    def per_register(self) -> int:
        """Words in a full register; 0 if a word is longer than the limit."""
        return self.words if self.limit is None else min(self.words, self.limit // self.bits)

    @property
    def registers(self) -> int:
        """Number of registers."""
        return -(-self.words // self.per_register)

    def length(self, register: int) -> int:
        """Bits of a register."""
        return self.bits * min(self.per_register, self.words - register * self.per_register)

    def pack(self, values: Sequence[int]) -> list[int]:
        """The registers' codes for at most T words; words that are missing are 0."""
        per = self.per_register
        padded = [*values, *[0] * (self.words - len(values))]
        codes = []
        for start in range(0, self.words, per):
            code = 0
            for value in padded[start : start + per]:
                code = code << self.bits | value
            codes.append(code)
        return codes


def pack_groups(
    first: Sequence[int],
    key: Sequence[int],
    level: Sequence[Sequence[int]],
    packings: tuple[Packing, Packing],
) -> list[list[int]]:
    """The codes of each group: the registers of its keys, then those of each output's labels.

    Args:
        first: Where each group begins, and the number of points.
        key: Key of each point, group by group.
        level: For each output the label of each point.
        packings: Packing of the keys and of the labels.

    Returns:
        The codes of each group.
    """
    keys, labels = packings
    result = []
    for start, stop in pairwise(first):
        # A group that is short repeats its last key with the label 0, which adds nothing.
        padding = [key[stop - 1]] * (keys.words - (stop - start))
        codes = keys.pack([*key[start:stop], *padding])
        for values in level:
            codes += labels.pack(values[start:stop])
        result.append(codes)
    return result


def _digits(bits: int, q: int) -> int:
    """Units that test the bits of a round, if q rounds read the word."""
    return (1 << -(-bits // q)) - 1


def decode_layers(words: int, q: int, *, overlap: bool) -> int:
    """Layers that read T words in q rounds each, compare and select."""
    return 2 * q * words + 3 if overlap else (2 * q + 3) * words


def decode_width(keys: Packing, labels: Packing, outputs: int, q: int, *, overlap: bool) -> int:
    """A bound of the width of the decoder.

    Args:
        keys: Packing of the keys.
        labels: Packing of each output's labels.
        outputs: Number k of outputs.
        q: Rounds for a word.
        overlap: Whether peeling overlaps with compare and select.

    Returns:
        The width: never exceeded, and reached where no register has run dry.
    """
    registers = keys.registers + outputs * labels.registers
    digits = _digits(keys.bits, q) + outputs * _digits(labels.bits, q)
    if not overlap:
        # h, K, and for each output its label and its answer; or p and n in place of the digits.
        return 1 + registers + 2 * outputs + max(1 + digits, 2)
    # Either p, n and labels, or gates and the next key and labels, beside h and the answers. With a
    # single round both at once.
    return 1 + registers + outputs + digits + (2 + 2 * outputs if q == 1 else 2 * outputs + 1)


@final
class _Register:
    """A register that is being peeled, highest bits first."""

    def __init__(self, circuit: Circuit, value: Sum, length: int) -> None:
        self.circuit, self.value, self.left = circuit, value, length

    def hold(self, layer: int) -> None:
        """Put what is left into one unit."""
        self.value = held(self.circuit, layer, self.value)

    def peel(self, layer: int, bits: int) -> Sum:
        """Take the highest bits off in two layers; the digit is a sum of units of the second."""
        self.left -= bits
        unit = self.circuit.unit
        passed = {}
        for v in range(1, 1 << bits):
            short = unit(layer, scaled(self.value, -1), v << self.left)
            passed[unit(layer + 1, {short: -1}, 1)] = 1
        self.hold(layer)
        self.value = added(self.value, scaled(passed, -(1 << self.left))) if self.left else {}
        return passed


@final
class _Words:
    """The words of several registers, one after the other."""

    def __init__(self, circuit: Circuit, codes: Sequence[Sum], packing: Packing) -> None:
        self.circuit, self.packing = circuit, packing
        self.index = 0
        self.registers = [
            _Register(circuit, code, packing.length(k)) for k, code in enumerate(codes)
        ]
        self.word: Sum = {}
        self.missing = 0

    def begin(self, layer: int, index: int) -> None:
        """Start to read a word."""
        self.index, self.word, self.missing = index, {}, self.packing.bits
        if index == 0:
            for register in self.registers[1:]:
                register.hold(layer)

    def peel(self, layer: int, q: int) -> None:
        """Read some bits of the word in two layers."""
        bits = min(-(-self.packing.bits // q), self.missing)
        self.word = held(self.circuit, layer, self.word)
        register = self.registers[self.index // self.packing.per_register]
        if not bits:
            register.hold(layer)
            return
        self.missing -= bits
        self.word = added(self.word, scaled(register.peel(layer, bits), 1 << self.missing))

    def end(self, layer: int) -> None:
        """Put what is left of the register into one unit, which waits there."""
        self.registers[self.index // self.packing.per_register].hold(layer)


def decode(
    circuit: Circuit,
    start: int,
    h: int,
    window: int,
    codes: tuple[Sequence[Sum], Sequence[Sequence[Sum]]],
    packings: tuple[Packing, Packing],
    q: int,
    *,
    overlap: bool = True,
) -> list[Sum]:
    """Answer with the label whose key is within the window of h, or with 0.

    Args:
        circuit: Where to add the units.
        start: The first layer to use.
        h: The unit to compare with the keys.
        window: w: h is within w of one key at most, and at least w + 1 from all others.
        codes: Registers of the keys, and of the labels of each output.
        packings: Packing of the keys and of the labels.
        q: Rounds for a word.
        overlap: Whether the next word is peeled while one is compared.

    Returns:
        For each output its answer, as a sum of units up to the layer
        ``start + decode_layers(T, q) - 1``.
    """
    key_packing, label_packing = packings
    keys = _Words(circuit, codes[0], key_packing)
    labels = [_Words(circuit, registers, label_packing) for registers in codes[1]]
    answers: list[Sum] = [{}] * len(labels)
    period = 2 * q if overlap else 2 * q + 3
    for index in range(key_packing.words):
        layer = start + period * index
        for words in (keys, *labels):
            words.begin(layer, index)
        for j in range(q):
            for words in (keys, *labels):
                words.peel(layer + 2 * j, q)
        layer += 2 * q
        if not overlap:
            for words in (keys, *labels):
                words.end(layer)
        words_read = [words.word for words in labels]
        gates = select(circuit, layer, h, window, keys.word, words_read, label_packing.bits)
        for k, gate in enumerate(gates):
            answers[k] = added(answers[k], {gate: 1})
            if index + 1 < key_packing.words:
                answers[k] = held(circuit, layer + 3, answers[k])
    return answers


def select(
    circuit: Circuit, layer: int, h: int, window: int, key: Sum, labels: Sequence[Sum], bits: int
) -> list[int]:
    """Compare and select, in three layers.

    Args:
        circuit: Where to add the units.
        layer: The first of the three.
        h: The unit to compare.
        window: w: h is within w of the key, or at least w + 1 from it.
        key: K.
        labels: Labels of some bits.
        bits: How many.

    Returns:
        For each label a unit of the third layer: the label if h is within w of K, and else 0.
    """
    more = circuit.unit(layer, added({h: 1}, scaled(key, -1)))
    less = circuit.unit(layer, added({h: -1}, key))
    differs = circuit.unit(layer + 1, {more: 1, less: 1}, -window)
    waiting = [circuit.unit(layer, label) for label in labels]
    return [circuit.unit(layer + 2, {label: 1, differs: -(1 << bits)}) for label in waiting]
