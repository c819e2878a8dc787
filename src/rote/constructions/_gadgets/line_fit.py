r"""Line fit: two hidden layers that take wanted values in [-1, 1] at points of a line.

The network of Theorem 3.1 in [yun2019] on one input: ramps of p groups, then q clipped zigzags for
each output, summed with alternating signs. It holds p q points.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from rote.constructions._gadgets.clamp import Clamp
from rote.constructions._gadgets.slots import Slots, deal
from rote.constructions._gadgets.zigzag import Plan, Trace, plan, signs, wanted
from rote.errors import PrecisionError
from rote.network import Affine
from rote.typing import DType, Floats, Integers

__all__ = ["BITS", "LineFit", "LinePlan", "fit_line", "plan_line"]

_SMALL = 5_000
"""Up to so many values both ways to assign units are compared. Ours."""

BITS: Final[dict[DType, int]] = {"float32": 24, "float64": 53}
"""Binary digits of a number."""


@dataclass(frozen=True, eq=False)
class LinePlan:
    """What is decided before anything is rounded.

    Attributes:
        slots: The points dealt out to p groups of q slots.
        tau: Wanted values of the points in [-1, 1], and behind them that of phantoms, (m + 1, k).
        plan: Which unit takes which slot.
    """

    slots: Slots
    tau: Floats
    plan: Plan

    def loss(self, clamp: Clamp, blur: float) -> float:
        """About how far off rounding may leave a value, over the unit roundoff.

        Where clamps saturate without rounding, only the few units that are near their own point let
        errors through; else all do.

        Args:
            clamp: How hard tanhs are made.
            blur: How far off positions may be, over the unit roundoff.

        Returns:
            The estimate.
        """
        plan, p = self.plan, self.slots.p
        if clamp.saturates:
            return float((p * plan.rise + blur * plan.steepest).max())
        # Half of the ramps are off, and a ramp is the difference of two units.
        return float((p / 2 * plan.rise + 2 * blur * plan.steepness).sum(axis=1).max())


@dataclass(frozen=True, eq=False)
class LineFit:
    """A network on one input and the linear function that reads it.

    Attributes:
        layers: Hidden layers, and linear ones between them.
        weight: Shape (k, units): the values are ``weight @ h + bias``.
        bias: Shape (k,).
    """

    layers: tuple[Affine, ...]
    weight: Floats
    bias: Floats


def plan_line(
    c: Floats,
    tau: Floats,
    p: int,
    q: int,
    *,
    low: float | None = None,
    high: float | None = None,
) -> LinePlan:
    """Deal points of a line out to groups and units.

    Args:
        c: Positions in strictly increasing order, shape (m,), with m at most p q.
        tau: Wanted values in [-1, 1], shape (m, k).
        p: Groups.
        q: Units for each output.
        low: Where the first group begins; by default half a mean gap before the first point.
        high: Where the last group ends.

    Returns:
        The plan.
    """
    slots = deal(c, p, q, low=low, high=high)
    padded = np.concatenate([tau, np.zeros((1, tau.shape[1]))])
    plans = [plan(slots, padded)]
    if p * q * tau.shape[1] <= _SMALL:
        plans.append(plan(slots, padded, by_need=False))
    return LinePlan(slots, padded, min(plans, key=lambda p: float(p.rise.max())))


def fit_line(
    line: LinePlan,
    clamp: Clamp,
    *,
    dtype: DType,
    tolerance: float,
    order: Integers,
    rows: Integers,
    off_outside: bool = False,
) -> LineFit:
    """The network of a plan.

    Args:
        line: The plan.
        clamp: How hard tanhs are made.
        dtype: The network's arithmetic.
        tolerance: How far off a value may be.
        order: Index of each point of the line.
        rows: Row number of each index, for messages.
        off_outside: Whether all ReLUs of the second layer are to be off where all functions are
            below -1; else each is off where it is for most points.

    Returns:
        The network.

    Raises:
        PrecisionError: If the arithmetic cannot tell a point from its neighbours.
    """
    slots, slot = line.slots, line.plan.slot
    k, q = line.plan.start.shape
    # No certificate can bound the error by less than one rounding of the largest sum.
    loss = line.loss(clamp, 0.0) / slots.p / 2 ** BITS[dtype]
    if not loss < tolerance:
        error = f"an error of {loss:.1g}" if np.isfinite(loss) else "weights beyond all bounds"
        raise _indistinct(line, order, rows, dtype, f"{error}, where {tolerance:.1g} is allowed")
    ramp = clamp.ramps(slots.knots, dtype)
    grid = _grid(line.plan, clamp, BITS[dtype])
    start = line.plan.start
    if clamp.saturates:
        start = np.rint(start / grid) * grid
    trace, rate = Trace(start, grid), np.empty((slots.p, k, q))
    for groups in slots.blocks(k):
        part = groups.part
        y, width = ramp.y(groups), ramp.width[part]
        if not ((y > 0) & (y < width[:, None])).all():
            raise _indistinct(line, order, rows, dtype, "none of them on its own side of a kink")
        rate[part] = trace.rates(slot[part], y, width, wanted(line.tau, groups.point))
    weight, bias = ramp.weights(start, rate)
    facing = np.ones(q) if off_outside else _facing(slot)
    clipped = clamp.clip(weight.reshape(k * q, -1), bias.ravel(), np.tile(facing, k), dtype)
    e = signs(q)
    read = np.zeros((k, k * q, clipped.coefficient.shape[1]))
    for i in range(k):
        own = slice(i * q, (i + 1) * q)
        read[i, own] = e[:, None] * clipped.coefficient[own]
    constant = (clipped.constant.reshape(k, q) * e).sum(axis=1) - (1 if q % 2 == 0 else 0)
    return LineFit((*ramp.layers, *clipped.layers), read.reshape(k, -1), constant)


def _grid(plan: Plan, clamp: Clamp, bits: int) -> Floats:
    """The power of two that a unit's weights are multiples of, shape (k, q)."""
    # Sums of all weights behind saturated ramps, which are -1 and 1 or 0 and 2, are to be exact.
    largest = 4 * plan.rise + np.abs(plan.start) + 2 if clamp.saturates else plan.steepest
    return np.where(largest > 0, np.ldexp(1.0, np.frexp(largest)[1] - bits), 1.0)


def _indistinct(
    line: LinePlan, order: Integers, rows: Integers, dtype: DType, why: str
) -> PrecisionError:
    """The error that names the closest two points of a group."""
    one = int(np.argmin(line.slots.right))
    two = min(one + 1, len(line.slots.c) - 1)
    pair = sorted(rows[order[[one, two]]].tolist())
    repair = "Use dtype='float64'" if dtype == "float32" else "Try more directions"
    return PrecisionError(
        f"{dtype} cannot tell rows {pair[0]} and {pair[1]} apart on a line: {why}. {repair}, or "
        "another construction.",
        pair,
    )


def _facing(slot: Integers) -> Floats:
    """1 for units that are mostly negative, -1 for others: those whose slots come early."""
    p, q = slot.shape
    return np.where(2 * slot.sum(axis=0) > p * (q - 1), 1.0, -1.0)
