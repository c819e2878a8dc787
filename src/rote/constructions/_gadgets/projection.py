r"""Projection to the line: a direction u that keeps the points apart, computed in one unit.

Every random direction keeps distinct points distinct with probability one, but how far apart
decides what rounding does later. So several are drawn and the caller's cost chooses. Where the
data are integers (or floats of few bits) the direction is made of integers so small that the dot
product is exact in the network's arithmetic, whatever the order of summation. Where they are not,
single columns are tried as well, since a copy is exact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from rote.constructions._base import Context
from rote.data import DataSet
from rote.errors import PrecisionError
from rote.exact.rounding import LARGEST, lowest_bit
from rote.typing import Array, DType, Floats, Integers

__all__ = [
    "Projection",
    "best_projection",
    "column_ranges",
    "directions_for",
    "product",
    "projections",
]

_BITS = {"float32": 24, "float64": 53, "exact": 53}
_HELD = {"float32": np.float32, "float64": np.float64, "exact": np.float64}
_LEAST_WEIGHT = 2**4
"""Directions of smaller integers separate too few points. Ours."""
_LARGEST_WEIGHT = 2.0**30
"""Of the column of the widest range: more would separate no more points. Ours."""
_WIDE = 1 << 13
"""Numbers in one row when many rows are laid end to end. Ours."""
_BLOCK = 16
"""Such rows in a block that stays in cache. Ours."""
_SAMPLE = 64
"""Rows looked at before all rows are, to see whether floats have few bits. Ours."""


@dataclass(frozen=True, eq=False)
class Projection:
    """The points on a line, in increasing order.

    Attributes:
        u: The direction, shape (d,), in values of the network's dtype (integers if ``exact``).
        c: Distinct projections in increasing order, shape (m,), as float64.
        order: Index of a point at each projection, shape (m,); points that share a projection
            share their target, and the first stands for all.
        exact: Whether every dot product is exact in the network's dtype, in any order.
    """

    u: Floats
    c: Floats
    order: Integers
    exact: bool

    @property
    def blur(self) -> float:
        """About how far off rounding may leave a projection, over the unit roundoff."""
        reach = float(max(abs(self.c[0]), abs(self.c[-1])))
        return reach if self.exact else (len(self.u) + 1) * reach

    @property
    def crowding(self) -> float:
        """Range and blur over the smallest gap: what weights and errors grow with."""
        return float((self.c[-1] - self.c[0] + self.blur) / np.diff(self.c).min(initial=np.inf))

    @property
    def centre(self) -> float:
        """A projection in the middle where all are far from 0 in proportion to their range; else 0.

        Subtracted in the unit that projects, it leaves small numbers that later layers round less.
        """
        far = max(abs(self.c[0]), abs(self.c[-1])) > 2 * (self.c[-1] - self.c[0])
        return float(self.c[len(self.c) // 2]) if far else 0.0


def directions_for(n: int) -> int:
    """How many directions to try by default: 30, fewer beyond 10^4 points, at least 1. Ours."""
    return int(np.clip(300_000 // n, 1, 30))


def projections(data: DataSet, context: Context, directions: int) -> Iterator[Projection]:
    """Project on random directions, one after the other.

    Args:
        data: The points, in the network's dtype.
        context: Arithmetic, randomness, progress.
        directions: How many directions to try; single columns may be a third more.

    Yields:
        The projections that tell differently labelled points apart.

    Raises:
        PrecisionError: If every direction maps two differently labelled points to one number.
    """
    found = False
    clash = (0, 0)
    for trial, (u, exact) in enumerate(_directions(data, context, directions)):
        context.progress("directions", min(trial, directions), directions)
        projection = _sorted(data, u, exact)
        if isinstance(projection, tuple):
            clash = projection
            continue
        found = True
        yield projection
    context.progress("directions", directions, directions)
    if not found:
        a, b = (int(data.rows[i]) for i in clash)
        repair = "Use dtype='float64'." if context.dtype == "float32" else "Rescale the features."
        raise PrecisionError(
            f"{context.dtype} cannot hold a projection that tells differently labelled points "
            f"apart; rows {a} and {b} coincide on it. {repair}",
            [a, b],
        )


def best_projection(
    data: DataSet,
    context: Context,
    directions: int,
    cost: Callable[[Projection, Array], float],
) -> Projection:
    """Project on several random directions and keep the one of least cost.

    Args:
        data: The points, in the network's dtype.
        context: Arithmetic, randomness, progress.
        directions: How many directions to try; with one only, it costs nothing.
        cost: Called with a projection and the targets along it, (m,) or (m, k).

    Returns:
        The best projection.

    Raises:
        PrecisionError: If every direction maps two differently labelled points to one number.
    """

    def price(projection: Projection) -> float:
        return cost(projection, data.target[projection.order]) if directions > 1 else 0.0

    return min(projections(data, context, directions), key=price)


def _directions(data: DataSet, context: Context, count: int) -> Iterator[tuple[Floats, bool]]:
    """Integers where they are exact; else, or after them in float32, normal ones and columns."""
    points, rng = data.points, context.rng
    low, high = column_ranges(points)
    varies = high > low
    integers = _integer_limits(points, low, high, context.dtype)
    if integers is not None:
        limit, granule = integers
        for _ in range(count):
            u = rng.integers(-limit, limit, endpoint=True)
            u[(u == 0) & varies] = 1
            yield np.divide(u, granule), True
        if context.dtype != "float32":
            return
    # Scale every column to a range within [1/2, 1) by a power of two. Halving first keeps the
    # range of doubles near the largest from overflowing.
    scale = np.frexp(np.where(varies, high / 2 - low / 2, 0.5))[1] + 1
    for _ in range(count):
        u = np.where(varies, np.ldexp(rng.standard_normal(data.d), -scale), 0.0)
        yield u.astype(_HELD[context.dtype]).astype(np.float64), False
    for column in rng.permutation(np.flatnonzero(varies))[: count // 3]:
        # A copy of one column does not round.
        yield np.where(np.arange(data.d) == column, np.ldexp(1.0, -scale), 0.0), True


def column_ranges(points: Array) -> tuple[Floats, Floats]:
    """Least and largest value of each column, shape (d,) each."""
    # Reducing a tall array of narrow rows is slow: lay many rows end to end first. Blocks of them
    # stay in cache, so that memory is read once.
    n, d = points.shape
    rows = min(n, max(1, _WIDE // d))
    tall = n - n % rows
    wide = points[:tall].reshape(-1, rows * d)
    low, high = wide[0].copy(), wide[0].copy()
    for start in range(0, len(wide), _BLOCK):
        block = wide[start : start + _BLOCK]
        np.minimum(low, block.min(axis=0), out=low)
        np.maximum(high, block.max(axis=0), out=high)
    rest = points[tall:]
    low, high = (np.concatenate([v.reshape(rows, d), rest]) for v in (low, high))
    return low.min(axis=0).astype(np.float64), high.max(axis=0).astype(np.float64)


def _integer_limits(
    points: Array, low: Floats, high: Floats, dtype: DType
) -> tuple[Integers, Floats] | None:
    """Integers so small that no product with the points, in any order, is ever rounded.

    Every column gets its share: weights in inverse proportion to its range.

    Args:
        points: Shape (n, d).
        low: Least value of each column.
        high: Largest value of each column.
        dtype: The network's arithmetic.

    Returns:
        The largest weight of each column, and the granule that its values are multiples of and its
        weight is to be divided by, shape (d,) each; None if some weight would have too few bits.
    """
    varies = high > low
    for block in (points[:_SAMPLE], points) if points.dtype.kind == "f" else (points[:0],):
        granule = lowest_bit(block).min(axis=0, initial=np.inf)
        granule = np.where(np.isfinite(granule), granule, 1.0)
        with np.errstate(over="ignore", invalid="ignore"):
            reach = np.maximum(np.abs(low), np.abs(high)) / granule
            spread = np.where(varies, high / granule - low / granule, np.inf)
            # One bit is left for kinks in the middle between two projections.
            total = 2.0 ** (_BITS[dtype] - 1) / max(np.sum(reach / spread), 1)
            total = min(total, _LARGEST_WEIGHT * np.max(spread, where=varies, initial=0))
            limit = np.floor(total / spread)
            largest = limit / granule
        held = (largest <= LARGEST.get(dtype, LARGEST["float64"])).all()
        if not (held and (limit[varies] >= _LEAST_WEIGHT).all()):
            return None
    return limit.astype(np.int64), granule


def _sorted(data: DataSet, u: Floats, exact: bool) -> Projection | tuple[int, int]:
    """Sort the projections; two differently labelled points where a number is shared."""
    c = product(data.points, u)
    order = np.argsort(c)
    c = c[order]
    if not np.isfinite(c[[0, -1]]).all():
        return 0, min(1, data.n - 1)
    equal = np.flatnonzero(c[1:] == c[:-1])
    if equal.size:
        target = data.target if data.target.ndim == 2 else data.target[:, None]
        clash = np.any(target[order[equal]] != target[order[equal + 1]], axis=1)
        if clash.any():
            k = equal[np.argmax(clash)]
            return int(order[k]), int(order[k + 1])
        keep = np.ones(data.n, dtype=bool)
        keep[equal + 1] = False
        c, order = c[keep], order[keep]
    return Projection(u, c, order, exact)


def product(points: Array, u: Floats) -> Floats:
    """The projections in float64, without a float copy of all integer points at once."""
    with np.errstate(over="ignore", invalid="ignore"):
        if points.dtype == np.float64:
            return np.asarray(points @ u)
        c = np.empty(len(points))
        step = max(1, (1 << 20) // points.shape[1])
        for start in range(0, len(points), step):
            c[start : start + step] = points[start : start + step].astype(np.float64) @ u
        return c
