r"""Bands: pairs of parallel hyperplanes that hold a block of points between them.

A block of at most d points in general position lies on a hyperplane that holds no other point, so
two parallel threshold units see the block alone [baum1988]. What limits such networks in floats is
not the weights, which are O(1), but how close the other points come: a pre-activation
$w \cdot x - c$ is decided in every evaluation only if it exceeds the bound of its rounding error.
So a band is chosen by its *safety*, the least ratio of the two over all points that matter, with w
already rounded to the network's dtype. Two measures, both ours:

* A block of fewer than d points leaves freedom. Points that come too close are pushed away by the
  smallest change of the hyperplane that does so, a least-norm solution in the free directions.
* Only points with the other label must stay outside. Each threshold is the middle of the largest
  gap between the block and the first such point.

Many blocks are fitted at a time, as products of matrices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rote.constructions._gadgets.flat import Flat
from rote.typing import Floats, Integers

__all__ = ["Band", "fit_bands"]

_GOAL = 2.0
"""Safety that points are pushed to; above 1 a band is safe. Ours."""
_DRAWS = 3
"""Hyperplanes tried for a block that leaves freedom. Ours."""
_PUSHES = 6
"""Rounds of pushing points away from a hyperplane. Ours."""
_LARGEST_PUSH = 0.5
"""Longest change of a hyperplane of norm 1. Ours."""
_NUMBERS = 1 << 18
"""Numbers in one table of bands and points: 2 MB. Ours."""


@dataclass(frozen=True, eq=False)
class Band:
    """The points between two parallel hyperplanes: low < w . x <= high.

    Attributes:
        w: Normal, shape (d,), in values of the network's dtype.
        low: Lower threshold, a value of the dtype.
        high: Upper threshold, a value of the dtype.
        safety: Least ratio of |w . x - threshold| to its rounding bound; safe above 1, and 0 or
            less if the band does not hold its block alone.
        closest: The point of the other label for which the ratio is least.
    """

    w: Floats
    low: float
    high: float
    safety: float
    closest: int


def fit_bands(
    flat: Flat, blocks: Sequence[Integers], outside: int, rng: np.random.Generator
) -> list[Band]:
    """The safest of a few bands around each block.

    Args:
        flat: All points, those of the other label first.
        blocks: Positions of the points of each block, at most as many as the flat has dimensions.
        outside: How many points have the other label, at least one.
        rng: Draws hyperplanes where a block leaves a choice.

    Returns:
        The bands.
    """
    step = max(1, _NUMBERS // len(flat.points))
    return [
        band
        for k in range(0, len(blocks), step)
        for band in _best(flat, blocks[k : k + step], outside, rng)
    ]


def _best(
    flat: Flat, blocks: Sequence[Integers], outside: int, rng: np.random.Generator
) -> list[Band]:
    spans = [np.linalg.qr(flat.lifted[block].T)[0] for block in blocks]
    best = _bands(flat, _planes(flat, blocks, spans, outside, rng), blocks, outside)
    for _ in range(_DRAWS - 1):
        again = [
            k for k, band in enumerate(best) if band.safety <= 1 and len(blocks[k]) < flat.dimension
        ]
        if not again:
            break
        some = [blocks[k] for k in again]
        planes = _planes(flat, some, [spans[k] for k in again], outside, rng)
        for k, band in zip(again, _bands(flat, planes, some, outside), strict=True):
            if band.safety > best[k].safety:
                best[k] = band
    return best


def _planes(
    flat: Flat,
    blocks: Sequence[Integers],
    spans: Sequence[Floats],
    outside: int,
    rng: np.random.Generator,
) -> Floats:
    """A hyperplane through each block, rows of r + 1 numbers, with other points pushed away."""
    planes = rng.standard_normal((len(blocks), flat.dimension + 1))
    planes = np.stack([_free(row, span) for row, span in zip(planes, spans, strict=True)])
    planes /= np.linalg.norm(planes, axis=1, keepdims=True)
    movable = [k for k, block in enumerate(blocks) if len(block) < flat.dimension]
    if not movable:
        return planes
    # Planes through the middle of the data have constants no larger than their sums; half way to
    # another point the threshold must be safe for the block's own points, too.
    goal = flat.rounding(planes[movable, :-1] @ flat.basis.T)
    for row, k in zip(goal, movable, strict=True):
        row[:] = 2 * _GOAL * np.maximum(row, row[blocks[k]].max())
        row[blocks[k]] = 0.0
    for _ in range(_PUSHES):
        height = planes[movable] @ flat.lifted.T
        moved = []
        for k, h, wanted in zip(movable, height, goal, strict=True):
            change = _push(flat, h, wanted, spans[k], outside)
            moved.append(change is not None)
            if change is not None:
                planes[k] += change
        movable, goal = [k for k, m in zip(movable, moved, strict=True) if m], goal[moved]
        if not movable:
            break
    return planes


def _free(vectors: Floats, span: Floats) -> Floats:
    """The part of each row that is orthogonal to a block; twice, so that nothing else is left."""
    for _ in range(2):
        vectors = vectors - (vectors @ span) @ span.T
    return vectors


def _push(flat: Flat, height: Floats, goal: Floats, span: Floats, outside: int) -> Floats | None:
    """The least change of a plane so that other points keep away; None if there is none to make."""
    freedom = flat.dimension + 1 - span.shape[1]
    # All other points if there is freedom enough, else those of the other label.
    close = np.flatnonzero(np.abs(height) < goal)
    if close.size >= freedom / 2:
        close = close[close < outside]
    if not 0 < close.size < freedom:
        return None
    wanted = np.where(height[close] < 0, -1.5, 1.5) * goal[close] - height[close]
    least = np.linalg.lstsq(_free(flat.lifted[close], span), wanted, rcond=None)[0]
    change = np.asarray(least, np.float64)
    # One that is too long means that some point lies in the flat of the block.
    return _free(change, span) if np.linalg.norm(change) <= _LARGEST_PUSH else None


def _bands(flat: Flat, planes: Floats, blocks: Sequence[Integers], outside: int) -> list[Band]:
    """Thresholds on both sides of each plane, and how safe they are."""
    w = (planes[:, :-1] @ flat.basis.T).astype(flat.dtype).astype(np.float64)
    t = w @ flat.points.T
    ends = np.array([[row[b].min(), row[b].max()] for row, b in zip(t, blocks, strict=True)])
    high = _thresholds(t, ends[:, 1:], outside, flat.dtype)
    low = -_thresholds(-t, -ends[:, :1], outside, flat.dtype)
    room = np.minimum(t - low, high - t)  # within the band; -room is how far outside
    np.negative(room[:, :outside], out=room[:, :outside])
    room /= flat.rounding(w, np.maximum(np.abs(low), np.abs(high)))
    own = [row[b].min() for row, b in zip(room, blocks, strict=True)]
    others = np.abs(room[:, outside:], out=room[:, outside:]).min(axis=1)
    closest = room[:, :outside].argmin(axis=1)
    least = np.minimum(np.minimum(own, others), room[np.arange(len(room)), closest])
    return [Band(*band) for band in zip(w, low[:, 0], high[:, 0], least, closest, strict=True)]


def _thresholds(t: Floats, start: Floats, outside: int, dtype: str) -> Floats:
    """For each row the middle of the largest gap between a height and what must be above it.

    Args:
        t: Heights of the points, shape (m, n), those that must be above first.
        start: The heights to start from, shape (m, 1).
        outside: How many points must not be between.
        dtype: The network's arithmetic.

    Returns:
        Shape (m, 1).
    """
    m = len(t)
    stop = np.where(t[:, :outside] > start, t[:, :outside], np.inf).min(axis=1, keepdims=True)
    unbounded = np.flatnonzero(np.isinf(stop))
    if unbounded.size:
        largest, least = t[unbounded].max(axis=1), t[unbounded].min(axis=1)
        stop[unbounded, 0] = largest + np.where(largest > least, largest - least, 1.0)
    row, point = np.nonzero((t[:, outside:] > start) & (t[:, outside:] < stop))
    knot = np.concatenate([start[:, 0], t[row, point + outside], stop[:, 0]])
    row = np.concatenate([np.arange(m), row, np.arange(m)])
    order = np.lexsort((knot, row))
    row, knot = row[order], knot[order]
    last = np.flatnonzero(np.append(np.diff(row), 1))
    gap = np.append(np.diff(knot), 0.0)
    gap[last] = -1.0  # between two rows
    order = np.lexsort((-gap, row))
    widest = order[np.concatenate([[0], last[:-1] + 1])]
    middle = knot[widest] / 2 + knot[widest + 1] / 2
    return np.asarray(middle.astype(dtype).astype(np.float64)[:, None])
