r"""Error bounds of piecewise-linear layers: what no float evaluation can leave.

Three numbers go through the layers for every unit at every point: a float64 *centre* H and two
bounds, $|H - h| \le E$ from the exact value h, and $|\hat h - h| \le U$ for whatever value
$\hat h$ an evaluation in the network's dtype finds, in any order, with or without FMA, with or
without flushing subnormal numbers to zero (:mod:`rote.exact.rounding`). An affine unit passes on
its inputs' errors, $|W| E$ and $|W| U$, and adds that of its own sum, sharply where networks allow:

* an input that is surely zero is no summand;
* a unit that copies one input, perhaps times 2, 4, 8, ..., does not round;
* a sum of few *granules* does not round: if no input other than zero has an error, all summands are
  multiples of one power of two, and while neither the positive nor the negative ones add up to more
  than 2^24 (2^53) times that, every partial sum in every order is a float;
* a unit that is surely off or saturated has no error, whatever error its sum had.

So networks of integers behind a real projection come out with no error at all. All bounds are
rounded up. A value with U = 0 also has E = 0: it is exact, and the same in every evaluation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, TypeAlias, final

import numpy as np
import numpy.typing as npt

from rote.certify.exact import unit_masks
from rote.exact.rounding import (
    GRANULES,
    LARGEST,
    SMALLEST_NORMAL,
    FloatName,
    dot_error,
    lowest_bit,
)
from rote.network import Activation, Affine, Residual
from rote.typing import Array, Floats, Integers

__all__ = ["LONGEST", "AffineBounds", "ResidualBounds", "Values", "prepared"]

LONGEST: Final = 1 << 22
"""Longest sum that ``_SUM`` and :data:`rote.exact.rounding.GRANULES` cover."""

_SUM = 1 + 2.0**-29
"""Enlarges a float64 sum of up to 2^22 nonnegative terms by more than it can have lost, which is at
most gamma(2^22 + 2) < 2^-30. What underflow can take from it besides is far below the underflow
that :func:`dot_error` adds."""

_FEW = 1 + 2.0**-50
"""Enlarges the result of up to three operations on nonnegative numbers by more than they lost."""

_NO_BIT = 1 << 14
"""Stands for the exponent of the lowest bit of zero: above all others."""

_HIGHEST = 900
"""A granule's exponent is cut to this: 2^(900 + 53) is a float, and a multiple of a higher power of
two is one of a lower."""

Mask: TypeAlias = npt.NDArray[np.bool_]


@final
@dataclass(frozen=True, eq=False)
class Values:
    """Values of a layer at some points, each array (n, m) if not said otherwise.

    Attributes:
        centre: H.
        error: E, at least |H - exact value|.
        spread: U, at least |any evaluation - exact value|.
        bounded: Points at which no sum can have overflowed so far, shape (n,). At the others
            everything is 0 and means nothing.
        rounded: How many sums of each point are not proved exact so far, shape (n,).
        granules: Largest bound so far of the partial sums of one that is, in granules, shape (n,).
    """

    centre: Floats
    error: Floats
    spread: Floats
    bounded: Mask
    rounded: Integers
    granules: Floats

    @classmethod
    def inputs(cls, points: Array, dtype: FloatName) -> Values:
        """Points (n, d) that the dtype holds; only a subnormal one is read as zero by some."""
        x = points.astype(np.float64)
        tiny = SMALLEST_NORMAL[dtype]
        flushed = np.where((np.abs(x) < tiny) & (x != 0), tiny, 0.0)
        n = len(x)
        return cls(x, flushed, flushed, np.ones(n, np.bool_), np.zeros(n, np.int64), np.zeros(n))

    @property
    def doubt(self) -> Floats:
        """How far both an evaluation and the exact value can be from the centre."""
        return (self.error + self.spread) * _FEW


@final
@dataclass(frozen=True, eq=False)
class AffineBounds:
    """Bounds of an affine layer in a dtype, for batches of any points."""

    layer: Affine
    dtype: FloatName

    def __call__(self, h: Values) -> Values:
        """Bounds of the layer's values from those of its inputs."""
        centre = h.centre @ self._weight.T + self._bias
        sums = np.abs(h.centre) @ self._absolute.T + np.abs(self._bias)
        spread = self._passed_on(h.spread)
        # In float64 the centre is one of the evaluations.
        error = spread if self.dtype == "float64" else self._passed_on(h.error)
        exact, granules = self._exact(h, sums, centre)
        own, own64 = self._own(h, sums, error + spread)
        spread = (spread + own) * _FEW
        error = spread if self.dtype == "float64" else (error + own64) * _FEW

        bounded = h.bounded & np.isfinite(spread).all(axis=1)
        rounded = ~exact & bounded[:, None]
        z = Values(
            centre=np.where(bounded[:, None], centre, 0.0),
            error=np.where(rounded, error, 0.0),
            spread=np.where(rounded, spread, 0.0),
            bounded=bounded,
            rounded=h.rounded + np.count_nonzero(rounded, axis=1),
            granules=np.maximum(h.granules, granules),
        )
        for activation, units in self._units.items():
            z = _activated(z, activation, units, self.dtype)
        return z

    def _passed_on(self, bound: Floats) -> Floats:
        """What errors of the inputs amount to in the sums."""
        if not bound.any():
            return np.zeros((len(bound), 1))
        return bound @ self._absolute.T * _SUM

    def _own(self, h: Values, sums: Floats, passed: Floats) -> tuple[Floats, Floats]:
        """Errors of the sums themselves in the dtype, and of the centre in float64."""
        alive = np.count_nonzero((h.centre != 0) | (h.spread > 0), axis=1)
        terms = np.minimum(alive[:, None], self._weights_of_unit) + (self._bias != 0)
        size = (sums + passed) * _SUM
        own = dot_error(size, terms, self.dtype)
        own64 = own if self.dtype == "float64" else dot_error(size, terms, "float64")
        if self._copies.any():
            copied = self._copies & (size <= LARGEST[self.dtype])
            own, own64 = (np.where(copied, 0.0, x) for x in (own, own64))
        if self._subnormal.any():
            # A weight that may be read as zero changes its product by less than 2^-126 |h|.
            reach = 1 + (np.abs(h.centre) + h.doubt).sum(axis=1, keepdims=True)
            own = own + self._subnormal * reach * SMALLEST_NORMAL[self.dtype] * _SUM
        return own, own64

    def _exact(self, h: Values, sums: Floats, centre: Floats) -> tuple[Mask, Floats]:
        """Which sums no evaluation rounds, and the most granules in one of them at each point."""
        reach = (sums + np.abs(centre)) / 2  # of all positive or of all negative summands
        certain = np.where(h.spread > 0, 0.0, h.centre)
        lowest = _exponent(lowest_bit(certain).min(axis=0) if certain.any() else np.inf)
        exponent = np.minimum(
            (self._lowest + lowest).min(axis=1), _exponent(lowest_bit(self._bias))
        )
        granule = np.ldexp(1.0, np.minimum(exponent, _HIGHEST))
        # Below the smallest normal number even a multiple of the granule may be flushed.
        usable = (granule >= SMALLEST_NORMAL[self.dtype]) & ~self._subnormal
        exact = (reach <= GRANULES[self.dtype] * granule) & (sums <= LARGEST[self.dtype]) & usable
        columns = np.flatnonzero(exact.any(axis=0))
        uncertain = h.spread > 0
        if columns.size and uncertain.any():
            # Counts of uncertain inputs; float32 holds 0 and more than 0 apart in every order.
            rows = columns if len(self._weight) > 1 else np.zeros(1, np.int64)
            reached = uncertain.astype(np.float32) @ self._nonzero[rows].T
            exact[:, columns] &= reached == 0
        return exact, (reach / granule).max(axis=1, where=exact, initial=0.0)

    @cached_property
    def _weight(self) -> Floats:
        """Weights, one row per unit or one for all."""
        return self.layer.weight.astype(np.float64)

    @cached_property
    def _bias(self) -> Floats:
        return self.layer.bias.astype(np.float64)

    @cached_property
    def _absolute(self) -> Floats:
        return np.abs(self._weight)

    @cached_property
    def _nonzero(self) -> npt.NDArray[np.float32]:
        return np.asarray(self._weight != 0, np.float32)

    @cached_property
    def _weights_of_unit(self) -> Integers:
        """How many weights of each row differ from zero."""
        return np.asarray(np.count_nonzero(self._weight, axis=1))

    @cached_property
    def _lowest(self) -> npt.NDArray[np.int32]:
        """Exponents of the weights' lowest bits."""
        return _exponent(lowest_bit(self._weight))

    @cached_property
    def _copies(self) -> Mask:
        """Units with no bias and one weight, a power of two from 1: nothing can underflow."""
        power = (self._absolute >= 1) & (self._absolute == lowest_bit(self._weight))
        single = (self._weights_of_unit == 1) & power.any(axis=1)
        return np.asarray(single & (self._bias == 0))

    @cached_property
    def _subnormal(self) -> Mask:
        """Units with a subnormal weight or bias."""
        tiny = SMALLEST_NORMAL[self.dtype]
        weight = ((self._absolute < tiny) & (self._weight != 0)).any(axis=1)
        return np.asarray(weight | ((np.abs(self._bias) < tiny) & (self._bias != 0)))

    @cached_property
    def _units(self) -> dict[Activation, Mask]:
        return unit_masks(self.layer)


