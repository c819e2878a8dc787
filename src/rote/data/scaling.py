"""Points shifted and scaled for searches by products: as small integers where that is exact."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from rote.exact.dyadic import granularity
from rote.typing import Array, Floats, Integers

__all__ = ["Scaled", "scaled"]

_BLOCK = 1 << 18
"""Numbers looked at together. Ours."""


@dataclass(frozen=True, eq=False)
class Scaled:
    """Points in working units: (x - centre) * 2^-exponent.

    Attributes:
        points: The points as given, shape (n, d).
        centre: Shape (d,), in working units.
        exponent: Power of two of the unit.
        dtype: float32 or float64.
        exact: Whether working values are integers so small that squared distances and the terms of
            |x|^2 + |y|^2 - 2 x.y sum up exactly in that dtype, in any order. Otherwise they are
            floats below 1 in absolute value, each with a relative error of 2^-53 (and an absolute
            one of 2^-1074, from the scaling).
    """

    points: Array
    centre: Floats
    exponent: int
    dtype: type[np.float32 | np.float64]
    exact: bool

    def block(self, rows: Integers | slice) -> Floats:
        """These rows in working units, always as float64."""
        # In two steps, for the power of two itself may be no float.
        half = -self.exponent // 2
        block = np.multiply(self.points[rows], 2.0**half, dtype=np.float64)
        block *= 2.0 ** (-self.exponent - half)
        block -= self.centre
        return block


def scaled(points: Array) -> Scaled:
    """Choose units and centre.

    Args:
        points: Shape (n, d), checked points.

    Returns:
        The points in working units, exact if possible.
    """
    low = points.min(axis=0).astype(np.float64)
    high = points.max(axis=0).astype(np.float64)
    exponent = _common_exponent(points, low, high)
    if exponent is not None:
        centre = np.floor(np.ldexp(low / 2 + high / 2, -exponent))
        single = _largest_sum(low, high, exponent) <= 1 << 24
        return Scaled(points, centre, exponent, np.float32 if single else np.float64, True)
    largest = float(max(-low.min(), high.max()))
    exponent = math.frexp(largest)[1] + 1
    plain = Scaled(points, np.zeros(points.shape[1]), exponent, np.float64, False)
    step = max(1, _BLOCK // points.shape[1])
    sums = [plain.block(slice(s, s + step)).sum(axis=0) for s in range(0, len(points), step)]
    return replace(plain, centre=np.sum(sums, axis=0) / len(points))


def _common_exponent(points: Array, low: Floats, high: Floats) -> int | None:
    """An e such that all coordinates are small multiples of 2^e, or None."""
    if points.dtype.kind != "f":
        return 0 if _largest_sum(low, high, 0) <= 1 << 53 else None
    exponent: int | None = None
    step = max(1, _BLOCK // points.shape[1])
    starts = range(0, len(points), step)
    for block in (points[:16], *(points[start : start + step] for start in starts)):
        own = granularity(block)
        if own is not None:
            exponent = own if exponent is None else min(exponent, own)
            if _largest_sum(low, high, exponent) > 1 << 53:
                return None
    return exponent or 0


def _largest_sum(low: Floats, high: Floats, exponent: int) -> float:
    """A bound of |x|^2 + |y|^2 + 2 |x.y| in working units; infinite if a value is beyond 2^53."""
    with np.errstate(over="ignore"):
        low, high = np.ldexp(low, -exponent), np.ldexp(high, -exponent)
        if max(-low.min(), high.max()) > 1 << 53:
            return math.inf
        return float(4 * np.sum((high / 2 - low / 2 + 1) ** 2))
