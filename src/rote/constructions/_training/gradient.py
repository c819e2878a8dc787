r"""Training by gradients: the smooth loss of a goal, L-BFGS and Adam.

Outputs that must equal targets are fitted by half the mean squared error. Margins are fitted by
$\log(1 + \sum_j e^{-s_j})$ over the slacks $s_j$ of a point: the logistic loss for two classes, the
cross entropy for several.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias, final

import numpy as np

from rote.constructions._gadgets.slopes import Curve
from rote.constructions._training.goals import Equal, Goal
from rote.constructions._training.perceptron import Perceptron
from rote.typing import Floats

__all__ = ["adam", "lbfgs"]

_MEMORY = 20
"""Pairs that L-BFGS keeps. Ours."""

_DECAY = (0.9, 0.999)
"""Adam's decay of the mean and of the mean square, its authors' defaults."""

OnStep: TypeAlias = Callable[[Perceptron], None]


def lbfgs(psi: Curve, start: Perceptron, points: Floats, goal: Goal, steps: int) -> Perceptron:
    """L-BFGS until the goal is reached or for some steps.

    Args:
        psi: The activation.
        start: The first network.
        points: Shape (n, d).
        goal: What to train for.
        steps: Most steps.

    Returns:
        The last network.
    """
    from scipy.optimize import minimize

    objective = _Objective(psi, start, points, goal)

    def stop(flat: Floats) -> None:
        if objective.reached(flat):
            raise StopIteration

    found = minimize(
        objective,
        start.flat(),
        jac=True,
        method="L-BFGS-B",
        callback=stop,
        options={
            "maxiter": steps,
            "maxfun": 2 * steps,
            "maxcor": _MEMORY,
            "ftol": 0.0,
            "gtol": 0.0,
        },
    )
    return start.like(np.asarray(found.x, np.float64))


def adam(
    psi: Curve, start: Perceptron, points: Floats, goal: Goal, steps: int, rate: float
) -> Perceptron:
    """Adam on all points at once, its rate falling to nothing along a cosine.

    Args:
        psi: The activation.
        start: The first network.
        points: Shape (n, d).
        goal: What to train for.
        steps: Most steps.
        rate: The first rate.

    Returns:
        The last network.
    """
    objective = _Objective(psi, start, points, goal)
    flat = start.flat()
    mean, square = np.zeros_like(flat), np.zeros_like(flat)
    for step in range(1, steps + 1):
        _, gradient = objective(flat)
        if objective.reached(flat):
            break
        mean += (1 - _DECAY[0]) * (gradient - mean)
        square += (1 - _DECAY[1]) * (gradient**2 - square)
        size = np.sqrt(square / (1 - _DECAY[1] ** step)) + 1e-12
        now = rate * (1 + np.cos(np.pi * step / steps)) / 2
        flat = flat - now * mean / (1 - _DECAY[0] ** step) / size
    return start.like(flat)


@final
@dataclass(eq=False)
class _Objective:
    """The loss and its gradient as functions of all parameters in one vector."""

    psi: Curve
    shape: Perceptron
    points: Floats
    goal: Goal

    def __call__(self, flat: Floats) -> tuple[float, Floats]:
        network = self.shape.like(flat)
        response = network.respond(self.points, self.psi)
        loss, by_output = _loss(self.goal, response.outputs)
        slopes = self.psi.slope(response.sums) * (by_output @ network.output[:, :-1])
        gradient = Perceptron(
            np.hstack([slopes.T @ self.points, slopes.sum(axis=0)[:, None]]),
            np.hstack([by_output.T @ response.units, by_output.sum(axis=0)[:, None]]),
        )
        return loss, gradient.flat()

    def reached(self, flat: Floats) -> bool:
        """Whether the goal is reached."""
        response = self.shape.like(flat).respond(self.points, self.psi)
        return self.goal.reached(response.outputs)


def _loss(goal: Goal, outputs: Floats) -> tuple[float, Floats]:
    """The mean loss, and its gradient by the outputs, shape (n, k)."""
    n = len(outputs)
    if isinstance(goal, Equal):
        error = outputs - goal.targets
        return float(np.square(error).sum()) / (2 * n), error / n
    slack = goal.slack(outputs)
    most = np.maximum(-slack.min(axis=1, keepdims=True), 0)
    parts = np.exp(-slack - most)
    total = parts.sum(axis=1, keepdims=True) + np.exp(-most)
    weights = parts / total
    gradient: Floats = np.einsum("nm,nmk->nk", weights, goal.functional[goal.codes])
    return float((np.log(total) + most).mean()), -gradient / n
