"""Point fit: a direction, and two hidden layers that take wanted values along it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rote.constructions._base import Context
from rote.constructions._gadgets.clamp import Clamp
from rote.constructions._gadgets.line_fit import BITS, LineFit, LinePlan, fit_line, plan_line
from rote.constructions._gadgets.projection import Projection, directions_for, projections
from rote.constructions._gadgets.split import Split
from rote.constructions._gadgets.unit_range import UnitRange
from rote.data import DataSet
from rote.network import Affine
from rote.typing import Floats

__all__ = ["best_plans", "fit_points"]

_MANY = 20_000
_ENOUGH = 2.0**-3
_ENOUGH_IN_PAIRS = 2.0**-5
"""Beyond so many points, no direction is tried after one along which rounding is estimated to take
this part of what is allowed, where clamps saturate or where they do not. A certificate takes about
2 or 6 times the estimate. Ours."""


def fit_points(
    data: DataSet,
    context: Context,
    goal: UnitRange,
    tolerance: float,
    split: Split,
    clamp: Clamp,
    directions: int | None,
) -> LineFit:
    """Project on the direction with the smallest second-layer weights, and fit along it.

    Args:
        data: The points and their targets, class codes or real.
        context: Arithmetic, randomness, progress.
        goal: Maps the targets to [-1, 1].
        tolerance: How far off the values in [-1, 1] may be.
        split: Groups and slots that hold the points.
        clamp: How hard tanhs are made.
        directions: How many directions to try; None for the default.

    Returns:
        Layers from the points on, the first a linear one that holds the direction; read as
        values in [-1, 1].

    Raises:
        PrecisionError: If the arithmetic cannot tell the points apart along any direction.
    """

    def planned(line: Projection, tau: Floats) -> list[LinePlan]:
        return [plan_line(line.c - line.centre, tau, split.p, split.q)]

    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # a loss may be infinite
        projection, (line,) = best_plans(data, context, goal, tolerance, clamp, directions, planned)
        fit = fit_line(
            line,
            clamp,
            dtype=context.dtype,
            tolerance=tolerance,
            order=projection.order,
            rows=data.rows,
        )
    direction = Affine(
        projection.u[None].astype(context.dtype), np.array([-projection.centre], context.dtype)
    )
    return LineFit((direction, *fit.layers), fit.weight, fit.bias)


def best_plans(
    data: DataSet,
    context: Context,
    goal: UnitRange,
    tolerance: float,
    clamp: Clamp,
    directions: int | None,
    planned: Callable[[Projection, Floats], list[LinePlan]],
) -> tuple[Projection, list[LinePlan]]:
    """The direction along which rounding is estimated to do the least harm.

    Args:
        data: The points and their targets.
        context: Arithmetic, randomness, progress.
        goal: Maps the targets to [-1, 1].
        tolerance: How far off the values in [-1, 1] may be.
        clamp: How hard tanhs are made.
        directions: How many directions to try; None for the default.
        planned: The plans for a projection and wanted values in [-1, 1] along it, shape (m, k).

    Returns:
        The projection and its plans.

    Raises:
        PrecisionError: If every direction maps two differently labelled points to one number.
    """
    part = _ENOUGH if clamp.saturates else _ENOUGH_IN_PAIRS
    enough = part * tolerance * 2 ** BITS[context.dtype] if data.n > _MANY else 0.0
    tau = goal.tau(data.target.reshape(data.n, -1))
    best, least = None, np.inf
    for line in projections(data, context, directions or directions_for(data.n)):
        plans = planned(line, tau[line.order])
        loss = np.max([plan.loss(clamp, line.blur) for plan in plans])
        loss = np.inf if np.isnan(loss) else float(loss)
        if best is None or loss < least:
            best, least = (line, plans), loss
        if loss <= enough:
            break
    assert best is not None
    return best
