r"""Constant width: about sqrt(n) layers and weights of about sqrt(n) bits.

**Theorem 3.1** [vardi2022]. Let n points of norm at most r in $R^d$ be at least $\delta$ apart,
with labels of C classes, and $R = 10 n^2 r \delta^{-1} \sqrt{\pi d}$. There is a ReLU network of
width 12 and depth $O(\sqrt{n \log n} + \sqrt{n / \log n} \max\{\log R, \log C\})$ that memorizes
them, whose weights have $O(\log d + \sqrt{n / \log n} \max\{\log R, \log C\})$ bits. **Theorem
5.1**: for $L \le \sqrt n$, depth about L and width $O(n / L^2)$, up to logarithms.

*Hypotheses.* Distinct points.

*Idea.* A line gives every point an integer key. Groups of T neighbours have their keys packed into
one integer, and their labels into another. The network looks up the two integers of x's group, one
group after the other, and then reads them bit by bit, comparing each key with x. For Theorem 5.1
the points are split along the line among networks side by side, each of which answers 0 elsewhere.

*Two forms.* ``form='triangle-wave'`` is the paper's: bits are extracted with triangle waves, three
layers each (``_gadgets/triangle.py``), at width 12 and depth $2 + 2 \lceil n / T \rceil +
T (3 \max(\rho, \gamma) + 2)$ for keys of $\rho$ and labels of $\gamma$ bits, with T at its best.
*Ours* is the integer form, the default, which peels bits from the top in two layers each: width 8
and depth $1 + 2 \lceil n / T \rceil + T (2 \max(\rho, \gamma) + 3)$. Also ours: networks side by
side share the line, so that m of them have width 11 m + 1, or 7 m + 1; a group is looked up in two
layers, where the paper takes three; and where it pays, long keys of a single network are first
halved (``_gadgets/halving.py``), two layers for each bit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import ceil, isqrt, log2
from typing import ClassVar, Literal, final

from rote.constructions._base import Construction, Context, Theorem
from rote.constructions._gadgets.circuit import Circuit, Sum, added
from rote.constructions._gadgets.decode import (
    Packing,
    decode,
    decode_layers,
    pack_groups,
)
from rote.constructions._gadgets.groups import choose, halved_keys, split, tell_apart
from rote.constructions._gadgets.levels import LIMIT, Levels, levels
from rote.constructions._gadgets.line import as_layer
from rote.constructions._gadgets.lookup import narrow_lookup
from rote.constructions._gadgets.moves import Move, move
from rote.constructions._gadgets.targets import check_tolerance
from rote.constructions._gadgets.triangle import decode_by_waves, wave_layers
from rote.data import DataSet, Problem
from rote.errors import AssumptionError, OptionError, PrecisionError
from rote.network import Decision, Layer, Size
from rote.typing import DType

__all__ = ["Vardi2022"]


@final
@dataclass(frozen=True)
class Vardi2022(Construction):
    """Width 8 in exact arithmetic, or width 12 as in the paper, or a bounded depth.

    Attributes:
        depth: Largest depth, in hidden layers: as many networks side by side as that takes. By
            default there is one.
        group: T: points of a group; by default the T of least depth.
        directions: How many random directions to try for the keys, of each length.
        tolerance: Largest absolute error of real targets.
        form: How bits are read: ``'integer'``, of width 8, or ``'triangle-wave'``, of width 12. The
            latter keeps a group in one register, so that in floats groups are small.
    """

    depth: int | None = None
    group: int | None = None
    directions: int = 8
    tolerance: float | None = None
    form: Literal["integer", "triangle-wave"] = "integer"

    theorem: ClassVar[Theorem] = Theorem(
        key="vardi2022",
        title="Constant width",
        statement="Width 8, or 12 in the paper's form, and depth O(sqrt(n log R)) with "
        "R = 10 n^2 sqrt(pi d) / delta fit any n points of the unit ball at distances of delta or "
        "more.",
        source="vardi2022",
        number="Theorems 3.1 and 5.1",
        tasks=("classes", "real"),
        activations=("relu",),
        dtypes=("float32", "float64", "exact"),
        most_points=1_000,
    )

    def __post_init__(self) -> None:
        for name in ("depth", "group", "directions"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise OptionError(f"Option {name!r} must be at least 1, not {value}.")
        check_tolerance(self.tolerance)

    def promise(self, problem: Problem) -> Size:
        """The size in exact arithmetic, for points in the unit ball at a known separation."""
        # Without a separation nothing is known of the length of keys, and nothing of that of real
        # targets, which depends on their range and the tolerance.
        if problem.separation is None or problem.classes is None:
            return Size(depth=self.depth)
        n, d = problem.n, problem.d
        # As in _gadgets/groups.py, with all points in one group.
        key = ceil(log2(24 * n**2 * d**0.5 / problem.separation)) + 1
        label = max(1, (problem.classes - 1).bit_length())
        # Shorter keys may make do with fewer networks side by side, which are then deeper.
        splits = [(*self._split(n, bits), bits) for bits in range(label, max(key, label) + 1)]
        W = max(_FORMS[self.form].width * parts + 1 for parts, _, _ in splits)
        L = max(self._depth(-(-n // parts), words, bits) for parts, words, bits in splits)
        # Each pair of keys forbids 17 shifts at most, and each key 8 that would tear it.
        left = max(label, (18 * n**2 + 32 * n + 16).bit_length())
        if self.depth is None and left < key:
            L = min(L, 2 * (key - left) + 1 + self._depth(n, self._best(n, left), left))
        return Size(
            depth=L,
            widths=(1,) + (W,) * (L - 1),
            parameters=d + 1 + 2 * W + (L - 2) * (W + 1) * W + W + 1,
        )

    def layers(self, data: DataSet, context: Context) -> tuple[tuple[Layer, ...], Decision]:
        """Give keys to all points, pack them, and place the units."""
        labels = levels(data, context.dtype, self.tolerance)
        together = choose(data, context, data.n)
        keys = tell_apart(data, together, context, self.directions)
        form = _FORMS[self.form]
        limit = form.limit(context.dtype)
        longest = max(keys.bits, labels.bits)
        if limit is not None and longest > limit:
            raise PrecisionError(
                f"A key or label of {longest} bits does not fit a register of {limit}. "
                "Use a wider dtype, or dtype='exact'."
            )
        register = None if form.splits else limit
        parts, words = self._split(data.n, longest, register)
        circuit, h, layer, line = Circuit(sources=1), 0, 1, keys.line
        if self.depth is None and (context.dtype == "exact" or not keys.window) and data.n > 1:
            shorter, halvings = halved_keys(keys, context.rng, 1 << labels.bits)
            bits = max(shorter.bits, labels.bits)
            fewer = self._best(data.n, bits, register)
            spent = 2 * len(halvings) + 1
            if spent + self._depth(data.n, fewer, bits) < self._depth(data.n, words, longest):
                keys, words = shorter, fewer
                h, layer = _halved(circuit, halvings), 1 + spent
        groups = split(keys.line, words)
        key = ((keys.line.low + keys.line.high) // 2)[groups.order].tolist()
        packings = Packing(words, keys.bits, limit), Packing(words, labels.bits, limit)
        level = labels.level[groups.order].T.tolist()
        codes = pack_groups(groups.first.tolist(), key, level, packings)
        cut = groups.cut.tolist()
        _place(circuit, layer, h, cut, codes, packings, keys.window, parts, labels, form)
        first = as_layer([line], context.dtype)
        return (first, *circuit.layers(context.dtype, exponent=labels.exponent)), labels.decision

    def _split(self, n: int, bits: int, register: int | None = None) -> tuple[int, int]:
        """Networks side by side, and points of a group, whose codes may have to fit a register."""
        if self.depth is None:
            return 1, self._best(n, bits, register)
        parts = 1
        while True:
            share = -(-n // parts)
            words = self._best(share, bits, register)
            if self._depth(share, words, bits) <= self.depth:
                return parts, words
            if share == 1:
                raise AssumptionError(
                    f"{n} points with keys of {bits} bits need more than depth {self.depth}, "
                    f"at least {self._depth(1, words, bits)}."
                )
            parts = max(parts + 1, -(-n // (share - 1)))

    def _best(self, n: int, bits: int, register: int | None = None) -> int:
        if self.group is not None:
            words = min(self.group, n)
            if register is not None and words * bits > register:
                raise PrecisionError(
                    f"A group of {words} words of {bits} bits does not fit a register of {register}"
                    f". Use group={register // bits}, form='integer' or dtype='exact'."
                )
            return words
        most = isqrt(n) + 1 if register is None else min(isqrt(n) + 1, register // bits)
        return min(range(1, most + 1), key=lambda words: self._depth(n, words, bits))

    def _depth(self, n: int, words: int, bits: int) -> int:
        return 1 + 2 * -(-n // words) + _FORMS[self.form].layers(words, bits)


@final
@dataclass(frozen=True)
class _Form:
    """How bits are read.

    Attributes:
        width: Units of a network beside the line.
        layers: Layers that read T words of some bits, compare and select.
        decode: Place them; called as ``decode`` is, with the bits of a word for rounds.
        spare: Bits of a register that a code must leave free in floats.
        splits: Whether a code may be split over registers.
    """

    width: int
    layers: Callable[[int, int], int]
    decode: Callable[..., list[Sum]]
    spare: int
    splits: bool

    def limit(self, dtype: DType) -> int | None:
        """Most bits of a register."""
        limit = LIMIT[dtype]
        return None if limit is None else limit - self.spare


_FORMS = {
    "integer": _Form(
        7, partial(decode_layers, overlap=False), partial(decode, overlap=False), 0, splits=True
    ),
    "triangle-wave": _Form(11, wave_layers, decode_by_waves, 1, splits=False),
}


def _halved(circuit: Circuit, halvings: list[tuple[Move, ...]]) -> int:
    """The unit of the line after halvings of its range, which take two layers each and one more."""
    h: Sum = {0: 1}
    for k, pair in enumerate(halvings):
        h, _ = move(circuit, 1 + 2 * k, h, pair, len(pair))
    return circuit.unit(1 + 2 * len(halvings), h)


def _place(
    circuit: Circuit,
    layer: int,
    h: int,
    cut: list[int],
    codes: list[list[int]],
    packings: tuple[Packing, Packing],
    window: int,
    parts: int,
    labels: Levels,
    form: _Form,
) -> None:
    """Place a lookup and a decoder for each run of groups, side by side."""
    longest = max(packing.bits for packing in packings)
    split, each = (packing.registers for packing in packings)
    answers: list[Sum] = [{} for _ in labels.offset]
    share = -(-len(codes) // parts)
    for start in range(0, len(codes), share):
        own = codes[start : start + share]
        found = narrow_lookup(circuit, layer, h, cut[start : start + len(own) + 1], own)
        label_codes = [found[k : k + each] for k in range(split, len(found), each)]
        own_codes = found[:split], label_codes
        after = layer + 2 * len(own)
        some = form.decode(circuit, after, h, window, own_codes, packings, longest)
        answers = [added(*pair) for pair in zip(answers, some, strict=True)]
    for answer, offset in zip(answers, labels.offset, strict=True):
        circuit.output(answer, offset)
