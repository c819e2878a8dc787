"""Patterns: few cuts that tell all differently labelled points apart.

Random cuts are drawn a few at a time, and the one that leaves fewest pairs of differently labelled
points on one side of all cuts is kept. Where points are close together random cuts are slow to part
them, so some candidates pass between the two points of such a pair. Every cut that is kept parts at
least one pair, so that there is an end to it. On a line the cuts are those between neighbours with
different labels: none can be spared. Ours.
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
"""Draws without a cut that parts a pair, or without a random one, that refuse the points. Ours."""
_UNIT = "a threshold unit"
_SCARCE = "the few threshold units that it holds between so many points"

Mask = npt.NDArray[np.bool_]


def parting_cuts(data: DataSet, context: Context, given: Cuts | None = None) -> Cuts:
    """Cuts with which no two differently labelled points have the same pattern.

    Args:
        data: Points with class labels, values of the dtype.
        context: Arithmetic, randomness, progress.
        given: Cuts of these points to begin with.

    Returns:
        The given cuts and others; none if all labels are equal.

    Raises:
        PrecisionError: The arithmetic cannot tell two differently labelled points apart, or holds
            too few cuts for so many points.
    """
    assert data.codes is not None
    points = Points.of(data.points, context.dtype)
    cuts = _no_cuts(points) if given is None else given
    groups = _Groups(np.unique(cuts.on, axis=0, return_inverse=True)[1].ravel(), data.codes)
    if np.count_nonzero(points.varies) == 1:
        return joined(cuts, _line_cuts(data, points, groups))
    return joined(cuts, *_chosen_cuts(data, points, groups, context))


def _no_cuts(points: Points) -> Cuts:
    return points.cut(np.zeros((0, len(points.varies))), np.zeros(0), np.zeros(0))


def _line_cuts(data: DataSet, points: Points, groups: _Groups) -> Cuts:
    """Cuts between neighbours of one group with different labels."""
    normal = points.varies.astype(np.float64)
    order = np.argsort(points.values @ normal)
    codes, group = groups.codes_of_all[order], groups.group_of_all[order]
    at = np.flatnonzero((codes[1:] != codes[:-1]) & (group[1:] == group[:-1]))
    low, high = order[at], order[at + 1]
    ends = points.values[:, points.varies][:, 0]
    cuts = points.cut(np.tile(normal, (len(at), 1)), ends[low], ends[high])
    if len(cuts) < len(at):
        wrong = (cuts.on[low] == cuts.on[high]).all(axis=1).argmax()
        raise _refusal(data, int(low[wrong]), int(high[wrong]), points.dtype, _UNIT)
    return cuts


def _chosen_cuts(data: DataSet, points: Points, groups: _Groups, context: Context) -> list[Cuts]:
    """Cuts that part most pairs of a few candidates, until all pairs are parted."""
    kept: list[Cuts] = []
    pairs = left = groups.mixed_pairs()
    failed = drawn = random = 0
    while left:
        context.progress("cuts", pairs - left, pairs)
        normal, between = _candidates(points, groups, context.rng)
        cuts = joined(normal, between)
        drawn, random = drawn + 1, random + len(normal)
        mixed = [groups.mixed_pairs(on) for on in cuts.on.T]
        best = int(np.argmin(mixed)) if mixed else -1
        failed = failed + 1 if not mixed or mixed[best] == left else 0
        # Cuts at the border of the points part few pairs: where all others fail there is no end.
        scarce = drawn == _TRIES and not random and left > pairs / 2
        if failed == _TRIES or scarce:
            i = int(groups.live[0])
            other = (groups.group == groups.group[0]) & (groups.codes != groups.codes[0])
            j = int(groups.live[other.argmax()])
            raise _refusal(data, i, j, points.dtype, _SCARCE if scarce else _UNIT)
        if not failed:
            kept.append(cuts[best : best + 1])
            groups, left = groups.parted(kept[-1].on[:, 0]), mixed[best]
    return kept


class _Groups:
    """Groups of points on one side of all cuts, as far as they hold several labels.

    Attributes:
        live: Points of such groups, in order.
        group: Their groups, numbered from 0.
        codes: Their class codes.
        group_of_all: Groups of all points.
        codes_of_all: Class codes of all points.
    """

    def __init__(self, group: Integers, codes: Integers) -> None:
        number = np.unique(group, return_inverse=True)[1]
        least = np.full(int(number.max()) + 1, codes.max() + 1)
        most = np.full(int(number.max()) + 1, -1)
        np.minimum.at(least, number, codes)
        np.maximum.at(most, number, codes)
        self.group_of_all, self.codes_of_all = number, codes
        self.live = np.flatnonzero((least != most)[number])
        self.codes = codes[self.live]
        self.group = np.unique(number[self.live], return_inverse=True)[1]
        labels = int(codes.max()) + 1
        self._kind = np.unique(self.group * labels + self.codes, return_inverse=True)[1]

    def mixed_pairs(self, on: Mask | bool = False) -> int:
        """How many pairs share a group and no label, if a cut parts the groups."""
        side = np.broadcast_to(on, len(self.group_of_all))[self.live]
        of_group, of_kind = (np.bincount(2 * k + side) for k in (self.group, self._kind))
        return int(np.square(of_group).sum() - np.square(of_kind).sum()) // 2

    def parted(self, on: Mask) -> _Groups:
        """The groups that a cut makes of these."""
        return _Groups(2 * self.group_of_all + on, self.codes_of_all)


def _candidates(points: Points, groups: _Groups, rng: np.random.Generator) -> tuple[Cuts, Cuts]:
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
    return points.cut_near_ranks(random, share, _WINDOW), between


def _refusal(data: DataSet, i: int, j: int, dtype: str, units: str) -> PrecisionError:
    a, b = int(data.rows[i]), int(data.rows[j])
    repair = "Use dtype='float64'." if dtype == "float32" else "Rescale the features."
    return PrecisionError(
        f"{dtype} cannot tell rows {a} and {b} apart by {units}. {repair}", [a, b]
    )
