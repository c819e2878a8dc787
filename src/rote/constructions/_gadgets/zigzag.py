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

__all__ = ["Plan", "Trace", "plan", "signs", "wanted"]

_MARGIN = 0.125
"""How far beyond 1 the saturated units are, so that rounding leaves them saturated. Ours."""
_TURN = 0.0625
"""How far from a unit's wanted values it turns at the knots beside, so that rounding leaves it on
their right side. Ours."""


@dataclass(frozen=True, eq=False)
class Plan:
    """Which unit takes which slot, and where the units start.

    Attributes:
        slot: The slot that each unit takes in each group, shape (p, q).
        start: Value of each unit at the first knot, shape (k, q).
        rise: Sum over the groups of half of what the unit rises or falls, shape (k, q): the sum of
            its absolute weights where groups are hard-tanh units.
        steepest: At least the largest rate of each unit, and at most about twice, shape (k, q).
        steepness: Sum of the rates of each unit, shape (k, q).
    """

    slot: Integers
    start: Floats
    rise: Floats
    steepest: Floats
    steepness: Floats


def signs(count: int) -> Floats:
    """1, -1, 1, ..., shape (count,)."""
    return np.where(np.arange(count) % 2 == 0, 1.0, -1.0)


def wanted(tau: Floats, point: Integers) -> Floats:
    """Wanted value at each slot for each output, with the sign of its unit.

    Args:
        tau: Wanted values of the points in [-1, 1], and behind them that of phantoms, (m + 1, k).
        point: Index of the point in each slot, or -1, shape (g, q).

    Returns:
        Shape (g, k, q).
    """
    values = tau.ravel() if tau.shape[1] == 1 else tau
    taken = values.take(point, axis=0)
    by_output = taken[:, None] if taken.ndim == 2 else np.moveaxis(taken, 2, 1)
    return by_output * signs(point.shape[1])


def plan(slots: Slots, tau: Floats, *, by_need: bool = True) -> Plan:
    """Assign units to slots and find the least rates that saturate all other points.

    Args:
        slots: p groups of q slots.
        tau: Wanted values of the points in [-1, 1], and behind them that of phantoms, (m + 1, k).
        by_need: Whether slots are ranked by the size that they need; else by their distance, which
            is sometimes better for few points.

    Returns:
        The plan.
    """
    p, k, q = slots.p, tau.shape[1], slots.q
    slot = np.empty((p, q), dtype=np.int64)
    assign = _Assign(q)
    mu, nu = _Sums(k, q), _Sums(k, q)
    least = np.full((k, q), -np.inf)
    z, start, first = np.zeros((1, k, q)), np.zeros((k, q)), np.zeros(q)
    for groups in slots.blocks(k):
        part, width, y, left, right = groups.part, groups.width, groups.y, groups.left, groups.right
        rest = width[:, None] - y
        closest = np.minimum(left, right) if by_need else np.inf
        slot[part], size = assign(rest / y, y / np.minimum(closest, width[:, None]))
        take = _ByUnit(slot[part])
        target = wanted(tau, groups.point)
        ahead = target * signs(part.stop)[part, None, None]
        # y times the least rate that saturates the others, less the wanted value
        reach = np.maximum(
            (1 + _MARGIN + ahead) * (y / left)[:, None],
            (1 + _MARGIN - ahead) * (y / right)[:, None],
        )
        reach = np.maximum(reach, (_TURN * y / np.minimum(y, rest))[:, None]) - ahead
        reach, shift = take(reach), take(ahead * (width[:, None] / rest)[:, None])
        ahead, y, size = take(ahead), take(y)[:, None], size[:, None]
        if part.start == 0:
            start, first = target[0], size[0]
            z = z - ahead[:1] / first
        # The rates are (ahead + size (lambda + z)) / y.
        z = np.concatenate([z, shift / size]).cumsum(axis=0)
        before, z = z[:-1], z[-1:]
        np.maximum(least, (reach / size - before).max(axis=0), out=least)
        mu.add(width, (ahead + size * before) / y)
        nu.add(width, size / y)
    return Plan(
        slot=slot,
        start=start - least * first,
        rise=mu.rise + least * nu.rise,
        steepest=mu.steepest + least * nu.steepest,
        steepness=mu.steepness + least * nu.steepness,
    )


