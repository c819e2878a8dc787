"""Point fit: a direction, and two hidden layers that take wanted values along it."""

from __future__ import annotations

import numpy as np

from rote.constructions._base import Context
from rote.constructions._gadgets.clamp import Clamp
from rote.constructions._gadgets.line_fit import LineFit, LinePlan, fit_line, plan_line
from rote.constructions._gadgets.projection import (
    Projection,
    best_projection,
    directions_for,
)
from rote.constructions._gadgets.split import Split
from rote.constructions._gadgets.unit_range import UnitRange
from rote.data import DataSet
from rote.network import Affine
from rote.typing import Array

__all__ = ["MANY", "fit_points"]

MANY = 20_000
"""Beyond so many points directions are compared by their smallest gaps alone. Ours."""


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

    def planned(line: Projection, target: Array) -> LinePlan:
        tau = goal.tau(target.reshape(len(line.c), -1).astype(np.float64))
        return plan_line(line.c - line.centre, tau, split.p, split.q)

    def cost(line: Projection, target: Array) -> float:
        if data.n > MANY:
            return line.crowding
        return planned(line, target).loss(clamp, line.blur)

    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # a price may be infinite
        projection = best_projection(data, context, directions or directions_for(data.n), cost)
        line = planned(projection, data.target[projection.order])
        fit = fit_line(
            line,
            clamp,
            dtype=context.dtype,
            tolerance=tolerance,
            rows=data.rows[projection.order],
        )
    direction = Affine(
        projection.u[None].astype(context.dtype), np.array([-projection.centre], context.dtype)
    )
    return LineFit((direction, *fit.layers), fit.weight, fit.bias)
