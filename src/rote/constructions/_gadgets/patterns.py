"""Patterns: few cuts that tell all differently labelled points apart.

Random cuts are drawn a few at a time, and the one that leaves fewest pairs of differently labelled
points on one side of all cuts is kept. Where points are close together random cuts are slow to part
them, so some candidates pass between the two points of such a pair. Every cut that is kept parts at
least one pair, so that there is an end to it. Ours.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

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

Mask = npt.NDArray[np.bool_]


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
    groups = _Groups(np.zeros(data.n, np.int64), data.codes)
    pairs = left = groups.mixed_pairs()
    failed = 0
    while left:
        context.progress("cuts", pairs - left, pairs)
        cuts = _candidates(points, groups, rng)
        mixed = [groups.mixed_pairs(on) for on in cuts.on.T]
        best = int(np.argmin(mixed)) if mixed else -1
        if not mixed or mixed[best] == left:
            failed += 1
            if failed == _TRIES:
                raise _refusal(data, groups, context.dtype)
            continue
        kept.append(cuts[best : best + 1])
        groups, left, failed = groups.parted(kept[-1].on[:, 0]), mixed[best], 0
    return joined(*kept)


class _Groups:
    """Groups of points on one side of all cuts, as far as they hold several labels.

    Attributes:
        live: Points of such groups, in order.
        group: Their groups, numbered from 0.
        codes: Their class codes.
    """

    def __init__(self, group: Integers, codes: Integers) -> None:
        number = np.unique(group, return_inverse=True)[1]
        least = np.full(int(number.max()) + 1, codes.max() + 1)
        most = np.full(int(number.max()) + 1, -1)
        np.minimum.at(least, number, codes)
        np.maximum.at(most, number, codes)
        self._all = number, codes
        self.live = np.flatnonzero((least != most)[number])
        self.codes = codes[self.live]
        self.group = np.unique(number[self.live], return_inverse=True)[1]
        labels = int(codes.max()) + 1
        self._kind = np.unique(self.group * labels + self.codes, return_inverse=True)[1]

    def mixed_pairs(self, on: Mask | bool = False) -> int:
        """How many pairs share a group and no label, if a cut parts the groups."""
        side = np.broadcast_to(on, len(self._all[0]))[self.live]
        of_group, of_kind = (np.bincount(2 * k + side) for k in (self.group, self._kind))
        return int(np.square(of_group).sum() - np.square(of_kind).sum()) // 2

    def parted(self, on: Mask) -> _Groups:
        """The groups that a cut makes of these."""
        group, codes = self._all
        return _Groups(2 * group + on, codes)


def _candidates(points: Points, groups: _Groups, rng: np.random.Generator) -> Cuts:
    """Random cuts, and cuts between two differently labelled points of a group."""
    random = points.directions(_CANDIDATES, rng)
    share = rng.uniform(0.3, 0.7, _CANDIDATES)
    first = rng.integers(len(groups.live), size=_CANDIDATES)
    second = [
        rng.choice(np.flatnonzero((groups.group == groups.group[i]) & (groups.codes != c)))
        for i, c in zip(first, groups.codes[first], strict=True)
    ]
    a, b = groups.live[first], groups.live[second]
    normals = points.between(a, b)
    ends = np.stack([(points.values[i] * normals).sum(axis=1) for i in (a, b)])
    between = points.cut(normals, ends.min(axis=0), ends.max(axis=0))
    return joined(points.cut_near_ranks(random, share, _WINDOW), between)


def _refusal(data: DataSet, groups: _Groups, dtype: str) -> PrecisionError:
    other = (groups.group == groups.group[0]) & (groups.codes != groups.codes[0])
    i, j = groups.live[[0, int(other.argmax())]]
    a, b = int(data.rows[i]), int(data.rows[j])
    repair = "Use dtype='float64'." if dtype == "float32" else "Rescale the features."
    return PrecisionError(
        f"{dtype} cannot tell rows {a} and {b} apart by a threshold unit. {repair}", [a, b]
    )