@final
@dataclass(frozen=True, eq=False)
class ResidualBounds:
    """Bounds of a residual block, whose addition is one more rounding."""

    body: tuple[AffineBounds, ...]
    dtype: FloatName

    def __call__(self, h: Values) -> Values:
        """Bounds of the block's values from those of its inputs."""
        z = h
        for layer in self.body:
            z = layer(z)
        a, b = h.centre, z.centre
        centre = a + b
        error, spread = (h.error + z.error) * _FEW, (h.spread + z.spread) * _FEW
        size = (np.abs(a) + np.abs(b) + error + spread) * _FEW
        # What float64 rounded off from a + b, exactly [knuth1997]; the dtype must hold the sum too.
        shadow = centre - a
        remainder = (a - (centre - shadow)) + (b - shadow)
        held = (
            (remainder == 0) & (centre.astype(self.dtype) == centre) & _normal(centre, self.dtype)
        )
        certain = (h.spread == 0) & (z.spread == 0)
        nothing = ((a == 0) & (h.spread == 0)) | ((b == 0) & (z.spread == 0))
        free = (nothing | (held & certain)) & (size <= LARGEST[self.dtype])
        spread = (spread + np.where(free, 0.0, dot_error(size, 1, self.dtype))) * _FEW
        if self.dtype == "float64":
            error = spread
        else:
            error = (error + np.where(free, 0.0, dot_error(size, 1, "float64"))) * _FEW
        bounded = z.bounded & np.isfinite(spread).all(axis=1)
        return Values(
            centre=np.where(bounded[:, None], centre, 0.0),
            error=np.where(bounded[:, None], error, 0.0),
            spread=np.where(bounded[:, None], spread, 0.0),
            bounded=bounded,
            rounded=z.rounded + np.count_nonzero(~free, axis=1),
            granules=z.granules,
        )


