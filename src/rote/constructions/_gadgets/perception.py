r"""Perception: units that are on at a block of points and off at all points of the other value.

On features F a unit with the weights $w = \sum_{k \in block} \bar F_k$ (*Hebbian*, [vershynin2020];
$\bar F$ is centred) sees the block above all others if the features of different points are almost
orthogonal. *Ridge* weights $S^{-1} w$, where S is the covariance of the features with a little
added to its diagonal, undo the correlations that features of few layers have, and take many times
as many points. A block that is not separated is made smaller; one point among distinct features of
0 and 1 is separated by its own signs.

Errors of the features, and those of the unit's own sum, are bounded, so that a unit that is made is
decided in every evaluation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

import numpy as np

from rote.exact.rounding import FloatName, dot_error
from rote.typing import DType, Floats, Integers

__all__ = ["Features", "Perceptron", "Rule", "Unit"]

Rule = Literal["ridge", "hebbian"]

_RIDGE = 1e-3
"""Share of the mean variance that is added to all variances. Ours."""
_SHRINK, _GROW = 0.8, 1.2
"""Factors of the block's size after a failure and after a success. Ours."""
_SAFETY = 2.0


@dataclass(frozen=True, eq=False)
class Features:
    """Values of a layer at all points, and bounds of their errors.

    Attributes:
        values: Shape (n, a).
        errors: How far an evaluation in the dtype can be from them, shape (n, a).
        dtype: The network's arithmetic.
    """

    values: Floats
    errors: Floats
    dtype: DType

    @property
    def signs(self) -> bool:
        """Whether all features are 0 or 1 without error."""
        return bool(np.isin(self.values, (0.0, 1.0)).all()) and not self.errors.any()

    def sums(self, weight: Floats, bias: Floats) -> tuple[Floats, Floats]:
        """Affine sums of some units, weight (m, a), and bounds of their errors, each (n, m)."""
        sums = self.values @ weight.T + bias
        size = np.abs(self.values) @ np.abs(weight).T + np.abs(bias)
        spread = self.errors @ np.abs(weight).T
        terms = np.count_nonzero(weight, axis=1) + 1
        bound = dot_error(size + spread, terms, cast(FloatName, self.dtype))
        return sums, np.asarray(spread + bound + dot_error(size, terms, "float64"))


@dataclass(frozen=True, eq=False)
class Unit:
    """A detector.

    Attributes:
        weight: Shape (a,), values of the dtype.
        bias: A value of the dtype.
        seen: Positions of the points that it takes care of.
    """

    weight: Floats
    bias: float
    seen: Integers


class Perceptron:
    """Makes detectors on one layer's features."""

    def __init__(self, features: Features, rule: Rule, rng: np.random.Generator) -> None:
        self._features, self._rule, self._rng = features, rule, rng
        n, a = features.values.shape
        self._centred = features.values - features.values.mean(axis=0)
        self._size = float(a)
        if rule == "ridge":
            s = self._centred.T @ self._centred / n
            s[np.diag_indices(a)] += _RIDGE * np.trace(s) / a + np.finfo(np.float64).tiny
            self._inverse = np.linalg.pinv(s, hermitian=True)

    def detect(self, left: Integers, negative: Integers, *, relu: bool) -> Unit | None:
        """A unit that is on at some of the points that are left, and off at the negative ones.

        Args:
            left: Positions of points to take care of.
            negative: Positions of points with the other value.
            relu: Whether the unit is a ReLU, at least 1 on what it sees, instead of a threshold.

        Returns:
            The unit; None if not even one of the points tried is separated.
        """
        order = self._rng.permutation(left)
        size = int(min(self._size, len(order)))
        while size >= 1:
            unit = self._unit(self._weight(order[:size]), order[:size], left, negative, relu)
            if unit is not None:
                self._size = size * _GROW + 1
                return unit
            size = int(size * _SHRINK)
        self._size = 1.0
        if self._features.signs:
            for k in order:
                own = 2 * self._features.values[k] - 1
                unit = self._unit(own, np.array([k]), left, negative, relu)
                if unit is not None:
                    return unit
        return None

    def _weight(self, block: Integers) -> Floats:
        w = self._centred[block].sum(axis=0)
        return np.asarray(self._inverse @ w if self._rule == "ridge" else w)

    def _unit(
        self, weight: Floats, block: Integers, left: Integers, negative: Integers, relu: bool
    ) -> Unit | None:
        """The unit with these weights and the threshold in the widest gap, if it is safe."""
        largest = np.abs(weight).max()
        if not 0 < largest < np.inf:
            return None
        dtype = self._features.dtype
        w = (weight / largest).astype(dtype).astype(np.float64)
        z = self._features.values @ w
        low, high = z[negative].max(initial=z.min() - 1), z[block].min()
        if not low < high:
            return None
        # Points with the same value may be on either side, recognized before or not: a threshold
        # keeps away from them all, and a ReLU need not.
        between = z[(z > low) & (z < high) & (not relu)]
        knots = np.sort(np.concatenate([[low, high], between]))
        k = int(np.diff(knots).argmax())
        threshold, above = (knots[k] + knots[k + 1]) / 2, knots[k + 1]
        if relu:  # at least 1 where the margin is largest allowed
            w = (w / (above - threshold) * 1.25).astype(dtype).astype(np.float64)
            threshold *= 1.25 / (above - threshold)
        bias = float(np.dtype(dtype).type(-threshold))
        sums, errors = (x[:, 0] for x in self._features.sums(w[None], np.array([bias])))
        seen = left[sums[left] - errors[left] >= 1] if relu else left[sums[left] > 0]
        watched = negative if relu else np.arange(len(sums))
        if not seen.size or (np.abs(sums[watched]) <= _SAFETY * errors[watched]).any():
            return None
        return None if (sums[negative] > 0).any() else Unit(w, bias, seen)
