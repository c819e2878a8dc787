r"""Shape: the width and depth of a lookup and a decoder, and the choice between them.

A network of S^2 groups per lookup block, T points per group and q rounds of peeling per point has

* depth $L = 1 + 5 \lceil G / S^2 \rceil + 2 q T + 3$ for G groups, usually $\lceil n / T \rceil$;
* width $W = \max(R + 3 + \max(2 S + 1, R S),\; R + 2 + 3 k + \text{digits})$ for k outputs, R
  registers and $(2^{\lceil \rho / q \rceil} - 1) + k (2^{\lceil \gamma / q \rceil} - 1)$ digit
  units, one register less in the first maximum if there is a single block.

Here $\rho$ and $\gamma$ are the bits of a key and of a label. The best T for given S and q is
about $\sqrt{5 n / (2 q)} / S$, and then $W^2 L^2 \approx 160\, n q$ with two registers. *Ours.*
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import ceil, isqrt, log2
from typing import final

from rote.constructions._gadgets.decode import Packing, decode_layers, decode_width
from rote.constructions._gadgets.lookup import wide_lookup_layers, wide_lookup_width

__all__ = ["Demand", "Shape", "narrowest", "shallowest", "shape_for", "usual_bits"]

_WIDTH = 16
_WIDEST = 1 << 24
"""Where the search for a width begins and ends. Ours."""


def usual_bits(n: int, size: int) -> int:
    """Bits that keys of n points in groups of a size take as a rule: log2(n T) + 2. Ours."""
    return ceil(log2(n * size)) + 2 if size > 1 else 1


@final
@dataclass(frozen=True)
class Demand:
    """What a network must hold.

    Attributes:
        n: Number of points.
        label_bits: Bits of a label.
        outputs: Number of outputs k.
        key_bits: Bits of a key, for groups of T points.
        limit: Most bits of a register; None if there is no limit.
        precision: Bits of a float, where h is rounded; None where comparisons round nothing.
    """

    n: int
    label_bits: int
    outputs: int
    key_bits: Callable[[int], int]
    limit: int | None
    precision: int | None = None


@final
@dataclass(frozen=True)
class Shape:
    """A network's shape.

    Attributes:
        groups: Number of groups G.
        side: S, so that a lookup block holds S^2 groups.
        words: T, points in a group.
        rounds: q, rounds of peeling for a point.
        key_bits: Bits of a key.
        label_bits: Bits of a label.
        outputs: Number of outputs k.
        limit: Most bits of a register; None if there is no limit.
        precision: Bits of a float, where h is rounded; None where comparisons round nothing.
    """

    groups: int
    side: int
    words: int
    rounds: int
    key_bits: int
    label_bits: int
    outputs: int
    limit: int | None
    precision: int | None = None

    @property
    def keys(self) -> Packing:
        """Packing of the keys."""
        return Packing(self.words, self.key_bits, self.limit)

    @property
    def labels(self) -> Packing:
        """Packing of the labels of each output."""
        return Packing(self.words, self.label_bits, self.limit)

    @property
    def fits(self) -> bool:
        """Whether a register holds at least one key, and one label."""
        return bool(self.keys.per_register and self.labels.per_register)

    @property
    def accurate(self) -> bool:
        """Whether h less a key is within 1 after all roundings."""
        if self.precision is None:
            return True
        # h, the key so far and up to 2^s - 1 units of its last digit, in any order.
        summands = (1 << -(-self.key_bits // self.rounds)) + 1
        return summands << self.key_bits + 1 <= 1 << self.precision

    @property
    def depth(self) -> int:
        """L, in hidden layers."""
        lookup = wide_lookup_layers(self.groups, self.side)
        return 1 + lookup + decode_layers(self.words, self.rounds, overlap=True)

    @property
    def width(self) -> int:
        """W, in units of the widest layer."""
        registers = self.keys.registers + self.outputs * self.labels.registers
        return max(
            wide_lookup_width(self.groups, self.side, registers, 1),
            decode_width(self.keys, self.labels, self.outputs, self.rounds, overlap=True),
        )


def shape_for(demand: Demand, width: int, words: int, groups: int) -> Shape | None:
    """The shallowest shape within a width for groups of a size; None if there is none.

    Args:
        demand: What to hold.
        width: The largest width.
        words: T.
        groups: G.

    Returns:
        The shape.
    """
    key_bits = demand.key_bits(words)
    for q in range(1, max(key_bits, demand.label_bits) + 1):
        shape = Shape(
            groups,
            1,
            words,
            q,
            key_bits,
            demand.label_bits,
            demand.outputs,
            demand.limit,
            demand.precision,
        )
        if not shape.fits:
            return None
        if shape.width <= width and shape.accurate:
            return _with_largest_side(shape, width)
    return None


def _with_largest_side(shape: Shape, width: int) -> Shape:
    registers = shape.keys.registers + shape.outputs * shape.labels.registers
    least, most = 1, isqrt(shape.groups - 1) + 1  # one block of most^2 groups holds all
    while least < most:
        side = (least + most + 1) // 2
        if wide_lookup_width(shape.groups, side, registers, 1) <= width:
            least = side
        else:
            most = side - 1
    return replace(shape, side=least)


def _sizes(n: int) -> Iterator[int]:
    """Group sizes to try: all small ones, then steps of an eighth."""
    size = 1
    while size <= n:
        yield size
        size = max(size + 1, size * 9 // 8)


def shallowest(demand: Demand, width: int) -> Shape | None:
    """The shape of least depth within a width; None if the width is too small."""
    best: Shape | None = None
    for words in _sizes(demand.n):
        if best is not None and decode_layers(words, 1, overlap=True) > best.depth:
            break
        shape = shape_for(demand, width, words, -(-demand.n // words))
        if shape is not None and (best is None or shape.depth < best.depth):
            best = shape
    return best


def narrowest(
    make: Callable[[int], Shape | None], wanted: Callable[[Shape, int], bool]
) -> Shape | None:
    """The shape of the least width that will do.

    Args:
        make: The shape within a width, None if the width is too small.
        wanted: Whether a shape within a width will do; if so, then also for larger widths.

    Returns:
        The shape; None if no width will do.
    """
    most = _WIDTH

    def will_do(width: int) -> bool:
        shape = make(width)
        return shape is not None and wanted(shape, width)

    while not will_do(most):
        most *= 2
        if most > _WIDEST:
            return None
    least = 1 if most == _WIDTH else most // 2
    while least < most:
        middle = (least + most) // 2
        if will_do(middle):
            most = middle
        else:
            least = middle + 1
    return make(most)
