r"""Slots: points on a line dealt out to p groups of q slots, in zigzag order.

Neighbouring points form a group, and groups meet in the middle of a gap, at a *knot*. Slot k of an
even group (counted from 0) is its k-th position from the left, of an odd group the k-th from the
right. A group with fewer points than slots gets *phantoms*, positions without a point, all in its
widest gap, where they are furthest from what they must not disturb.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rote.typing import Floats, Integers

__all__ = ["Slots", "deal"]


@dataclass(frozen=True, eq=False)
class Slots:
    """Points on a line in p groups of q slots.

    Attributes:
        knots: Ends of the groups in increasing order, shape (p + 1,).
        at: Position of each slot, between the knots of its group, shape (p, q).
        point: Index of the point in each slot, or -1 for a phantom, shape (p, q).
        left: Distance to the next point of the group on the left, infinite if none, shape (p, q).
            A first knot that was given counts as a point: others lie beyond it.
        right: The same on the right, with the last knot.
    """

    knots: Floats
    at: Floats
    point: Integers
    left: Floats
    right: Floats


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
    first = np.minimum(np.arange(1, p) * share + np.minimum(np.arange(1, p), larger), m)
    inner = first[first < m]
    empty = p - 1 - len(inner)  # groups without a point share what is left on the right
    tail = c[-1] + (last_knot - c[-1]) * np.arange(1, empty + 2) / (empty + 1)
    knots = np.concatenate([[first_knot], (c[inner - 1] + c[inner]) / 2, tail])
    cut = larger * (share + 1)
    blocks = []
    for groups, points in (
        (slice(0, larger), np.arange(cut).reshape(larger, share + 1)),
        (slice(larger, p), np.arange(cut, m).reshape(p - larger, share)),
    ):
        ends = knots[:-1][groups], knots[1:][groups]
        blocks.append(_fill(points, c[points], q, ends))
    at, point, left, right = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    if low is not None:
        left[0] = np.minimum(left[0], at[0] - low)
    if high is not None:
        right[-1] = np.minimum(right[-1], high - at[-1])
    for array in (at, point, left, right):
        array[1::2] = array[1::2, ::-1].copy()
    return Slots(knots, at, point, left, right)


def _fill(
    point: Integers, at: Floats, q: int, ends: tuple[Floats, Floats]
) -> tuple[Floats, Integers, Floats, Floats]:
    """Add phantoms to groups of r points each, all from left to right.

    Args:
        point: Indices of the points, shape (g, r).
        at: Their positions.
        q: Slots.
        ends: Knots on the left and on the right of each group, shape (g,) each.

    Returns:
        Positions, points, distances to the left and to the right, each of shape (g, q).
    """
    g, r = point.shape
    if not r:
        middle = np.repeat((ends[0] + ends[1])[:, None] / 2, q, axis=1)
        far = np.full((g, q), np.inf)
        return middle, np.full((g, q), -1), far, far.copy()
    far = np.full((g, 1), np.inf)
    inside = np.diff(at, axis=1)
    left, right = np.concatenate([far, inside], axis=1), np.concatenate([inside, far], axis=1)
    if r == q:
        return at, point, left, right
    walls = np.concatenate([ends[0][:, None], at, ends[1][:, None]], axis=1)
    before = np.argmax(np.diff(walls, axis=1), axis=1)[:, None]  # points left of the phantoms
    below = np.take_along_axis(walls, before, axis=1)
    above = np.take_along_axis(walls, before + 1, axis=1)
    middle = (below + above) / 2
    slot = np.arange(q)
    phantom = (slot >= before) & (slot < before + q - r)
    rank = np.clip(np.where(slot < before, slot, slot - (q - r)), 0, r - 1)

    rows = np.arange(g)[:, None]
    return (
        np.where(phantom, middle, at[rows, rank]),
        np.where(phantom, -1, point[rows, rank]),
        np.where(phantom, np.where(before > 0, middle - below, np.inf), left[rows, rank]),
        np.where(phantom, np.where(before < r, above - middle, np.inf), right[rows, rank]),
    )
