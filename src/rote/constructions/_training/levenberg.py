r"""The method of Levenberg and Marquardt on all parameters of a network with one hidden layer.

A step solves $\min |r - J s|^2 + \lambda |s|^2$. With R rows and P parameters that is a system of
R equations, $s = J^T (J J^T + \lambda)^{-1} r$, or one of P equations; whichever is cheaper is
solved. Where the goal is a margin, only the rows that lack it take part, fewer and fewer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from rote.constructions._gadgets.slopes import Curve
from rote.constructions._training.goals import Goal, Margins, Rows
from rote.constructions._training.perceptron import Jacobian, Perceptron, Response
from rote.typing import Floats

__all__ = ["Fit", "finish", "levenberg_marquardt", "through"]

_FIRST = 1e-2
_LEAST = 1e-17
"""First and smallest damping, as a fraction of the mean squared row. Ours."""

_REFUSALS = 12
_PATIENCE, _FALL = 60, 0.7
"""Steps after which the sum of squares must have fallen to this fraction. Ours."""

_FEW = 0.05
_ROUNDS = 20
"""Share of the points that may be left to be finished by weights, and how often. Ours."""


@final
@dataclass(frozen=True, eq=False)
class Fit:
    """Where training ended.

    Attributes:
        network: The parameters.
        reached: Whether the goal is.
        steps: How many steps were taken.
        left: Sum of squares that is left.
    """

    network: Perceptron
    reached: bool
    steps: int
    left: float


def through(
    curves: Sequence[Curve], start: Perceptron, points: Floats, goal: Goal, steps: int
) -> Fit:
    """Fit each curve in turn, each from where the one before it ended.

    Args:
        curves: The activation, preceded by functions that approach it.
        start: The first network.
        points: Shape (n, d).
        goal: What to train for.
        steps: Most steps for each curve.

    Returns:
        Where the last curve ended.
    """
    total, damping = 0, _FIRST
    for psi in curves:
        fit = levenberg_marquardt(psi, start, points, goal, steps, damping)
        start, damping = fit.network, 1e-4
        total += fit.steps
    return Fit(start, fit.reached, total, fit.left)


def finish(psi: Curve, fit: Fit, points: Floats, goal: Margins) -> Fit:
    """Settle the last wrong rows: they count half as much again each time training stalls.

    Args:
        psi: The activation.
        fit: Where training stalled.
        points: Shape (n, d).
        goal: What it was trained for.

    Returns:
        Where it ended in the end; unchanged if too many rows are wrong.
    """
    for _ in range(_ROUNDS):
        outputs = fit.network.respond(points, psi).outputs
        if fit.reached or goal.wrong(outputs) > _FEW * len(points):
            break
        goal = goal.heavier(outputs)
        fit = levenberg_marquardt(psi, fit.network, points, goal, _PATIENCE, 1e-3)
    return fit


def levenberg_marquardt(
    psi: Curve,
    start: Perceptron,
    points: Floats,
    goal: Goal,
    steps: int,
    damping: float = _FIRST,
) -> Fit:
    """Steps until the goal is reached, no step helps, or progress is slow.

    Args:
        psi: The activation.
        start: The first network.
        points: Shape (n, d).
        goal: What to train for.
        steps: Most steps.
        damping: The first damping, as a fraction of the mean squared row.

    Returns:
        Where it ended.
    """
    state = _State.of(start, points, psi, goal)
    history = [state.rows.square]
    taken = 0
    while taken < steps and not goal.reached(state.response.outputs):
        better, damping = _step(state, points, psi, goal, damping)
        if better is None:
            break
        state, taken = better, taken + 1
        history.append(state.rows.square)
        if taken >= _PATIENCE and history[-1] > history[-1 - _PATIENCE] * _FALL:
            break
    return Fit(state.network, goal.reached(state.response.outputs), taken, history[-1])


@final
@dataclass(frozen=True, eq=False)
class _State:
    network: Perceptron
    response: Response
    rows: Rows

    @classmethod
    def of(cls, network: Perceptron, points: Floats, psi: Curve, goal: Goal) -> _State:
        response = network.respond(points, psi)
        return cls(network, response, goal.rows(response.outputs))


def _step(
    state: _State, points: Floats, psi: Curve, goal: Goal, damping: float
) -> tuple[_State | None, float]:
    """A step that makes the sum of squares smaller, None if none does; and the next damping."""
    rows = state.rows
    jacobian = Jacobian.of(state.network, points, state.response, psi, rows.points, rows.functional)
    system = _System.of(jacobian, rows.residual, state.network.size)
    growth = 2.0
    for _ in range(_REFUSALS):
        solved = system.solve(damping)
        if solved is not None:
            step, predicted = solved
            new = _State.of(state.network.like(state.network.flat() + step), points, psi, goal)
            ratio = (rows.square - new.rows.square) / predicted if predicted > 0 else -1.0
            if ratio > 1e-4:
                factor = 0.15 if ratio > 0.75 else 0.5 if ratio > 0.25 else 2.0
                return new, max(damping * factor, _LEAST)
        damping = max(damping, 1e-15) * growth * 2
        growth = min(2 * growth, 1e3)
    return None, damping


@final
@dataclass(frozen=True, eq=False)
class _System:
    """The damped least squares problem, by rows (dual) or by parameters."""

    jacobian: Jacobian
    matrix: Floats
    right: Floats
    dual: bool
    square: float

    @classmethod
    def of(cls, jacobian: Jacobian, residual: Floats, parameters: int) -> _System:
        # R^3 / 3 operations against R P^2 + P^3 / 3.
        dual = len(residual) < 1.8 * parameters
        matrix = jacobian.gram() if dual else jacobian.normal()
        right = residual if dual else jacobian.pull(residual)
        return cls(jacobian, matrix, right, dual, float(residual @ residual))

    def solve(self, damping: float) -> tuple[Floats, float] | None:
        """The step, and by how much the sum of squares would fall if the problem were linear."""
        from scipy.linalg.lapack import dpotrf, dpotrs

        shift = damping * np.trace(self.matrix) / len(self.matrix)
        matrix = self.matrix.copy()
        matrix[np.diag_indices(len(matrix))] += shift
        lower, failed = dpotrf(matrix.T, lower=1, overwrite_a=1, clean=0)
        if failed or not np.isfinite(lower[-1, -1]):
            return None
        found, _ = dpotrs(lower, self.right, lower=1)
        if self.dual:
            return self.jacobian.pull(found), self.square - float(shift**2 * (found @ found))
        return found, float(found @ self.right + shift * (found @ found))
