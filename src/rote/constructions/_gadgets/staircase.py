r"""Staircases: an affine function per slab between parallel hyperplanes, two ReLUs each.

Sort the points along a direction u and cut them into blocks $B_0, B_1, \dots$ of at most d + 1.
Let $V_l$ be an affine function that takes the labels of $B_l$, and $g_l = V_l - V_{l-1}$ (with
$V_{-1} = 0$). With $h_l = u \cdot x - b_l$, where $b_l$ lies in the middle of the gap before $B_l$,

.. math:: f = \sum_l \frac{\sigma(h_l + \delta_l g_l) - \sigma(h_l - \delta'_l g_l)}
              {\delta_l + \delta'_l}

takes every label: where neither term changes the sign of $h_l$, the pair is exactly
$g_l\,1[h_l > 0]$, and the sum telescopes to $V_l$ on $B_l$. With $r = g_l / h_l$ at all points, the
largest steps are $\delta_l = 1 / \max(-r)$ and $\delta'_l = 1 / \max(r)$. $h_0 = 1$ is positive
everywhere. All of this is ours, after the slabs of [bubeck2020].
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from rote.constructions._gadgets.two_layer import Frame, Units, interleaved
from rote.typing import Floats, Integers

__all__ = ["Dependent", "Staircase", "climb", "cut", "staircase_units"]

_CHUNK = 1 << 22
"""Numbers held in one (points, steps) table: 32 MB. Ours."""
_EPS = float(np.finfo(np.float64).eps)
_LONGEST = 64
"""One step of a pair is at most this many times the other, lest it be infinite. Ours."""


@dataclass(frozen=True, eq=False)
class Staircase:
    """k pairs of units.

    Attributes:
        over: Rows of h + delta g, shape (k, D).
        under: Rows of h - delta' g, shape (k, D).
        gain: The weights 1 / (delta + delta'), shape (k,); 0 where the function does not change.
    """

    over: Floats
    under: Floats
    gain: Floats


@dataclass(frozen=True, eq=False)
class Dependent:
    """Why there is no staircase along a direction.

    Attributes:
        block: Positions of points that lie on a flat of fewer dimensions than they could.
    """

    block: Integers


def cut(heights: Floats, blocks: int, largest: int) -> Integers:
    """Where to cut sorted numbers into blocks of nearly equal size, at the widest gaps nearby.

    Args:
        heights: Increasing, shape (n,).
        blocks: Number k of blocks.
        largest: Most numbers in a block, at least n / k.

    Returns:
        Positions 0 = c_0 < ... < c_k = n; block l is ``heights[c_l:c_{l+1}]``.
    """
    n = len(heights)
    cuts = np.arange(blocks + 1) * n // blocks
    room = (largest - -(-n // blocks)) // 2
    room = min(room, (n // blocks - 1) // 2)  # so that no two cuts meet
    if room > 0 and blocks > 1:
        window = cuts[1:-1, None] + np.arange(-room, room + 1)
        gaps = heights[window] - heights[window - 1]
        cuts[1:-1] = np.take_along_axis(window, gaps.argmax(axis=1)[:, None], axis=1)[:, 0]
    return cuts


def climb(frame: Frame, y: Floats, u: Floats, blocks: int, largest: int) -> Staircase | Dependent:
    """The staircase along one direction.

    Args:
        frame: The points.
        y: Labels, shape (n,).
        u: Direction in the frame, shape (d,).
        blocks: Number of blocks.
        largest: Most points in a block, at most d + 1.

    Returns:
        The staircase, or the block that has no affine function for all labels.
    """
    heights = frame.points[:, :-1] @ u
    order = np.argsort(heights, kind="stable")
    points, y, heights = frame.points[order], y[order], heights[order]
    cuts = cut(heights, blocks, largest)
    inverse = _inverses(points, cuts, 8 * _EPS * points.shape[1] * frame.radius)
    if isinstance(inverse, int):
        return Dependent(order[cuts[inverse] : cuts[inverse + 1]])
    total = np.zeros(points.shape[1])
    rise = np.empty((blocks, points.shape[1]))
    for step, (start, stop) in enumerate(pairwise(cuts.tolist())):
        block, before = points[start:stop], total
        for _ in range(2):  # the second pass refines the rounding of the first
            total = total + inverse[step] @ (y[start:stop] - block @ total)
        rise[step] = total - before
    level = np.empty((blocks, points.shape[1]))
    level[:, :-1] = u
    level[0] = 0.0
    level[0, -1] = 1.0
    first = cuts[1:-1]
    level[1:, -1] = -(heights[first] / 2 + heights[first - 1] / 2)
    return _pairs(points, level, rise)


def staircase_units(frame: Frame, stairs: Staircase) -> Units:
    """The two ReLU units of every step, in an order that keeps rounding errors small."""
    used = np.flatnonzero(stairs.gain > 0)
    gain = stairs.gain[used]
    order = interleaved(len(used), 2)
    weight, bias = frame.plain(np.concatenate([stairs.over[used], stairs.under[used]])[order])
    return Units(weight, bias, np.concatenate([gain, -gain])[order])


def _inverses(points: Floats, cuts: Integers, least: float) -> list[Floats] | int:
    """Least-norm inverse (D, s) of every block of lifted points, or a dependent block's number."""
    inverses: list[Floats] = [np.empty((0, 0))] * (len(cuts) - 1)
    sizes = np.diff(cuts)
    for size in np.unique(sizes):
        which = np.flatnonzero(sizes == size)
        block = points[cuts[which, None] + np.arange(size)]
        q, r = np.linalg.qr(block.transpose(0, 2, 1))
        # |r_jj| is the distance of the lifted point j from the span of those before it.
        distance = np.abs(np.diagonal(r, axis1=1, axis2=2)).min(axis=1)
        if distance.min() <= least:
            return int(which[distance.argmin()])
        # P' = Q R, so Q R'^-1 is the least-norm right inverse of P.
        solved = q @ np.linalg.inv(r).transpose(0, 2, 1)
        for place, one in zip(which, solved, strict=True):
            inverses[place] = one
    return inverses


def _pairs(points: Floats, level: Floats, rise: Floats) -> Staircase:
    """The largest steps that no point forbids."""
    up, down = np.empty(len(level)), np.empty(len(level))
    step = max(1, _CHUNK // len(points))
    for start in range(0, len(level), step):
        part = slice(start, start + step)
        h = points @ level[part].T
        with np.errstate(divide="ignore", invalid="ignore"):
            r = (points @ rise[part].T) / h
        r = np.where(h == 0, np.inf, r)  # two points share a height: this direction is no use
        up[part], down[part] = np.maximum(-r.min(axis=0), 0), np.maximum(r.max(axis=0), 0)
    least = np.maximum(up, down) / _LONGEST
    up, down = np.maximum(up, least), np.maximum(down, least)  # 1 / delta and 1 / delta'
    flat = least == 0
    with np.errstate(divide="ignore", invalid="ignore"):
        over, under = level + rise / up[:, None], level - rise / down[:, None]
        gain = np.where(flat, 0.0, 1 / (1 / up + 1 / down))
    return Staircase(over, under, gain)