def prepared(layer: Affine | Residual, dtype: FloatName) -> AffineBounds | ResidualBounds:
    """A layer made ready for bounds."""
    if isinstance(layer, Residual):
        return ResidualBounds(tuple(AffineBounds(f, dtype) for f in layer.body), dtype)
    return AffineBounds(layer, dtype)


def _activated(z: Values, activation: Activation, units: Mask, dtype: FloatName) -> Values:
    """Values after an activation of some units."""
    t, doubt = z.centre, z.doubt
    if activation.kind == "identity":
        return z
    if activation.kind == "threshold":
        centre = np.where(t > 0, 1.0, 0.0)
        error = spread = np.where((t > doubt) | (t <= -doubt), 0.0, 1.0)
    elif activation.kind == "hard-tanh":
        centre = np.clip(t, -1.0, 1.0)
        saturated = np.abs(t) >= (1 + doubt) * _FEW
        error, spread = (np.where(saturated, 0.0, x) for x in (z.error, z.spread))
    elif activation.kind == "relu":
        centre = np.maximum(t, 0.0)
        error, spread = (np.where(t <= -doubt, 0.0, x) for x in (z.error, z.spread))
    else:
        assert activation.kind == "leaky", f"{activation} is not piecewise linear"
        centre = np.where(t < 0, t * activation.parameter, t)
        error, spread = _leaky_errors(z, activation.parameter, dtype)
    if units.all():
        return replace(z, centre=centre, error=error, spread=spread)
    return replace(
        z,
        centre=np.where(units, centre, t),
        error=np.where(units, error, z.error),
        spread=np.where(units, spread, z.spread),
    )


def _leaky_errors(z: Values, slope: float, dtype: FloatName) -> tuple[Floats, Floats]:
    """E and U of a leaky ReLU, which rounds one product where its input may be negative."""
    t, doubt = z.centre, z.doubt
    # The product of an exact input is one if the odd parts of both are short enough.
    odd = np.abs(t) / lowest_bit(t) * (slope / float(lowest_bit(np.array([slope]))[0]))
    held = (z.spread == 0) & (odd <= GRANULES[dtype]) & _normal(t * slope, dtype)
    free = held | (t >= doubt) | (slope == 0)
    size = (np.abs(t) + doubt) * slope * _FEW
    factor = np.where(t < -doubt, slope, 1.0)
    spread = (factor * z.spread + np.where(free, 0.0, dot_error(size, 1, dtype))) * _FEW
    if dtype == "float64":
        return spread, spread
    return (factor * z.error + np.where(free, 0.0, dot_error(size, 1, "float64"))) * _FEW, spread


def _normal(x: Floats, dtype: FloatName) -> Mask:
    """Numbers that no machine flushes to zero: normal ones and zero itself."""
    return np.asarray((np.abs(x) >= SMALLEST_NORMAL[dtype]) | (x == 0))


def _exponent(powers: npt.ArrayLike) -> npt.NDArray[np.int32]:
    """Exponents of powers of two; a high one for infinity, the lowest bit of zero."""
    powers = np.asarray(powers, np.float64)
    return np.where(np.isinf(powers), _NO_BIT, np.frexp(powers)[1] - 1).astype(np.int32)
