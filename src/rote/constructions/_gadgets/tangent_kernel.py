r"""The tangent kernel of ReLU units, and what its smallest eigenvalue guarantees.

For w ~ N(0, I) and points x_i, x_k with the angle cosine $\rho$,

.. math:: H_{ik} = E\,[x_i \cdot x_k\; 1[w \cdot x_i > 0]\; 1[w \cdot x_k > 0]]
               = |x_i| |x_k|\, \rho \left(\tfrac14 + \tfrac{\arcsin \rho}{2 \pi}\right)
               = |x_i| |x_k| \left( \tfrac{\rho}{4} + \sum_j c_j \rho^{2j+2} \right),
          \qquad c_j = \frac{\binom{2j}{j}}{4^j (2j+1)\, 2 \pi} .

One round of residual fitting with exact step and line search leaves
$E |r'|^2 \le |r|^2 - r^T H r / \|X\|^2$, so that T rounds leave at most
$(1 - \lambda / \|X\|^2)^T$ of the squared error in expectation, with $\lambda = \lambda_{\min}(H)$.

Every power of the matrix of cosines is positive semidefinite (Schur), so terms may be dropped, and
Gershgorin's discs bound what remains. Ours: the constants, and row sums instead of the coherence.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rote.typing import Floats

__all__ = ["Guarantee", "coherence_sums", "most_coherent", "tangent_guarantee", "tangent_kernel"]

_EPS = float(np.finfo(np.float64).eps)
_DENSE = 2000
"""Up to this many points the eigenvalues themselves are computed: a second. Ours."""
_DROPPED = (0, 1, 2, 4, 8, 16, 32)
"""How many terms of the series are dropped on trial. Ours."""
_CHUNK = 1 << 22
"""Numbers held in one (points, points) table: 32 MB. Ours."""


@dataclass(frozen=True)
class Guarantee:
    """What residual fitting with small steps is sure to reach in expectation.

    Attributes:
        smallest_eigenvalue: A lower bound of the least eigenvalue of the kernel of proposals; 0
            where none could be shown.
        operator_norm: Largest singular value of the matrix of points.
        method: ``eigenvalues`` or ``gershgorin``.
        lipschitz: How much a proposal's values may change over the change of its arguments.
    """

    smallest_eigenvalue: float
    operator_norm: float
    method: str
    lipschitz: float = 1.0

    @property
    def rate(self) -> float:
        """Share of the squared error that a round removes at least, in expectation."""
        return self.smallest_eigenvalue / (self.lipschitz * self.operator_norm) ** 2

    def rounds(self, epsilon: float, failure: float = 1.0) -> float:
        """Rounds after which the squared error is at most epsilon times that of the labels.

        Args:
            epsilon: Relative squared error, in (0, 1).
            failure: Probability of missing it (Markov's inequality); 1 bounds the expectation.

        Returns:
            A whole number, or infinity where no positive eigenvalue could be shown.
        """
        if self.rate <= 0:
            return math.inf
        return float(math.ceil(math.log(1 / (epsilon * failure)) / -math.log1p(-self.rate)))


def tangent_kernel(points: Floats) -> Floats:
    """The matrix H of points of shape (n, D)."""
    norm = np.sqrt(np.square(points).sum(axis=1))
    rho = _cosines(_directions(points), _directions(points))
    kernel: Floats = rho * (0.25 + np.arcsin(rho) / (2 * np.pi)) * norm * norm[:, None]
    return kernel


def tangent_guarantee(points: Floats) -> Guarantee:
    """Bound the kernel's least eigenvalue: by eigenvalues for few points, else by Gershgorin.

    Args:
        points: Shape (n, D), as the units see them.

    Returns:
        The guarantee. Rounding is accounted for to first order.
    """
    operator_norm = float(np.linalg.norm(points, 2))
    n = len(points)
    if n <= _DENSE:
        kernel = tangent_kernel(points)
        # LAPACK's error and that of the entries: at most a few n eps times the norm.
        lowest = float(np.linalg.eigvalsh(kernel)[0]) - 4 * n * _EPS * operator_norm**2
        return Guarantee(max(0.0, lowest), operator_norm, "eigenvalues")
    return Guarantee(_gershgorin(points), operator_norm, "gershgorin")


def most_coherent(points: Floats) -> tuple[float, int, int]:
    """The largest |cosine| of two points of shape (n, D), n >= 2, and the two positions."""
    unit = _directions(points)
    best, pair = -1.0, (0, 1)
    step = max(1, _CHUNK // len(unit))
    for start in range(0, len(unit), step):
        rho = np.abs(unit[start : start + step] @ unit.T)
        rho[np.arange(len(rho)), start + np.arange(len(rho))] = -1
        place = int(rho.argmax())
        if rho.flat[place] > best:
            row, column = divmod(place, len(unit))
            best, pair = float(rho.flat[place]), (start + row, column)
    return min(best, 1.0), *pair


def coherence_sums(points: Floats, powers: Sequence[int]) -> Floats:
    """For each power m the largest sum over k != i of |cosine of points i and k|^m.

    Args:
        points: Shape (n, D).
        powers: Even numbers m.

    Returns:
        One sum per power.
    """
    unit = _directions(points)
    worst = np.zeros(len(powers))
    step = max(1, _CHUNK // len(unit))
    for start in range(0, len(unit), step):
        square = np.square(_cosines(unit[start : start + step], unit))
        square[np.arange(len(square)), start + np.arange(len(square))] = 0
        for trial, power in enumerate(powers):
            row = float((square ** (power // 2)).sum(axis=1).max())
            worst[trial] = max(worst[trial], row)
    return worst


def _gershgorin(points: Floats) -> float:
    """The best lower bound over the numbers of dropped terms, at least 0."""
    norm = np.sqrt(np.square(points).sum(axis=1))
    unit = _directions(points)
    c = [math.comb(2 * j, j) / (4**j * (2 * j + 1) * 2 * math.pi) for j in range(_DROPPED[-1])]
    worst = np.zeros(len(_DROPPED))
    step = max(1, _CHUNK // len(unit))
    for start in range(0, len(unit), step):
        rho = np.abs(_cosines(unit[start : start + step], unit))
        rho[np.arange(len(rho)), start + np.arange(len(rho))] = 0
        square = np.square(rho)
        rest, power, dropped = rho * np.arcsin(rho) / (2 * np.pi), square, 0
        for trial, count in enumerate(_DROPPED):
            while dropped < count:
                rest -= c[dropped] * power
                power, dropped = power * square, dropped + 1
            worst[trial] = max(worst[trial], float(rest.sum(axis=1).max()))
    diagonal = np.array([0.25 - sum(c[:count]) for count in _DROPPED])
    slack = 64 * len(points) * _EPS
    return max(0.0, float(((diagonal - worst) - slack).max() * norm.min() ** 2))


def _directions(points: Floats) -> Floats:
    """The points over their norms; 0 stays 0."""
    norm = np.sqrt(np.square(points).sum(axis=1, keepdims=True))
    return np.asarray(points / np.where(norm > 0, norm, 1.0))


def _cosines(a: Floats, b: Floats) -> Floats:
    return np.asarray(np.clip(a @ b.T, -1, 1))
