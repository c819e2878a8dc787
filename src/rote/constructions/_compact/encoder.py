r"""Encoder: odd integer projections of the points, equal in every order of summation.

Integer points are projected by small random integer weights; all sums stay below 2^24 (2^53 in
float64). Real points are first cut by hyperplanes, each with a gap around it that no rounding
crosses: with u = relu(b + c - w.x) 0 on one side and at least c on the other, c a power of two,
z = relu(c - u) is exactly c or 0. Projections of these bits are integers again.
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

__all__ = ["LARGEST", "BitEncoder", "Encoder", "IntegerEncoder", "Projections"]

_WEIGHT = 127
"""Largest integer weight: one byte."""

_SMALL_WEIGHT = 7
"""Largest integer weight of half a byte."""

LARGEST = {"float32": 1 << 24, "float64": 1 << 53}
"""Bound of the sums of absolute terms that do not round."""

_CHUNK = 1 << 18
"""Numbers converted at a time, which a cache holds. Ours."""


@final
@dataclass(frozen=True, eq=False)
class Projections:
    """Odd integers of at least 1 for each point, and the layers that compute them.

    Attributes:
        values: Shape (n, projections).
        layers: From the points to halves of the values less 1.
    """

    values: Integers
    layers: tuple[Affine, ...]


class Encoder(ABC):
    """A source of random projections of fixed points."""

    @property
    @abstractmethod
    def width(self) -> int:
        """Bytes of one projection's weights."""

    @property
    @abstractmethod
    def small_deviation(self) -> float:
        """Largest deviation at which weights take half a byte."""

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

    @property
    def small_deviation(self) -> float:
        """What all small weights together give, short of rounding."""
        return 0.99 * self._deviation(np.where(self._range > 0, _SMALL_WEIGHT, 0))

    def draw(
        self, projections: int, deviation: float, rng: np.random.Generator
    ) -> Projections | None:
        """Draw weights uniformly, larger ones for features of a smaller range; odd on a line."""
        bound = self._weight_bounds(deviation)
        weight = rng.integers(-bound, bound + 1, (projections, len(bound)))
        if len(bound) == 1:
            weight |= 1  # points on a line are lost by a zero, and in part by an even weight
        absolute = np.abs(weight) @ self._magnitude
        products = _product(self.points, weight, absolute.max())
        low = products.min(axis=0)
        if (absolute + np.abs(low)).max() >= LARGEST[self.dtype]:
            return None
        layer = Affine(weight.astype(self.dtype), (0 - low).astype(self.dtype), RELU)
        return Projections(2 * (products - low) + 1, (layer,))

    def _weight_bounds(self, deviation: float) -> Integers:
        """The largest weight of each feature for a standard deviation of the projections."""
        scales = np.where(self._range > 0, np.maximum(self._range, 1), np.inf)
        largest = _SMALL_WEIGHT if deviation <= self.small_deviation else _WEIGHT
        for level in np.geomspace(1, largest * max(1.0, float(self._range.max())), 60):
            bound = np.clip(np.round(level / scales), np.isfinite(scales), largest)
            if self._deviation(bound) >= deviation:
                break
        bounds: Integers = bound.astype(np.int64)
        return bounds

    def _deviation(self, bound: Floats) -> float:
        """Standard deviation of projections with weights uniform within bounds."""
        return float(np.sqrt(np.sum(bound * (bound + 1) / 3 * self._variance)))


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

    @property
    def small_deviation(self) -> float:
        """Nothing: these weights carry a factor, and are stored in bytes."""
        return 0.0

    def draw(
        self, projections: int, deviation: float, rng: np.random.Generator
    ) -> Projections | None:
        """Draw weights uniformly."""
        bits = self.planes.bits
        count = bits.shape[1]
        bound = min(_WEIGHT, max(1, round(deviation * np.sqrt(12 / count))))
        weight = rng.integers(-bound, bound + 1, (projections, count))
        products = _product(bits, weight, np.abs(weight).sum(axis=1).max())
        low = np.where(weight < 0, weight, 0).sum(axis=1)
        factor = 1 / self.planes.unit  # the bits come as multiples of the unit
        layer = Affine((factor * weight).astype(self.dtype), (0 - low).astype(self.dtype), RELU)
        return Projections(2 * (products - low) + 1, (*self.planes.layers, layer))


def _product(points: Array, weight: Integers, bound: float) -> Integers:
    """The integers points @ weight.T, whose sums of absolute terms stay within a bound."""
    exact = "float32" if bound < LARGEST["float32"] else "float64"
    transposed: Array = weight.T.astype(exact)
    step = max(1, _CHUNK // points.shape[1])
    products = np.empty((len(points), len(weight)), np.int64)
    for start in range(0, len(points), step):
        products[start : start + step] = points[start : start + step].astype(exact) @ transposed
    return products
