r"""Flats: points in coordinates of the flat that they span, and what a sum over them may be off by.

The columns are scaled by powers of two and centred first, so that constant or dependent features,
and features of very different size, do no harm.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from rote.constructions._gadgets.sum_bound import SumBound
from rote.exact.rounding import FloatName
from rote.typing import Array, DType, Floats, Integers

__all__ = ["Flat"]

_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False)
class Flat:
    """Points in coordinates of the flat that they span.

    Attributes:
        points: The points as floats, shape (n, d).
        absolute: Their absolute values, shape (n, d).
        lifted: Coordinates in the flat and a constant 1, shape (n, r + 1), of size O(1).
        basis: Shape (d, r): a plane (u, b) of the lifted points has the normal ``basis @ u``.
        bound: Of the rounding errors.
        dtype: Arithmetic of the network.
    """

    points: Floats
    absolute: Floats
    lifted: Floats
    basis: Floats
    bound: SumBound
    dtype: FloatName

    @classmethod
    def of(cls, points: Array, dtype: DType) -> Flat:
        """Find the flat by a singular value decomposition of the scaled, centred points."""
        x = points.astype(np.float64)
        low, high = x.min(axis=0), x.max(axis=0)
        middle, width = low + (high / 2 - low / 2), high / 2 - low / 2
        scale = np.where(width > 0, np.ldexp(1.0, -np.frexp(np.where(width > 0, width, 1))[1]), 0.0)
        centred = (x - middle) * scale
        _, s, v = np.linalg.svd(np.linalg.qr(centred, mode="r"), full_matrices=False)
        r = int(np.count_nonzero(s > s.max(initial=0.0) * _EPS * max(x.shape)))
        radius = float(np.sqrt(np.square(centred).sum(axis=1).max())) or 1.0
        return cls(
            points=x,
            absolute=np.abs(x),
            lifted=np.hstack([centred @ v[:r].T / radius, np.ones((len(x), 1))]),
            basis=scale[:, None] * v[:r].T / radius,
            bound=SumBound.of(x, dtype),
            dtype=cast(FloatName, dtype),
        )

    @property
    def dimension(self) -> int:
        """Dimension r of the flat."""
        return int(self.lifted.shape[1]) - 1

    def ordered(self, order: Integers) -> Flat:
        """The same points in another order."""
        bound = replace(self.bound, slope=self.bound.slope[order], offset=self.bound.offset[order])
        of_points = {name: getattr(self, name)[order] for name in ("points", "absolute", "lifted")}
        return replace(self, bound=bound, **of_points)

    def rounding(self, w: Floats, constant: Floats | float = 0.0) -> Floats:
        """Bounds of the rounding errors of some w . x - c at every point, in any order.

        Args:
            w: Shape (m, d).
            constant: The numbers c, or larger ones, shape (m, 1).

        Returns:
            Shape (m, n); infinite where a partial sum may overflow.
        """
        size = np.abs(w) @ self.absolute.T
        size += np.abs(constant)
        return self.bound(size)
