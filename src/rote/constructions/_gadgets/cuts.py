r"""Cuts: threshold units $1[w \cdot x > c]$ whose thresholds lie in gaps between the points.

A float decides such a unit at a point in every evaluation if $|w \cdot x - c|$ exceeds the bound of
the rounding error. So the threshold is put in the middle of the widest gap near the wanted one, and
a cut whose gap is too narrow is not made. Where the points are integers, or floats of few bits, the
normals are integers so small that the dot product does not round at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt

from rote.constructions._gadgets.sum_bound import SumBound
from rote.exact.rounding import FloatName, dot_error
from rote.network import Affine
from rote.network.activation import THRESHOLD, Activation
from rote.typing import Array, DType, Floats, Integers

__all__ = ["Cuts", "Points", "joined"]

_COLUMNS = 32
"""Cuts made at a time: their projections stay in cache. Ours."""
_LARGEST_INTEGER = 1 << 12
_SMALLEST_INTEGER = 8
"""Integer normals have entries up to the first, and are used if they may reach the second. Ours."""
_SAFETY = 2.0
"""Ratio that the distance of every point from a threshold keeps to its rounding bound. Ours."""

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Cuts:
    """m threshold units and their values at all points.

    Attributes:
        weight: Normals w, shape (m, d), values of the network's dtype.
        threshold: Thresholds c, shape (m,), values of the dtype.
        on: Whether w . x > c, shape (n, m).
    """

    weight: Floats
    threshold: Floats
    on: Mask

    def __len__(self) -> int:
        return len(self.weight)

    def __getitem__(self, chosen: Integers | Mask | slice) -> Cuts:
        return Cuts(self.weight[chosen], self.threshold[chosen], self.on[:, chosen])

    def layer(self, dtype: DType, activation: Activation = THRESHOLD) -> Affine:
        """The units as a layer."""
        return Affine(self.weight.astype(dtype), -self.threshold.astype(dtype), activation)


def joined(*parts: Cuts) -> Cuts:
    """The units of several cuts."""
    return Cuts(
        np.concatenate([part.weight for part in parts]),
        np.concatenate([part.threshold for part in parts]),
        np.concatenate([part.on for part in parts], axis=1),
    )


@dataclass(frozen=True, eq=False)
class Points:
    """Points that cuts are made through.

    Attributes:
        values: The points as float64, shape (n, d).
        absolute: Their absolute values.
        bound: Of rounding errors.
        largest: Largest absolute value of each feature, shape (d,).
        varies: Which features are not constant, shape (d,).
        whole: Whether all values are integers.
        dtype: The network's arithmetic.
    """

    values: Floats
    absolute: Floats
    bound: SumBound
    largest: Floats
    varies: Mask
    whole: bool
    dtype: FloatName

    @classmethod
    def of(cls, points: Array, dtype: DType) -> Points:
        """Prepare points, shape (n, d), that hold values of the dtype."""
        values = points.astype(np.float64)
        absolute = np.abs(values)
        return cls(
            values=values,
            absolute=absolute,
            bound=SumBound.of(values, dtype),
            largest=absolute.max(axis=0),
            varies=values.min(axis=0) < values.max(axis=0),
            whole=points.dtype.kind != "f" or bool((values == np.rint(values)).all()),
            dtype=cast(FloatName, dtype),
        )

    def directions(self, count: int, rng: np.random.Generator) -> Floats:
        """Random normals, shape (count, d), values of the dtype; integers where those are exact."""
        d = self.values.shape[1]
        if self.whole:
            with np.errstate(divide="ignore"):
                room = _granules(self.dtype) / 4 / self.largest.sum()
            if room >= _SMALLEST_INTEGER:
                top = int(min(room, _LARGEST_INTEGER))
                normal = rng.integers(-top, top, (count, d), endpoint=True) * self.varies
                return normal.astype(np.float64)
        scale = np.frexp(np.where(self.largest > 0, self.largest, 1.0))[1]
        normal = np.ldexp(rng.standard_normal((count, d)), -scale) * self.varies
        return np.asarray(normal.astype(self.dtype).astype(np.float64))

    def between(self, a: Integers, b: Integers) -> Floats:
        """Normals along the differences of points a[k] and b[k], scaled as directions are."""
        # Dividing by the squared size of each feature makes the cut indifferent to its unit.
        size = np.where(self.largest > 0, self.largest, 1.0)
        difference = self.values[a] - self.values[b]
        if not self.whole:
            difference = difference / size / size
        return np.asarray(difference.astype(self.dtype).astype(np.float64))

    def cut(self, normals: Floats, first: Floats, last: Floats) -> Cuts:
        """Cut through the widest gap between two heights along each normal.

        Args:
            normals: Shape (m, d), values of the dtype.
            first: Least threshold wanted along each normal, shape (m,).
            last: Greatest threshold wanted, shape (m,).

        Returns:
            The cuts that every evaluation decides at every point, in order; the others are left
            out.
        """
        kept = [
            self._cut(normals[k : k + _COLUMNS], first[k : k + _COLUMNS], last[k : k + _COLUMNS])
            for k in range(0, max(1, len(normals)), _COLUMNS)
        ]
        return joined(*kept)

    def cut_near_ranks(self, normals: Floats, share: Floats, window: float) -> Cuts:
        """Cut each normal near a quantile of the points' heights.

        Args:
            normals: Shape (m, d), values of the dtype.
            share: Share of the points below the wanted threshold, shape (m,).
            window: How far the share may differ.

        Returns:
            As :meth:`cut`.
        """
        heights = np.sort(self.values @ normals.T, axis=0)
        n, m = heights.shape
        first = np.clip(((share - window) * n).astype(np.int64) - 1, 0, n - 1)
        last = np.clip(((share + window) * n).astype(np.int64) + 1, 0, n - 1)
        return self.cut(normals, heights[first, range(m)], heights[last, range(m)])

    def _cut(self, normals: Floats, first: Floats, last: Floats) -> Cuts:
        t = self.values @ normals.T
        absolute = self.absolute @ np.abs(normals).T
        # The ends may be heights of points, whose terms were added in another order.
        slack = dot_error(2 * absolute.max(axis=0), normals.shape[1], "float64")
        slack = np.where(np.count_nonzero(normals, axis=1) > 1, slack, 0.0)
        inside = (t >= first - slack) & (t <= last + slack)
        threshold = np.array([_widest_gap(t[i, k]) for k, i in enumerate(inside.T)])
        threshold = threshold.astype(self.dtype).astype(np.float64)
        away = np.abs(t - threshold)
        absolute += np.abs(threshold)
        largest = absolute.max(axis=0)
        bound = self.bound(absolute.T).T
        if self.whole:  # sums of integers that are so small do not round
            bound[:, _integers(normals) & (largest < _granules(self.dtype) / 2)] = 0.0
        safe = (away > _SAFETY * bound).all(axis=0)
        return Cuts(normals[safe], threshold[safe], (t > threshold)[:, safe])


def _granules(dtype: str) -> float:
    return 2.0**24 if dtype == "float32" else 2.0**53


def _integers(normals: Floats) -> Mask:
    return np.asarray((normals == np.rint(normals)).all(axis=1))


def _widest_gap(heights: Floats) -> float:
    """The middle of the widest gap between neighbouring heights; a height if there is no gap."""
    if len(heights) < 2:
        return float(heights.sum())
    ordered = np.sort(heights)
    k = int(np.diff(ordered).argmax())
    return float(ordered[k] / 2 + ordered[k + 1] / 2)
