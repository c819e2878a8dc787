r"""Slots: points on a line dealt out to p groups of q slots, in zigzag order.

Neighbouring points form a group, and groups meet in the middle of a gap, at a *knot*. Slot k of an
even group (counted from 0) is its k-th position from the left, of an odd group the k-th from the
right. A group with fewer points than slots gets *phantoms*, positions without a point, all in its
widest gap, where they are furthest from what they must not disturb.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rote.typing import Floats, Integers

__all__ = ["Groups", "Slots", "deal"]

_BLOCK = 1 << 14
"""Numbers worked on at once: so few that they stay in cache, and in memory that is used again.
Fresh memory can cost more than what is done with it. Ours."""


@dataclass(frozen=True, eq=False)
class Groups:
    """Some neighbouring groups.

    Attributes:
        part: Which.
        width: Widths of the groups, shape (g,).
        at: Position of each slot, between the knots of its group, shape (g, q).
        y: How far each slot is from the beginning of its group, shape (g, q).
        point: Index of the point in each slot, or -1 for a phantom, shape (g, q).
        left: Distance to the next point of the group on the left, infinite if none, shape (g, q).
            A first knot that was given counts as a point: others lie beyond it.
        right: The same on the right, with the last knot.
    """

    part: slice
    width: Floats
    at: Floats
    y: Floats
    point: Integers
    left: Floats
    right: Floats


@dataclass(frozen=True, eq=False)
class Slots:
    """Points on a line in p groups of q slots.

    Attributes:
        c: Positions of the points in increasing order, shape (m,).
        q: Slots in each group.
        knots: Ends of the groups in increasing order, shape (p + 1,).
        size: Number of points in each group, shape (p,).
        before: How many of them are left of the phantoms, shape (p,).
        left: Distance of each point to the next of its group on the left, infinite if none, (m,).
        right: The same on the right.
        closed: Whether the first and the last knot count as points.
    """

    c: Floats
    q: int
    knots: Floats
    size: Integers
    before: Integers
    left: Floats
    right: Floats
    closed: tuple[bool, bool]

    @property
    def p(self) -> int:
        """Number of groups."""
        return len(self.size)

    def blocks(self, outputs: int) -> Iterator[Groups]:
        """All groups, a few at a time.

        Args:
            outputs: Numbers that will be computed for each slot.

        Yields:
            Neighbouring groups, from left to right.
        """
        step = max(1, _BLOCK // (outputs * self.q))
        for start in range(0, self.p, step):
            yield self.groups(start, min(start + step, self.p))

    def groups(self, start: int, stop: int) -> Groups:
        """Groups from one number to another."""
        part = slice(start, stop)
        size, before = self.size[part, None], self.before[part, None]
        begin, end = self.knots[start:stop, None], self.knots[start + 1 : stop + 1, None]
        first = int(self.size[:start].sum()) + np.cumsum(size, axis=0) - size
        place = np.arange(self.q)  # from left to right, whichever way a group runs
        point = np.where(np.arange(start, stop)[:, None] % 2, place[::-1], place)
        spare = self.q - size
        phantom = np.empty(0, dtype=np.int64)
        if spare.any():
            beyond = point - before
            phantom = np.flatnonzero((beyond >= 0) & (beyond < spare))
            point -= np.minimum(np.maximum(beyond, 0), spare)
        point += first
        at, left, right = (v.take(point, mode="clip") for v in (self.c, self.left, self.right))
        if phantom.size:
            j = phantom // self.q
            behind = (first + before)[j, 0]  # the point on the right
            starts, ends = (before == 0)[j, 0], (before == size)[j, 0]
            below = np.where(starts, begin[j, 0], self.c.take(behind - 1, mode="clip"))
            above = np.where(ends, end[j, 0], self.c.take(behind, mode="clip"))
            far_left = starts & ~((start + j == 0) & self.closed[0])
            far_right = ends & ~((start + j == self.p - 1) & self.closed[1])
            middle = (below + above) / 2
            point.ravel()[phantom] = -1
            at.ravel()[phantom] = middle
            left.ravel()[phantom] = np.where(far_left, np.inf, middle - below)
            right.ravel()[phantom] = np.where(far_right, np.inf, above - middle)
        return Groups(part, (end - begin)[:, 0], at, at - begin, point, left, right)


def deal(
    c: Floats, p: int, q: int, *, low: float | None = None, high: float | None = None
) -> Slots:
    """Deal points out to p groups whose sizes differ by at most one.

    Args:
        c: Positions in strictly increasing order, shape (m,), with m at most p q.
        p: Number of groups.
        q: Slots in each group.
        low: First knot, left of all points; by default half a mean gap away, and no points beyond.
        high: Last knot, right of all points; by default the same.

    Returns:
        The slots.
    """
    m = len(c)
    half = (c[-1] - c[0]) / (2 * m - 2) if m > 1 else max(0.5, abs(c[0]) / 2)
    first_knot = c[0] - half if low is None else low
    last_knot = c[-1] + half if high is None else high
    share, larger = divmod(m, p)  # the first groups get one point more
    size = np.where(np.arange(p) < larger, share + 1, share)
    first = np.cumsum(size) - size
    inner = first[1 : min(p, m)]
    empty = p - 1 - len(inner)  # groups without a point share what is left on the right
    tail = c[-1] + (last_knot - c[-1]) * np.arange(1, empty + 2) / (empty + 1)
    knots = np.concatenate([[first_knot], (c[inner - 1] + c[inner]) / 2, tail])

    left, right = np.empty(m), np.empty(m)
    left[1:] = right[:-1] = np.diff(c)
    left[inner] = right[inner - 1] = np.inf
    left[0] = np.inf if low is None else c[0] - low
    right[-1] = np.inf if high is None else high - c[-1]
    before = _before_widest_gap(c, knots, first, size, q)
    closed = low is not None, high is not None
    return Slots(c, q, knots, size, before, left, right, closed)


def _before_widest_gap(
    c: Floats, knots: Floats, first: Integers, size: Integers, q: int
) -> Integers:
    """How many points of each group are left of its widest gap; q if it needs no phantoms."""
    before = np.full(len(size), q)
    for count in {int(size[0]), int(size[-1])} - {q}:
        groups = np.flatnonzero(size == count)
        step = max(1, _BLOCK // (count + 2))
        for some in (groups[k : k + step] for k in range(0, len(groups), step)):
            points = c[first[some[0]] :][: len(some) * count].reshape(len(some), count)
            walls = np.column_stack([knots[some], points, knots[some + 1]])
            before[some] = np.diff(walls, axis=1).argmax(axis=1)
    return before
