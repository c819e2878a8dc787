r"""Triangle waves: bits of an integer by folding the line, and the decoder that is built of them.

With $\varphi(z) = \sigma(\sigma(2 z) - \sigma(4 z - 2))$, the wave of one tooth, $\varphi^{(i)}$
has $2^{i-1}$ teeth: it rises by $2^i$ on the even ones of the $2^i$ intervals of $[0, 1]$ and falls
on the odd ones. An integer $u < 2^n$ has its i-th highest bit in the parity of the interval of
$u / 2^n$. So two *copies* $z' = u / 2^n + 2^{-n-2}$ and $z = u / 2^n + 2^{-n-1}$, which share all
intervals, tell it, as in [vardi2022, Lemma A.7], with the sizes that [kim2025] restate:
$b_i = \sigma(2^{n+2-i} (\varphi^{(i)}(z') - \varphi^{(i)}(z)))$.

*Ours:* every value is multiplied by a power of two, which a ReLU lets through. A copy that was
folded i times is held as $2^{n+2-i}$ times the paper's value. The copies start as 4 u + 1 and
4 u + 2, a fold is $\psi(z) = \sigma(\sigma(z) - 2 \sigma(z - 2^{m+1}))$ where m bits are left, so
$z$ or $2^{m+2} - z$, and the bit is $\sigma(z' - z)$: the same units and the same function, with
nothing but integers below $2^{n+2}$.

**Extraction.** Three layers for a bit: 4, 2 and 3 units, with one more for what was read so far.
A label's bits are read beside a key's. **Decoding** [vardi2022, Lemma A.5] does so for T keys of
$\rho$ bits and labels of $\gamma$, compares and selects as in ``decode.py``, and folds on while it
selects: $T (3 \max(\rho, \gamma) + 2) + 1$ layers of at most 12 units, two copies of extraction
with h and the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

from rote.constructions._gadgets.circuit import Circuit, Sum, added, held, scaled
from rote.constructions._gadgets.decode import Packing, select

__all__ = ["Waves", "decode_by_waves", "fold", "wave_layers"]

_BIT_LAYERS = 3
_COPIES = (1, 2)


def wave_layers(words: int, bits: int) -> int:
    """Layers that read T words of so many bits, compare and select."""
    return words * (_BIT_LAYERS * bits + 2) + 1


def fold(circuit: Circuit, layer: int, value: Sum, bias: int, half: int) -> int:
    """One tooth of the wave, in two layers.

    Args:
        circuit: Where to add the units.
        layer: The first of the two.
        value: A number z of [0, 2 half], less its bias.
        bias: The bias.
        half: Where the tooth is highest.

    Returns:
        A unit of the second layer: z up to half, and 2 half - z beyond.
    """
    whole = circuit.unit(layer, value, bias)
    beyond = circuit.unit(layer, value, bias - half)
    return circuit.unit(layer + 1, {whole: 1, beyond: -2})


@final
class Waves:
    """The two copies of an integer, and the bits that they have left."""

    def __init__(self, circuit: Circuit, number: Sum, bits: int) -> None:
        self.circuit, self.left = circuit, bits
        self._copies: list[tuple[Sum, int]] = [(scaled(number, 4), shift) for shift in _COPIES]

    def bit(self, layer: int) -> int:
        """Fold both copies, and tell the next bit by a unit of the third layer."""
        half = 1 << self.left + 1
        near, far = (fold(self.circuit, layer, *copy, half) for copy in self._copies)
        self._copies = [({near: 1}, 0), ({far: 1}, 0)]
        self.left -= 1
        return self.circuit.unit(layer + 2, {near: 1, far: -1})

    def word(self, layer: int, bits: int) -> Sum:
        """Read some bits, three layers each: their sum, each at its place."""
        read: Sum = {}
        for place in reversed(range(bits)):
            read = held(self.circuit, layer, read)
            read = added(read, {self.bit(layer): 1 << place})
            layer += _BIT_LAYERS
        return read


def decode_by_waves(
    circuit: Circuit,
    start: int,
    h: int,
    window: int,
    codes: tuple[Sequence[Sum], Sequence[Sequence[Sum]]],
    packings: tuple[Packing, Packing],
    q: int,
) -> list[Sum]:
    """Answer with the label whose key is within the window of h, or with 0.

    Args:
        circuit: Where to add the units.
        start: The first layer to use.
        h: The unit to compare with the keys.
        window: w: h is within w of one key at most, and at least w + 1 from all others.
        codes: The register of the keys, and that of each output's labels.
        packings: Packing of the keys and of the labels, in one register each.
        q: Bits of the longer word.

    Returns:
        For each output its answer, as a sum of units up to the layer
        ``start + wave_layers(T, q) - 1``.
    """
    keys, labels = packings
    (key_code,), label_codes = codes[0], [code for (code,) in codes[1]]
    key_waves = Waves(circuit, key_code, keys.length(0))
    label_waves = [Waves(circuit, code, labels.length(0)) for code in label_codes]
    answers: list[Sum] = [{}] * len(label_waves)
    reading = _BIT_LAYERS * q
    for index in range(keys.words):
        layer = start + (reading + 2) * index
        key = key_waves.word(layer, keys.bits)
        read = [waves.word(layer, labels.bits) for waves in label_waves]
        gates = select(circuit, layer + reading, h, window, key, read, labels.bits)
        for k, gate in enumerate(gates):
            answers[k] = added(answers[k], {gate: 1})
            if index + 1 < keys.words:
                answers[k] = held(circuit, layer + reading + 3, answers[k])
    return answers
