r"""Zigzag: piecewise linear functions of which each fits one point in every group of a line.

Unit k gets a continuous function $\alpha_k$, linear between the knots, that rises in even groups
and falls in odd ones. In every group it takes a wanted value in [-1, 1] at the point of its own
slot, and at the group's other points it is beyond 1 on one side and beyond -1 on the other. With
signs $e_k = (-1)^k$ the sum $\sum_k e_k \mathrm{clip}(\alpha_k, -1, 1)$ then is $e_k \alpha_k$ at a
point of unit k, up to a constant: the units before and behind it cancel in pairs.

With the wanted value $\tau_j$ at distance $y_j$ from the knot where group j begins, and the group's
width $w_j$, the value $A_j$ at its end follows from the one at its beginning,

.. math:: A_j = A_{j-1} + s_j r_j w_j, \quad r_j = s_j (\tau_j - A_{j-1}) / y_j, \quad s_j = (-1)^j,

so the rates $r_j > 0$ need no linear solve, and are affine in the start: $r = \mu + \lambda \nu$
with $\nu > 0$ [yun2019, Lemma B.1]. $\lambda$ is the least that makes the other points saturate.

*Ours:* which unit takes which slot. In the paper unit k keeps slot k, and $\nu$ does a random walk:
the weights grow exponentially with the square root of the number of groups. The sum only needs
signs to alternate, so units of one sign may exchange slots. The slot at distance y whose neighbours
are at distance g needs a unit of size $|A| \ge 2 y / g$; we give the slot that needs the least to
the unit that has the least. At 10^5 points the largest weight falls by 10^4 to 10^11.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rote.constructions._gadgets.slots import Slots
from rote.typing import Floats, Integers

__all__ = ["Plan", "plan", "signs", "trace"]

_MARGIN = 0.125
"""How far beyond 1 the saturated units are, so that rounding leaves them saturated. Ours."""
_TURN = 0.0625
"""How far from a unit's wanted values it turns at the knots beside, so that rounding leaves it on
their right side. Ours."""


@dataclass(frozen=True, eq=False)
class Plan:
    """Which unit takes which slot, and where the units start.

    Attributes:
        unit: The unit in each slot, shape (p, q).
        start: Value of each unit at the first knot, shape (k, q).
        rise: Sum over the groups of half of what the unit rises or falls, shape (k, q): the sum of
            its absolute weights where groups are hard-tanh units.
        steepest: The largest rate of each unit, shape (k, q).
        steepness: Sum of the rates of each unit, shape (k, q).
    """

    unit: Integers
    start: Floats
    rise: Floats
    steepest: Floats
    steepness: Floats


def signs(count: int) -> Floats:
    """1, -1, 1, ..., shape (count,)."""
    return np.where(np.arange(count) % 2 == 0, 1.0, -1.0)


def plan(slots: Slots, target: Floats, *, by_need: bool = True) -> Plan:
    """Assign units to slots and find the least rates that saturate all other points.

    Args:
        slots: p groups of q slots.
        target: Wanted value at each slot for each output, sign e_k included, shape (p, k, q).
        by_need: Whether slots are ranked by the size that they need; else by their distance, which
            is sometimes better for few points.

    Returns:
        The plan.
    """
    width = np.diff(slots.knots)
    y = slots.at - slots.knots[:-1, None]
    closest = np.minimum(slots.left, slots.right)
    need = 2 / np.minimum(closest, width[:, None]) if by_need else 2 / width[:, None]
    unit, size = _assign(y, width, y * need)
    take = _ByUnit(unit)
    nu = take(size / y)
    # mu starts with rate 0: it stays at the first target until group 1 begins.
    mu_start = target[0]
    mu = _rates(mu_start, take(y), width, take(target))
    ahead = signs(len(target))[:, None, None] * target
    least = np.maximum(
        (1 + _MARGIN + ahead) / slots.left[:, None], (1 + _MARGIN - ahead) / slots.right[:, None]
    )
    least = np.maximum(least, _TURN / np.minimum(y, width[:, None] - y)[:, None])
    scale = ((take(least) - mu) / nu[:, None]).max(axis=0)
    rate = mu + scale * nu[:, None]
    return Plan(
        unit=unit,
        start=mu_start - scale * size[0],
        rise=np.einsum("j,jkq->kq", width / 2, rate),
        steepest=rate.max(axis=0),
        steepness=rate.sum(axis=0),
    )


def trace(
    start: Floats, unit: Integers, y: Floats, width: Floats, target: Floats, grid: Floats
) -> Floats:
    """The rates in each group, on a grid and for the layer before as it was rounded.

    Each rate corrects what rounding did to those before it, so errors do not add up.

    Args:
        start: Value of each unit at the first knot, shape (k, q).
        unit: The unit in each slot, shape (p, q).
        y: How far each slot is from the beginning of its group, in any unit, shape (p, q).
        width: How far the end of each group is, shape (p,).
        target: Wanted values, shape (p, k, q).
        grid: The power of two that each unit's rates are multiples of, shape (k, q).

    Returns:
        Rates of each unit in each group, shape (p, k, q), the last index being the unit.
    """
    take = _ByUnit(unit)
    return _rates(start, take(y), width, take(target), grid)


def _assign(y: Floats, width: Floats, wanted: Floats) -> tuple[Integers, Floats]:
    """Give the slot that needs the least size to the unit that has the least, group by group.

    Args:
        y: How far each slot is from the beginning of its group, shape (p, q).
        width: Width of each group, shape (p,).
        wanted: The size that each slot needs, up to a factor, shape (p, q).

    Returns:
        The unit in each slot, and its absolute value of nu where the group begins, (p, q) each.
    """
    p, q = y.shape
    growth = width[:, None] / y - 1
    unit, size = np.empty((p, q), dtype=np.int64), np.empty((p, q))
    unit[0], size[0] = np.arange(q), wanted[0]
    # Signs alternate with the slots and stay with the units: even and odd ones never mix.
    slots = [2 * wanted[:, odd::2].argsort(axis=1) + odd for odd in (0, 1)]
    for j in range(1, p):
        now = size[j - 1] * growth[j - 1]
        for odd, slot in enumerate(slots):
            order = 2 * now[odd::2].argsort() + odd
            size[j][slot[j]] = now[order]
            unit[j][slot[j]] = unit[j - 1][order]
    return unit, size


def _rates(
    start: Floats, y: Floats, width: Floats, target: Floats, grid: Floats | None = None
) -> Floats:
    """The recursion of the module's docstring, with everything by unit instead of by slot."""
    direction = signs(len(target))
    rate = np.empty(target.shape)
    value = start
    for j in range(len(target)):
        np.subtract(target[j], value, out=rate[j])
        rate[j] *= direction[j] / y[j]
        if grid is not None:
            rate[j] = np.rint(rate[j] / grid) * grid
        value = value + (direction[j] * width[j]) * rate[j]
    return rate


class _ByUnit:
    """Moves the last axis of arrays of shape (p, ..., q) from slots to units."""

    def __init__(self, unit: Integers) -> None:
        p, q = unit.shape
        row = np.arange(0, p * q, q)[:, None]
        self.place = np.empty((p, q), dtype=np.int64)
        self.place.ravel()[unit + row] = np.arange(p * q).reshape(p, q)

    def __call__(self, values: Floats) -> Floats:
        if values.ndim == 2:
            return values.ravel().take(self.place)
        if values.shape[1] == 1:
            return self(values[:, 0])[:, None]
        return np.stack([self(values[:, i]) for i in range(values.shape[1])], axis=1)
