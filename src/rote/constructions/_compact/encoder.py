r"""Encoder: odd integer projections of the points, equal in every order of summation.

Integer points are projected by small random integer weights; all sums stay below 2^24 (2^53 in
float64). Real points are first cut by hyperplanes, each with a gap around it that no rounding
crosses: with u = relu(1 + K b - K w.x) at most 0 on one side and at least 1 on the other, the bit
z = relu(1 - u) is exactly 1 or 0. Projections of these bits are integers again.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import final

import numpy as np

from rote.constructions._compact.planes import Planes
from rote.network import Affine
from rote.network.activation import RELU
from rote.typing import Array, DType, Floats, Integers

__all__ = ["BitEncoder", "Encoder", "IntegerEncoder", "Projections"]

_WEIGHT = 127
"""Largest integer weight: one byte."""

_LARGEST = {"float32": 1 << 24, "float64": 1 << 53}
"""Bound of the sums of absolute terms that do not round."""

_CHUNK = 1 << 22
"""Numbers converted at a time, 32 MB. Ours."""


@final
@dataclass(frozen=True, eq=False)
class Projections:
    """Odd integers of at least 1 for each point, and the layers that compute them.

    Attributes:
        values: Shape (n, projections).
        layers: From the points to the values.
    """

    values: Integers
    layers: tuple[Affine, ...]


class Encoder(ABC):
    """A source of random projections of fixed points."""

    @property
    @abstractmethod
    def width(self) -> int:
        """Bytes of one projection's weights."""

    @abstractmethod
    def draw(
        self, projections: int, deviation: float, rng: np.random.Generator
    ) -> Projections | None:
        """Draw projections.

        Args:
            projections: How many.
            deviation: Wanted standard deviation of their halves.
            rng: Source of randomness.

        Returns:
            The projections; None if their sums might round.
        """


@final
class IntegerEncoder(Encoder):
    """Projections of integer points.

    Args:
        points: Shape (n, d), integers in a float dtype.
        dtype: Arithmetic of the network.
    """

    def __init__(self, points: Array, dtype: DType) -> None:
        self.points = points
        self.dtype = dtype
        low, high = points.min(axis=0), points.max(axis=0)
        self._range = high.astype(np.float64) - low.astype(np.float64)
        self._magnitude = np.maximum(np.abs(low), np.abs(high)).astype(np.float64)
        sample = points[:: max(1, len(points) // 10_000)].astype(np.float64)
        self._variance = np.maximum(sample.var(axis=0), np.square(self._range) / len(points))

    @property
    def width(self) -> int:
        """One byte per feature."""
        return int(self.points.shape[1])

    def draw(
        self, projections: int, deviation: float, rng: np.random.Generator
    ) -> Projections | None:
        """Draw weights uniformly, larger ones for features of a smaller range."""
        bound = self._weight_bounds(deviation)
        weight = rng.integers(-bound, bound + 1, (projections, len(bound)))
        products = _product(self.points, weight)
        low = products.min(axis=0)
        offset = 1 - 2 * low
        sums = 2 * np.abs(weight) @ self._magnitude + np.abs(offset)
        if sums.max() >= _LARGEST[self.dtype]:
            return None
        layer = Affine((2 * weight).astype(self.dtype), offset.astype(self.dtype), RELU)
        return Projections(2 * products + offset, (layer,))

    def _weight_bounds(self, deviation: float) -> Integers:
        """The largest weight of each feature for a standard deviation of the projections."""
        scales = np.where(self._range > 0, np.maximum(self._range, 1), np.inf)
        for level in np.geomspace(1, _WEIGHT * max(1.0, float(self._range.max())), 60):
            bound = np.clip(np.round(level / scales), np.isfinite(scales), _WEIGHT)
            if np.sqrt(np.sum(bound * (bound + 1) / 3 * self._variance)) >= deviation:
                break
        bounds: Integers = bound.astype(np.int64)
        return bounds


@final
class BitEncoder(Encoder):
    """Projections of the bits that hyperplanes cut.

    Args:
        planes: The hyperplanes.
        dtype: Arithmetic of the network.
    """

    def __init__(self, planes: Planes, dtype: DType) -> None:
        self.planes = planes
        self.dtype = dtype

    @property
    def width(self) -> int:
        """One byte per bit."""
        return int(self.planes.bits.shape[1])

    def draw(
        self, projections: int, deviation: float, rng: np.random.Generator
    ) -> Projections | None:
        """Draw weights uniformly."""
        bits = self.planes.bits
        count = bits.shape[1]
        bound = min(_WEIGHT, max(1, round(deviation * np.sqrt(12 / count))))
        weight = rng.integers(-bound, bound + 1, (projections, count))
        products = _product(bits, weight)
        offset = 1 - 2 * np.where(weight < 0, weight, 0).sum(axis=1)
        layer = Affine((2 * weight).astype(self.dtype), offset.astype(self.dtype), RELU)
        return Projections(2 * products + offset, (*self.planes.layers, layer))


def _product(points: Array, weight: Integers) -> Integers:
    """The integers points @ weight.T, exact below 2^53."""
    transposed: Floats = weight.T.astype(np.float64)
    step = max(1, _CHUNK // points.shape[1])
    products = np.empty((len(points), len(weight)), np.int64)
    for start in range(0, len(points), step):
        products[start : start + step] = (
            points[start : start + step].astype(np.float64) @ transposed
        )
    return products