class Trace:
    """Follows units from group to group, for the layer before as it was rounded.

    Each rate corrects what rounding did to those before it, so errors do not add up.
    """

    def __init__(self, start: Floats, grid: Floats) -> None:
        """Begin at the first knot.

        Args:
            start: Value of each unit, shape (k, q).
            grid: The power of two that each unit's rates are multiples of, shape (k, q).
        """
        self.value, self.grid = start / grid, grid
        self.direction = 1.0

    def rates(self, slot: Integers, y: Floats, width: Floats, target: Floats) -> Floats:
        """The rates in the next g groups.

        Args:
            slot: The slot that each unit takes in each group, shape (g, q).
            y: How far each slot is from the beginning of its group, in any unit, shape (g, q).
            width: How far the end of each group is, shape (g,).
            target: Wanted values, shape (g, k, q).

        Returns:
            Rates of each unit in each group, shape (g, k, q), the last index being the unit.
        """
        take = _ByUnit(slot)
        direction = self.direction * signs(len(width))
        self.direction = -float(direction[-1])
        rate = take(target) / self.grid
        value, moved = self.value, np.empty_like(self.value)
        inverse = direction[:, None] / take(y)
        for j, step in enumerate((direction * width).tolist()):
            own = rate[j]
            own -= value
            own *= inverse[j]
            np.rint(own, out=own)
            value += np.multiply(own, step, out=moved)
        rate *= self.grid
        return rate


class _Assign:
    """Gives the slot that needs the least size to the unit that has the least, group by group."""

    def __init__(self, q: int) -> None:
        # Signs alternate with the slots and stay with the units. Sizes are sorted with their signs,
        # so even and odd ones never mix: the slot of rank r is for the unit of rank r. They are
        # sorted as integers, which are ordered alike for each sign, with the unit in the last bits:
        # much faster than sorting indices, and close enough.
        self.low = (1 << (q - 1).bit_length()) - 1
        self.sign = signs(q)
        self.unit = np.arange(q)
        self.size: Floats | None = None

    def __call__(self, growth: Floats, wanted: Floats) -> tuple[Integers, Floats]:
        """Assign the units in the next g groups.

        Args:
            growth: Size where a group ends over that where it begins, for each slot, (g, q).
            wanted: The size that each slot needs, up to a factor, shape (g, q).

        Returns:
            The slot of each unit, and its absolute value of nu where the group begins, (g, q) each.
        """
        g, q = growth.shape
        row = np.arange(0, g * q, q)[:, None]
        signed = wanted * self.sign
        bits = signed.view(np.int64)
        bits &= ~self.low
        bits |= np.arange(q)
        if self.size is None:
            self.size = signed[0].copy()
        bits.sort(axis=1)
        ranked = bits & self.low
        growth = growth.take(ranked + row)
        size, unit = np.empty((g, q)), np.empty((g, q), dtype=np.int64)
        bits = size.view(np.int64)
        now, before = self.size, self.unit
        for j in range(g):
            np.bitwise_and(now.view(np.int64), ~self.low, out=bits[j])
            bits[j] |= before
            bits[j].sort()
            before = np.bitwise_and(bits[j], self.low, out=unit[j])
            now = size[j] * growth[j]
        self.size, self.unit = now, before.copy()
        unit += row
        slot, by_unit = np.empty((g, q), dtype=np.int64), np.empty((g, q))
        slot.ravel()[unit] = ranked
        by_unit.ravel()[unit] = np.abs(size)
        return slot, by_unit


class _Sums:
    """Sums over groups of rates, as in :class:`Plan`, and the largest."""

    def __init__(self, k: int, q: int) -> None:
        self.rise, self.steepness = np.zeros((k, q)), np.zeros((k, q))
        self.steepest = np.full((k, q), -np.inf)

    def add(self, width: Floats, rate: Floats) -> None:
        """Add groups of widths (g,) and rates (g, k, q) or (g, 1, q)."""
        self.rise += np.einsum("j,jkq->kq", width / 2, rate)
        self.steepness += rate.sum(axis=0)
        np.maximum(self.steepest, rate.max(axis=0), out=self.steepest)


class _ByUnit:
    """Moves the last axis of arrays of shape (p, ..., q) from slots to units."""

    def __init__(self, slot: Integers) -> None:
        p, q = slot.shape
        self.place = slot + np.arange(0, p * q, q)[:, None]

    def __call__(self, values: Floats) -> Floats:
        if values.ndim == 2:
            return values.ravel().take(self.place)
        if values.shape[1] == 1:
            return self(values[:, 0])[:, None]
        return np.stack([self(values[:, i]) for i in range(values.shape[1])], axis=1)
