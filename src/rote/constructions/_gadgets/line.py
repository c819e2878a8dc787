r"""Lines: one unit that projects the points, and integers between which it comes out.

The unit is $h = \sigma(w \cdot x + b)$. For each point it has integers ``low`` and ``high`` with
$1 \le \mathrm{low} \le h \le \mathrm{high}$ for every evaluation in the network's arithmetic, in
any order of summation. Data of few bits get integer weights, and then low = h = high. Else
``high - low`` is 1 or 2: the rounding error is at most 1/4, because the line is scaled, by a power
of two, to the finest resolution that allows it, or to less where less separates the points.

What a later unit decides about h it decides by integers: $\sigma(t - h)$ is 0 if t <= low, and at
least 1 if high <= t - 1. So a *cut* t between two points exists exactly if high < low of the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from rote.constructions._base import Context
from rote.constructions._gadgets.integer_bits import integer_bits
from rote.constructions._gadgets.projection import column_ranges, product
from rote.data import DataSet
from rote.exact.dyadic import to_integers
from rote.exact.rounding import dot_error
from rote.network import Affine
from rote.network.activation import RELU
from rote.typing import Array, DType, Floats

__all__ = [
    "Direction",
    "Line",
    "as_layer",
    "directions",
    "exact_directions",
    "integer_directions",
    "real_directions",
]

_PRECISION = {"float32": 24, "float64": 53, "exact": 53}
_ERROR = 0.25
"""Largest rounding error of a line at its scale. Ours."""
_GAP = 8
"""Least gap on a line that is not exact: the intervals of two points are 6 apart, which leaves room
for a window of 2 around a key and for the roundings of a comparison. Ours."""
_EXACT_BITS = 20
"""Bits of the weights of real directions in exact arithmetic: sums of products stay short. Ours."""
_FEWEST_BITS = 1
"""Integer directions with fewer bits are all alike. Ours."""


@final
@dataclass(frozen=True, eq=False)
class Line:
    """A unit that projects the points, w = u 2^scale.

    Attributes:
        u: Shape (d,), float64 that the network's dtype holds.
        scale: A power of two.
        bias: b, an integer.
        low: Integers of at least 1, shape (n,), int64 or Python's.
        high: Integers, shape (n,).
    """

    u: Floats
    scale: int
    bias: int
    low: Array
    high: Array


@final
@dataclass(frozen=True, eq=False)
class Direction:
    """A direction and the points along it, to be scaled to a :class:`Line`.

    Attributes:
        u: Shape (d,).
        c: The products u . x, shape (n,), as floats; or as Python integers times a power of two.
        error: At most how far any evaluation of the unit is from c, at scale 1; 0 if every
            evaluation is exact, and c too.
        exponent: The power of two of Python integers; 0 for floats.
    """

    u: Floats
    c: Array
    error: float
    exponent: int = 0

    @property
    def finest(self) -> int:
        """A scale that is as large as helps and may be."""
        if self.c.dtype == object:
            return -self.exponent
        return 0 if not self.error else int(np.floor(np.log2(_ERROR / self.error)))

    def scale_for(self, gap: float | int | None) -> int | None:
        """The least power of two that makes a gap at least 8, or None if it is too fine.

        Args:
            gap: Difference of two c; None if there are none.

        Returns:
            The power; 0 where all c are integers and stay so.
        """
        if gap is None:
            return min(0, self.finest)
        if not gap > 0:
            return None
        if isinstance(gap, int):
            return min(-self.exponent, 3 - self.exponent - (gap.bit_length() - 1))
        if not self.error:
            return 0
        scale = int(np.ceil(np.log2(_GAP / gap)))
        return scale if scale <= self.finest else None

    def line(self, scale: int) -> Line:
        """The line at a power of two of at most :attr:`finest`."""
        if self.c.dtype == object:
            coarser = -(scale + self.exponent)
            low, high = self.c >> coarser, -(-self.c >> coarser)
        else:
            c, error = np.ldexp(self.c, scale), float(np.ldexp(self.error, scale))
            low = np.floor(c - error).astype(np.int64)
            high = np.ceil(c + error).astype(np.int64)
        bias = 1 - int(low.min())  # no point's ReLU is off
        return Line(self.u, scale, bias, low + bias, high + bias)


def directions(data: DataSet, context: Context, count: int) -> Iterator[Direction]:
    """Random directions: integers where these are exact, then real ones, then exact ones."""
    yield from integer_directions(data, context, count, None)
    yield from real_directions(data, context, count)
    yield from exact_directions(data, context, count)


def integer_directions(
    data: DataSet, context: Context, count: int, bits: int | None, *, spare: int = 0
) -> Iterator[Direction]:
    """Directions of integers along which every evaluation is exact.

    Args:
        data: The points.
        context: Arithmetic and randomness.
        count: How many directions.
        bits: Bits of the integers; by default as many as stay exact.
        spare: Bits of the precision to leave unused.

    Yields:
        Directions; none if the data have too many bits, or too many for integers of this size.
    """
    low, high = column_ranges(data.points)
    # The unit then has one bit less than the precision, since a cut less the unit must be exact.
    largest_values = np.maximum(np.maximum(np.abs(low), np.abs(high)), high - low)
    room, granule = integer_bits(data.points, largest_values, _PRECISION[context.dtype] - spare)
    bits = min(room, 30) if bits is None else bits
    if not _FEWEST_BITS <= bits <= room:
        return
    varies = high > low
    largest = (1 << bits) - 1
    for _ in range(count):
        u = context.rng.integers(-largest, largest, data.d, endpoint=True)
        weight = np.ldexp(np.where(varies, u, 0).astype(np.float64), -granule)
        yield Direction(weight, product(data.points, weight), 0.0)


def real_directions(data: DataSet, context: Context, count: int) -> Iterator[Direction]:
    """Normal directions, with columns scaled to ranges within [1/2, 1) by powers of two."""
    for u in _normal(data, context, count):
        yield _real(data, u, context.dtype)
    # Sums of few terms round less: float32 tries directions of one and of two columns besides.
    varies = np.ptp(data.points, axis=0) > 0
    for trial, u in enumerate(_normal(data, context, count if context.dtype == "float32" else 0)):
        few = context.rng.permutation(np.flatnonzero(varies))[: 1 + trial % 2]
        yield _real(data, np.where(np.isin(np.arange(data.d), few), u, 0.0), context.dtype)


def _real(data: DataSet, u: Floats, dtype: DType) -> Direction:
    """A direction with its rounding error."""
    size = float(product(np.abs(data.points), np.abs(u)).max())
    return Direction(u, product(data.points, u), _error(size, int(np.count_nonzero(u)), dtype))


def exact_directions(data: DataSet, context: Context, count: int) -> Iterator[Direction]:
    """Normal directions with products of any length; none if the arithmetic is not exact."""
    if context.dtype == "exact":
        points, low = to_integers(data.points)
        for u in _normal(data, context, count):
            integers, exponent = to_integers(u)
            yield Direction(u, points @ integers, 0.0, low + exponent)


def as_layer(lines: list[Line], dtype: DType) -> Affine:
    """The layer of the lines' units."""
    biases = [line.bias for line in lines]
    if dtype != "exact":
        weight = np.array([np.ldexp(line.u, line.scale) for line in lines])
        return Affine(weight.astype(dtype), np.array(biases, dtype), RELU)
    rows = [to_integers(line.u) for line in lines]
    exponents = [exponent + line.scale for (_, exponent), line in zip(rows, lines, strict=True)]
    lowest = min(0, *exponents)
    integers = [row << e - lowest for (row, _), e in zip(rows, exponents, strict=True)]
    bias = np.array([b << -lowest for b in biases], dtype=object)
    return Affine(np.array(integers, dtype=object), bias, RELU, lowest)


def _normal(data: DataSet, context: Context, count: int) -> Iterator[Floats]:
    low, high = column_ranges(data.points)
    varies = high > low
    scale = np.frexp(np.where(varies, high / 2 - low / 2, 0.5))[1] + 1
    for _ in range(count):
        u = np.where(varies, np.ldexp(context.rng.standard_normal(data.d), -scale), 0.0)
        yield _rounded(u, context.dtype)


def _rounded(u: Floats, dtype: DType) -> Floats:
    if dtype == "exact":
        m, e = np.frexp(u)
        return np.asarray(np.ldexp(np.rint(np.ldexp(m, _EXACT_BITS)), e - _EXACT_BITS))
    return u.astype(dtype).astype(np.float64)


def _error(size: float, terms: int, dtype: DType) -> float:
    """Of the products computed here, of the unit in the dtype, and of a cut less the unit."""
    own = float(dot_error(size, terms, "float64"))
    if dtype == "exact":
        return own
    # The bias is at most |u| . |x|, a cut as much as the unit, and a carried value may be between.
    unit, cut = dot_error(2 * size, terms + 1, dtype), dot_error(4 * size, 3, dtype)
    return own + float(unit) + float(cut)
