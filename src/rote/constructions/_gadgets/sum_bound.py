"""Bounds of the rounding errors of sums over many points, in two passes over a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np

from rote.exact.rounding import LARGEST, UNIT, FloatName, dot_error, gamma
from rote.typing import Array, DType, Floats

__all__ = ["SumBound"]

_UP = 1 + 2.0**-48
"""Makes up for the roundings of a bound's own evaluation."""


@dataclass(frozen=True, eq=False)
class SumBound:
    """How far sums w . x - c, computed in float64 or evaluated in a dtype, can be apart.

    Attributes:
        slope: What each unit of |w| . |x| + |c| adds to the bound of a point, shape (n,).
        offset: The bound of a sum of zeros, shape (n,).
        limit: Absolute sums beyond this have no bound: a partial sum may overflow.
    """

    slope: Floats
    offset: Floats
    limit: float

    @classmethod
    def of(cls, points: Array, dtype: DType) -> SumBound:
        """The bounds of :func:`rote.exact.rounding.dot_error` for points of shape (n, d)."""
        name, terms = cast(FloatName, dtype), np.count_nonzero(points, axis=1) + 1
        return cls(
            slope=(gamma(terms, UNIT[name]) + gamma(terms, UNIT["float64"])) * _UP,
            offset=(dot_error(0.0, terms, name) + dot_error(0.0, terms, "float64")) * _UP,
            limit=LARGEST[name] / 4,
        )

    def __call__(self, absolute: Floats) -> Floats:
        """The bounds.

        Args:
            absolute: |w| . |x| + |c| of several sums, shape (m, n); overwritten.

        Returns:
            Shape (m, n), infinite beyond the limit.
        """
        beyond = absolute > self.limit if absolute.max(initial=0.0) > self.limit else None
        absolute *= self.slope
        absolute += self.offset
        if beyond is not None:
            absolute[beyond] = np.inf
        return absolute
