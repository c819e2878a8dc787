"""Approximate constructions: residual fitting carried on until every point is decided.

The theorems on approximate memorization bound the sum of squares, $|f - y|^2 <= epsilon |y|^2$. A
network here has to decide every point. So fitting goes on until the largest residual is at most
half of what the decision allows; ``epsilon`` replaces this for real targets, whose tolerance then
is what was reached. Ours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rote.constructions._base import Context
from rote.constructions._gadgets.residual import Fit, Goal, Proposal, fit_residual, refit
from rote.constructions._gadgets.tangent_kernel import most_coherent
from rote.constructions._gadgets.targets import check_tolerance, real_targets
from rote.constructions._gadgets.two_layer import Frame, Units, assemble, refuse_unfit
from rote.data import DataSet, Problem
from rote.errors import AssumptionError, OptionError
from rote.network import Decision, Layer, Size, Value
from rote.typing import Floats

__all__ = ["Approximation", "approximate"]

_SPHERE = 1e-5
"""Relative spread of the norms up to which points count as lying on a sphere around 0. Ours."""
_BIAS = 0.5
"""Appended constant for other points, over their root mean square norm. Ours."""
_REFIT = 2000
"""Most points for which output weights are refit without being asked: a second. Ours."""
_SHARE = 0.5
"""Share of the error that a decision allows which fitting may leave. Ours."""


@dataclass(frozen=True)
class Approximation:
    """Options that approximate constructions share.

    Attributes:
        directions: How many random directions to try in each round; the best is kept.
        epsilon: Stop at this relative squared error; real targets then need not be met to a given
            tolerance, and the decision's tolerance is what was reached.
        rounds: Most rounds; by default what is likely to suffice.
        refit: Whether to refit the output weights; by default where the rounds did not suffice.
        bias: Size of the constant that is appended to the points, over their size; by default 0
            for points on a sphere around 0, else 0.5.
        tolerance: Largest absolute error of real targets.
    """

    directions: int = 4
    epsilon: float | None = None
    rounds: int | None = None
    refit: bool | None = None
    bias: float | None = None
    tolerance: float | None = None

    def __post_init__(self) -> None:
        if self.directions < 1:
            raise OptionError(f"Option 'directions' must be at least 1, not {self.directions}.")
        if self.epsilon is not None and not 0 < self.epsilon < 1:
            raise OptionError(f"Option 'epsilon' must lie in (0, 1), not {self.epsilon}.")
        if self.rounds is not None and self.rounds < 1:
            raise OptionError(f"Option 'rounds' must be at least 1, not {self.rounds}.")
        if self.bias is not None and not 0 <= self.bias < np.inf:
            raise OptionError(f"Option 'bias' must be at least 0, not {self.bias}.")
        check_tolerance(self.tolerance)

    def in_rounds(self, problem: Problem, units: int) -> Size:
        """The size where every round takes so many units for each output; silent without rounds."""
        if self.rounds is None:
            return Size(depth=1)
        d, k = problem.d, problem.outputs
        neurons = units * k * self.rounds
        return Size(
            depth=1, widths=(neurons,), neurons=neurons, parameters=neurons * (d + 1 + k) + k
        )

    def frame(self, data: DataSet) -> tuple[Frame, Floats]:
        """The frame of the data and the points as the units see them, shape (n, D)."""
        x = data.points.astype(np.float64)
        norm = np.sqrt(np.square(x).sum(axis=1))
        on_sphere = norm.max() - norm.min() <= _SPHERE * norm.max()
        if on_sphere and not self.bias and norm.max() > 0:
            scale = float(2.0 ** np.rint(np.log2(norm.max())))
            frame = Frame(np.hstack([x / scale, np.ones((len(x), 1))]), np.zeros(data.d), scale)
            return frame, frame.points[:, :-1]
        frame = Frame.of(data.points)
        bias = _BIAS if self.bias is None else self.bias
        if data.n == 1 or not bias:  # a single point is its own centre
            bias = bias or float(data.n == 1)
        points = frame.points.copy()
        points[:, -1] = bias
        return frame, points if bias else points[:, :-1]

    def limit(self, points: Floats, squared: float) -> int:
        """Most rounds: enough for a refit, or many times what fitting was seen to take.

        Args:
            points: Shape (n, D).
            squared: Relative squared error to reach.

        Returns:
            n + 8 rounds, with n + 8 independent units or more; for many points at least 12 times
            |X|^2 ln(1 / squared), where 2 to 4 times were measured.
        """
        if self.rounds is not None:
            return self.rounds
        enough = len(points) + 8
        if len(points) <= _REFIT:
            return enough
        spread = float(np.linalg.norm(points, 2)) ** 2 / float(np.square(points).sum(axis=1).mean())
        return max(enough, int(12 * spread * np.log(1 / min(squared, 0.5))))


def approximate(
    data: DataSet,
    context: Context,
    propose: Callable[[Floats, Floats], Proposal],
    settings: Approximation,
) -> tuple[tuple[Layer, ...], Decision]:
    """Build the two layers of an approximate construction.

    Args:
        data: The data set.
        context: Arithmetic, randomness, progress.
        propose: Makes a proposal from points (n, D) and a residual (n,).
        settings: The shared options.

    Returns:
        The layers and the decision.

    Raises:
        AssumptionError: If fitting stalls; the witness is the most coherent pair of points.
        PrecisionError: If the arithmetic cannot hold the network.
    """
    targets, decision = real_targets(data, context.dtype, settings.tolerance)
    frame, points = settings.frame(data)
    offset = targets.mean(axis=0)
    allowed = decision.tolerance if isinstance(decision, Value) else 0.5
    free = settings.epsilon is not None and isinstance(decision, Value)
    outputs, reached = [], 0.0
    for y, shift in zip(targets.T, offset, strict=True):
        goal = Goal(
            per_point=np.inf if free else _SHARE * allowed,
            squared=np.inf if settings.epsilon is None else settings.epsilon * float(y @ y),
        )
        fit = _fit(points, y - shift, lambda r: propose(points, r), goal, settings, context)
        if not fit.reached:
            raise _refusal(data, points, fit)
        reached = max(reached, float(np.abs(fit.residual).max()))
        outputs.append(_units(frame, fit, points))
    layers = assemble(outputs, offset, data.d, context.dtype)
    if free:
        # Room for the rounding of weights and sums, which the certificate has to cover.
        room = 1e-3 if context.dtype == "float32" else 1e-6
        decision = Value(reached * (1 + room) + room * float(np.abs(targets).max() or 1.0))
    refuse_unfit(layers, decision, data, context.dtype)
    return layers, decision


def _fit(
    points: Floats,
    y: Floats,
    propose: Callable[[Floats], Proposal],
    goal: Goal,
    settings: Approximation,
    context: Context,
) -> Fit:
    square = float(y @ y)
    per_point = len(y) * goal.per_point**2 / 9  # a largest residual of about 3 deviations
    squared = min(goal.squared, per_point) / square if square > 0 else 1.0
    limit = settings.limit(points, squared)
    fit = fit_residual(y, propose, goal, limit, context.progress)
    if settings.refit or (settings.refit is None and not fit.reached and len(y) <= _REFIT):
        return refit(points, fit, goal)
    return fit


def _units(frame: Frame, fit: Fit, points: Floats) -> Units:
    """The units on the data: the appended constant folds into the bias."""
    rows = np.zeros((len(fit.output), frame.points.shape[1]))
    if len(fit.output):
        rows[:, : fit.rows.shape[1]] = fit.rows
        if points.shape[1] == frame.points.shape[1]:
            rows[:, -1] *= points[0, -1]
    weight, bias = frame.plain(rows)
    return Units(weight, bias, fit.output)


def _refusal(data: DataSet, points: Floats, fit: Fit) -> AssumptionError:
    coherence, one, other = most_coherent(points)
    a, b = int(data.rows[one]), int(data.rows[other])
    return AssumptionError(
        f"Points must be well dispersed; rows {a} and {b} have coherence {coherence:.6f}, and "
        f"{fit.rounds} rounds leave an error of {np.abs(fit.residual).max():.1e}. Allow more "
        "rounds, or use construction 'zhang2017', which takes any distinct points.",
        (a, b),
    )
