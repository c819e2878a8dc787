"""Patterns: few cuts that tell all differently labelled points apart.

Random cuts are drawn a few at a time, and the one that leaves fewest pairs of differently labelled
points on one side of all cuts is kept. Where points are close together random cuts are slow to part
them, so some candidates pass between the two points of such a pair. Every cut that is kept parts at
least one pair, so that there is an end to it. Ours.
"""

from __future__ import annotations

import numpy as np

from rote.constructions._base import Context
from rote.constructions._gadgets.cuts import Cuts, Points, joined
from rote.data import DataSet
from rote.errors import PrecisionError
from rote.typing import Integers

__all__ = ["parting_cuts"]

_CANDIDATES = 8
"""Random cuts drawn for each that is kept, and as many between points. Ours."""
_WINDOW = 0.02
_TRIES = 20


def parting_cuts(data: DataSet, context: Context) -> Cuts:
    """Cuts with which no two differently labelled points have the same pattern.

    Args:
        data: Points with class labels, values of the dtype.
        context: Arithmetic, randomness, progress.

    Returns:
        The cuts, at least one.

    Raises:
        PrecisionError: The arithmetic cannot tell two differently labelled points apart.
    """
    assert data.codes is not None
    points, rng = Points.of(data.points, context.dtype), context.rng
    kept: list[Cuts] = []
    group = np.zeros(data.n, np.int64)
    live = np.arange(data.n)
    pairs = left = _mixed_pairs(group, data.codes)
    failed = 0
    while left:
        context.progress("cuts", pairs - left, pairs)
        cuts = _candidates(points, group, live, data.codes, rng)
        scores = [_mixed_pairs(2 * group[live] + on, data.codes[live]) for on in cuts.on[live].T]
        best = int(np.argmin(scores)) if scores else -1
        if not scores or scores[best] == left:
            failed += 1
            if failed == _TRIES:
                raise _refusal(data, group, live, context.dtype)
            continue
        kept.append(cuts[best : best + 1])
        left, failed = scores[best], 0
        group = np.unique(2 * group + kept[-1].on[:, 0], return_inverse=True)[1]
        live = _in_mixed_groups(group, data.codes)
    return joined(*kept)


def _candidates(
    points: Points, group: Integers, live: Integers, codes: Integers, rng: np.random.Generator
) -> Cuts:
    random = points.directions(_CANDIDATES, rng)
    share = rng.uniform(0.3, 0.7, _CANDIDATES)
    a = rng.choice(live, _CANDIDATES)
    b = np.array(
        [rng.choice(live[(group[live] == group[i]) & (codes[live] != codes[i])]) for i in a]
    )
    normals = points.between(a, b)
    ends = np.stack([(points.values[i] * normals).sum(axis=1) for i in (a, b)])
    between = points.cut(normals, ends.min(axis=0), ends.max(axis=0))
    return joined(points.cut_near_ranks(random, share, _WINDOW), between)


def _mixed_pairs(group: Integers, codes: Integers) -> int:
    """How many pairs share a group and not a label."""
    of_group = np.unique(group, return_counts=True)[1]
    of_label = np.unique(group * (int(codes.max()) + 1) + codes, return_counts=True)[1]
    return int(np.square(of_group).sum() - np.square(of_label).sum()) // 2


def _in_mixed_groups(group: Integers, codes: Integers) -> Integers:
    """The points that share a group with a point of another label."""
    least = np.full(int(group.max()) + 1, codes.max() + 1)
    most = np.full(int(group.max()) + 1, -1)
    np.minimum.at(least, group, codes)
    np.maximum.at(most, group, codes)
    return np.flatnonzero((least != most)[group])


def _refusal(data: DataSet, group: Integers, live: Integers, dtype: str) -> PrecisionError:
    assert data.codes is not None
    i = live[0]
    j = live[(group[live] == group[i]) & (data.codes[live] != data.codes[i])][0]
    a, b = int(data.rows[i]), int(data.rows[j])
    repair = "Use dtype='float64'." if dtype == "float32" else "Rescale the features."
    return PrecisionError(
        f"{dtype} cannot tell rows {a} and {b} apart by a threshold unit. {repair}", [a, b]
    )
