r"""Networks with one hidden layer as points of a parameter space: $f(x) = V \psi(W x + b) + c$.

The Jacobian of some linear functions of the outputs has rows of two Kronecker products, one for
each layer. It is multiplied, and its Gram matrix is formed, from these factors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self, final

import numpy as np

from rote.constructions._gadgets.slopes import Curve
from rote.typing import Floats, Integers

__all__ = ["Jacobian", "Perceptron", "Response", "random_perceptron"]

_NUMBERS = 1 << 23
"""Entries of the Jacobian held at once, 64 MB. Ours."""


@final
@dataclass(frozen=True, eq=False)
class Perceptron:
    """The parameters.

    Attributes:
        hidden: W and b side by side, shape (h, d + 1).
        output: V and c side by side, shape (k, h + 1).
    """

    hidden: Floats
    output: Floats

    @property
    def size(self) -> int:
        """How many parameters there are."""
        return self.hidden.size + self.output.size

    def flat(self) -> Floats:
        """All parameters in one vector, shape (P,)."""
        return np.concatenate([self.hidden.ravel(), self.output.ravel()])

    def like(self, flat: Floats) -> Perceptron:
        """The network of this shape with other parameters, shape (P,)."""
        cut = self.hidden.size
        return Perceptron(
            flat[:cut].reshape(self.hidden.shape), flat[cut:].reshape(self.output.shape)
        )

    def respond(self, points: Floats, psi: Curve) -> Response:
        """Evaluate on points of shape (n, d)."""
        sums = points @ self.hidden[:, :-1].T + self.hidden[:, -1]
        units = psi.value(sums)
        return Response(sums, units, units @ self.output[:, :-1].T + self.output[:, -1])


@final
@dataclass(frozen=True, eq=False)
class Response:
    """What a network computes: affine sums (n, h), units (n, h), outputs (n, k)."""

    sums: Floats
    units: Floats
    outputs: Floats


def random_perceptron(d: int, h: int, k: int, gain: float, rng: np.random.Generator) -> Perceptron:
    """A network to start from, for points of order 1 in each direction.

    Args:
        d: Number of features.
        h: Number of units.
        k: Number of outputs.
        gain: Standard deviation of the affine sums without bias.
        rng: Source of randomness.

    Returns:
        Normal weights; output biases are zero.
    """
    weight = rng.standard_normal((h, d)) * (gain / np.sqrt(d))
    bias = rng.standard_normal((h, 1)) * (gain / 2)
    output = rng.standard_normal((k, h)) / np.sqrt(h)
    return Perceptron(np.hstack([weight, bias]), np.hstack([output, np.zeros((k, 1))]))


@final
@dataclass(frozen=True, eq=False)
class Jacobian:
    """The derivatives of R linear functions of outputs.

    Row r is the Kronecker product of slopes and lifted, then that of functional and units.

    Attributes:
        lifted: Points with a 1 appended, shape (R, d + 1).
        slopes: Derivatives by the affine sums, shape (R, h).
        units: Units with a 1 appended, shape (R, h + 1).
        functional: The linear functions, shape (R, k).
    """

    lifted: Floats
    slopes: Floats
    units: Floats
    functional: Floats

    @classmethod
    def of(
        cls,
        network: Perceptron,
        points: Floats,
        response: Response,
        psi: Curve,
        rows: Integers,
        functional: Floats,
    ) -> Self:
        """The derivatives at some points, one linear function of the outputs for each row."""
        one = np.ones((len(rows), 1))
        return cls(
            np.hstack([points[rows], one]),
            psi.slope(response.sums[rows]) * (functional @ network.output[:, :-1]),
            np.hstack([response.units[rows], one]),
            functional,
        )

    def gram(self) -> Floats:
        """J J^T, shape (R, R)."""
        gram = self.slopes @ self.slopes.T
        gram *= self.lifted @ self.lifted.T
        gram += (self.units @ self.units.T) * (self.functional @ self.functional.T)
        return gram

    def normal(self) -> Floats:
        """J^T J, shape (P, P), from some rows at a time."""
        size = (
            self.slopes.shape[1] * self.lifted.shape[1]
            + self.functional.shape[1] * (self.units.shape[1])
        )
        total = np.zeros((size, size))
        step = max(1, _NUMBERS // size)
        for start in range(0, len(self.slopes), step):
            some = slice(start, start + step)
            first = self.slopes[some, :, None] * self.lifted[some, None, :]
            second = self.functional[some, :, None] * self.units[some, None, :]
            count = len(first)
            rows = np.hstack([first.reshape(count, -1), second.reshape(count, -1)])
            total += rows.T @ rows
        return total

    def pull(self, a: Floats) -> Floats:
        """J^T a, shape (P,)."""
        first = (self.slopes * a[:, None]).T @ self.lifted
        second = (self.functional * a[:, None]).T @ self.units
        return np.concatenate([first.ravel(), second.ravel()])
