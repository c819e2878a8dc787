r"""Goals of training: outputs that must be equal to something, or decided right with a margin.

A goal says, for the outputs of a network, which linear functions of them are still wrong and by how
much: a list of rows, each with a point, a function $u$ on $R^k$ and a residual $r$, such that a
change of the outputs with $u \cdot \delta f = r$ would settle the row.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias, final

import numpy as np

from rote.network import Decision
from rote.typing import Array, Floats, Integers

__all__ = ["Equal", "Goal", "Margins", "Rows"]


@final
@dataclass(frozen=True, eq=False)
class Rows:
    """What is still wrong.

    Attributes:
        points: Number of the point of each row, shape (R,).
        functional: Linear function of the outputs, shape (R, k).
        residual: What it lacks, shape (R,).
    """

    points: Integers
    functional: Floats
    residual: Floats

    @property
    def square(self) -> float:
        """The sum of the squared residuals."""
        return float(self.residual @ self.residual)


@final
@dataclass(frozen=True, eq=False)
class Equal:
    """Outputs equal to targets.

    Attributes:
        targets: Shape (n, k).
        relative: Root of the sum of squared errors, over that of the targets, to be reached.
    """

    targets: Floats
    relative: float

    def rows(self, outputs: Floats) -> Rows:
        """Every entry, with its error."""
        n, k = self.targets.shape
        each = np.tile(np.eye(k), (n, 1))
        return Rows(np.repeat(np.arange(n), k), each, (self.targets - outputs).ravel())

    def reached(self, outputs: Floats) -> bool:
        """Whether the relative error is small enough."""
        error = np.linalg.norm(self.targets - outputs)
        return bool(error <= self.relative * np.linalg.norm(self.targets))


@final
@dataclass(frozen=True, eq=False)
class Margins:
    """Classes decided right, every slack of the decision at least a margin.

    Attributes:
        functional: The slacks of each class as linear functions of the outputs, (C, m, k).
        constant: Their constant terms, shape (C, m).
        codes: Class of each point, shape (n,).
        margin: What training asks for.
        enough: What is good enough.
        weight: How much each slack counts, shape (n, m); by default all the same.
    """

    functional: Floats
    constant: Floats
    codes: Integers
    margin: float
    enough: float
    weight: Floats | None = None

    @classmethod
    def of(
        cls, decision: Decision, outputs: int, codes: Integers, margin: float, enough: float
    ) -> Margins:
        """The slacks of a decision, which are affine in the outputs."""
        assert decision.labels is not None
        classes = np.arange(len(decision.labels))
        constant = _slack(decision, np.zeros((len(classes), outputs)), classes)
        columns = [
            _slack(decision, np.tile(unit, (len(classes), 1)), classes) - constant
            for unit in np.eye(outputs)
        ]
        return cls(np.stack(columns, axis=2), constant, codes, margin, enough)

    @property
    def count(self) -> int:
        """How many slacks there are."""
        return len(self.codes) * int(self.constant.shape[1])

    def slack(self, outputs: Floats) -> Floats:
        """The slacks of outputs, shape (n, m)."""
        own: Floats = np.einsum("nmk,nk->nm", self.functional[self.codes], outputs)
        return own + self.constant[self.codes]

    def rows(self, outputs: Floats) -> Rows:
        """The slacks below the margin."""
        lack = self.margin - self.slack(outputs)
        points, slacks = np.nonzero(lack > 0)
        functional, residual = self.functional[self.codes[points], slacks], lack[points, slacks]
        if self.weight is not None:
            weight = self.weight[points, slacks]
            functional, residual = functional * weight[:, None], residual * weight
        return Rows(points, functional, residual)

    def wrong(self, outputs: Floats) -> int:
        """How many slacks are not enough."""
        return int(np.count_nonzero(self.slack(outputs) < self.enough))

    def heavier(self, outputs: Floats) -> Margins:
        """The same goal, in which slacks that are not enough count half as much again."""
        slack = self.slack(outputs)
        weight = np.ones_like(slack) if self.weight is None else self.weight
        weight = np.where(slack < self.enough, 1.5 * weight, weight)
        return replace(self, weight=weight / np.sqrt(np.mean(weight**2)))

    def reached(self, outputs: Floats) -> bool:
        """Whether every slack is enough."""
        return bool(self.slack(outputs).min() >= self.enough)


Goal: TypeAlias = Equal | Margins
"""What a network is trained for."""


def _slack(decision: Decision, outputs: Floats, codes: Integers) -> Floats:
    return np.asarray(decision.slack(_Plain(outputs), codes).values, np.float64)


@final
@dataclass(frozen=True, eq=False)
class _Plain:
    """Output vectors of floats, for :meth:`rote.network.Decision.slack`."""

    values: Array

    def take(self, columns: Integers) -> _Plain:
        return _Plain(np.take_along_axis(self.values, columns, axis=1))

    def signed(self, sign: Integers) -> _Plain:
        return _Plain(self.values * sign)

    def minus(self, other: _Plain) -> _Plain:
        return _Plain(self.values - other.values)

    def plus_constant(self, constant: Floats) -> _Plain:
        return _Plain(self.values + constant)
