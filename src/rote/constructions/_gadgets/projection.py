r"""Projection to the line: a direction u that keeps the points apart, computed in one unit.

Every random direction keeps distinct points distinct with probability one, but how far apart
decides what rounding does later. So several are drawn and the caller's cost chooses. Where the
data are integers (or floats of few bits) the direction is made of integers so small that the dot
product is exact in the network's arithmetic, whatever the order of summation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from rote.constructions._base import Context
from rote.data import DataSet
from rote.errors import PrecisionError
from rote.typing import Array, Floats, Integers

__all__ = [
    "Projection",
    "best_projection",
    "column_ranges",
    "directions_for",
    "integer_bits",
    "product",
]

_BITS = {"float32": 24, "float64": 53, "exact": 53}
_HELD = {"float32": np.float32, "float64": np.float64, "exact": np.float64}
_FEWEST_BITS = 4
"""Integer directions with fewer bits than this separate too few points. Ours."""
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


def directions_for(n: int) -> int:
    """How many directions to try by default: 30, fewer beyond 10^4 points, at least 1. Ours."""
    return int(np.clip(300_000 // n, 1, 30))


def best_projection(
    data: DataSet,
    context: Context,
    directions: int,
    cost: Callable[[Floats, Array], float],
) -> Projection:
    """Project on several random directions and keep the one of least cost.

    Args:
        data: The points, in the network's dtype.
        context: Arithmetic, randomness, progress.
        directions: How many valid directions to try.
        cost: Called with the sorted projections (m,) and their targets (m,) or (m, k).

    Returns:
        The best projection.

    Raises:
        PrecisionError: If every direction maps two differently labelled points to one number.
    """
    best: Projection | None = None
    least = np.inf
    clash = (0, 0)
    for trial, (u, exact) in enumerate(_directions(data, context, directions)):
        context.progress("directions", trial, directions)
        projection = _sorted(data, u, exact)
        if isinstance(projection, tuple):
            clash = projection
            continue
        price = cost(projection.c, data.target[projection.order]) if directions > 1 else 0.0
        if best is None or price < least:
            best, least = projection, price
    context.progress("directions", directions, directions)
    if best is None:
        a, b = (int(data.rows[i]) for i in clash)
        repair = "Use dtype='float64'." if context.dtype == "float32" else "Rescale the features."
        raise PrecisionError(
            f"{context.dtype} cannot hold a projection that tells differently labelled points "
            f"apart; rows {a} and {b} coincide on it. {repair}",
            [a, b],
        )
    return best


def _directions(data: DataSet, context: Context, count: int) -> Iterator[tuple[Floats, bool]]:
    """Random directions; integers first where they are exact, normal ones otherwise or after."""
    points, rng = data.points, context.rng
    low, high = column_ranges(points)
    varies = high > low
    largest_values = np.maximum(np.abs(low), np.abs(high))
    bits, _ = integer_bits(points, largest_values, _BITS[context.dtype])
    if bits >= _FEWEST_BITS:
        largest = 1 << min(bits, 30)
        for _ in range(count):
            u = rng.integers(-largest, largest, data.d, endpoint=True)
            u[u == 0] = 1
            yield np.where(varies, u, 0).astype(np.float64), True
        if context.dtype != "float32":
            return
    # Scale every column to a range within [1/2, 1) by a power of two. Halving first keeps the
    # range of doubles near the largest from overflowing.
    scale = np.frexp(np.where(varies, high / 2 - low / 2, 0.5))[1] + 1
    for _ in range(count):
        u = np.where(varies, np.ldexp(rng.standard_normal(data.d), -scale), 0.0)
        yield u.astype(_HELD[context.dtype]).astype(np.float64), False


def column_ranges(points: Array) -> tuple[Floats, Floats]:
    """Least and largest value of each column, shape (d,) each."""
    # Reducing a tall array of narrow rows is slow: lay 1024 rows end to end first.
    n, d = points.shape
    tall = n - n % 1024
    extremes = []
    for reduce in (np.min, np.max):
        rows = points[tall:]
        if tall:
            wide = reduce(points[:tall].reshape(-1, 1024 * d), axis=0)
            rows = np.concatenate([wide.reshape(1024, d), rows])
        extremes.append(reduce(rows, axis=0).astype(np.float64))
    return extremes[0], extremes[1]


def integer_bits(points: Array, largest: Floats, precision: int) -> tuple[int, int]:
    """How many bits an integer direction may have for its products to be exact.

    Args:
        points: Shape (n, d).
        largest: Largest absolute value of each column, shape (d,).
        precision: Bits that the sum of absolute terms may have, in granules.

    Returns:
        The bits, 0 if the points have too many themselves; and the e of the granules: the points
        are integers times 2^e.
    """
    granule: int | None = 0
    if points.dtype.kind == "f":
        for block in (points[:_SAMPLE], points):
            granule = _granule(block)
            if granule is None or _room(largest, granule, precision) < 1:
                return 0, 0
    assert granule is not None
    return _room(largest, granule, precision), granule


def _room(largest: Floats, granule: int, precision: int) -> int:
    """Bits left for the weights when the sum of d products and a bias of that size stays exact."""
    with np.errstate(over="ignore"):
        total = np.sum(np.ldexp(largest, -granule))
    return 0 if not np.isfinite(total) else precision - 1 - max(1, int(np.frexp(total)[1]))


def _granule(values: Array) -> int | None:
    """The largest e such that all values are multiples of 2^e; None if all are zero."""
    mantissa, exponent = np.frexp(values[values != 0].astype(np.float64))
    if not mantissa.size:
        return 0
    integers = np.abs(np.ldexp(mantissa, 53)).astype(np.int64)
    trailing = np.frexp((integers & -integers).astype(np.float64))[1] - 1
    return int((exponent.astype(np.int64) - 53 + trailing).min())


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
