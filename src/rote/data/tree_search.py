"""The closest pair by a k-d tree: for few features, where it looks at a few neighbours only.

The tree computes distances from differences of coordinates, with a relative error far below 2^-40;
all pairs within 2^-40 of the best are offered to :class:`ClosestPair`, which decides. Each query is
bounded by the best distance so far.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from rote.data.closest import ClosestPair
from rote.data.scaling import scaled
from rote.typing import Codes, Floats, Integers, Progress

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

__all__ = ["search_by_tree"]

_BLOCK = 1 << 14
"""Points in a query. Ours."""

_UNDERFLOW = 2.0**-500
"""More than all that underflow of squares can take from a distance in working units. Ours."""

_LAGS = (1, 2, 4, 8)
"""Distances in the order of the tree's leaves at which first pairs are tried. Ours."""


def search_by_tree(closest: ClosestPair, codes: Codes | None, progress: Progress) -> None:
    """Offer the closest pair of points, or of points with different codes.

    Two different codes differ in some bit. For each bit the points that have it are searched for
    neighbours of those that do not.

    Args:
        closest: Takes the offers; its points are searched.
        codes: Shape (n,), at least two different ones, none negative; or None.
        progress: Called as ``progress("separation", done, total)``.
    """
    search = _Search(closest)
    everything = np.arange(len(closest.points))
    parts = [[everything, everything]]
    if codes is not None:
        bits = [(codes >> k) & 1 == 1 for k in range(int(codes.max()).bit_length())]
        parts = [sorted((everything[bit], everything[~bit]), key=len) for bit in bits]
    done, total = 0, sum(len(sources) for sources, _ in parts)
    for sources, others in parts:
        for count in search.between(sources, others) if len(sources) else ():
            done += count
            progress("separation", done, total)


class _Search:
    """The state of a search: the points in working units."""

    def __init__(self, closest: ClosestPair) -> None:
        self.closest = closest
        units = scaled(closest.points)
        if not units.exact:  # without a shift, which would round
            units = replace(units, centre=np.zeros_like(units.centre))
        self.units = units
        self.points = units.block(slice(None))

    def between(self, sources: Integers, others: Integers) -> Iterator[int]:
        """Offer the closest pairs of one part to another, or to itself.

        Args:
            sources: Row numbers of the part whose neighbours are looked for.
            others: Row numbers of the part where they are looked for; may be the same array.

        Yields:
            How many points were done in each step.
        """
        from scipy.spatial import cKDTree

        tree = cKDTree(self.points[others])
        order = np.arange(len(sources))
        if sources is others:
            order = tree.indices  # by leaf, so that points near in this order are near in space
            for lag in _LAGS:
                self.closest.offer(others[order[lag:]], others[order[:-lag]])
        reach = np.full(len(sources), np.inf)
        for start in range(0, len(sources), _BLOCK):
            chunk = order[start : start + _BLOCK]
            reach[chunk], nearest = self._nearest(tree, sources[chunk], others)
            found = np.flatnonzero(reach[chunk] < np.inf)
            if self.units.exact and found.size:  # of equal distances one is enough
                found = found[[reach[chunk][found].argmin()]]
            self.closest.offer(sources[chunk][found], others[nearest[found]])
            yield len(chunk)
        if not self.units.exact:
            self._finish(tree, sources[reach <= self._limit()], others)

    def _nearest(self, tree: cKDTree, rows: Integers, others: Integers) -> tuple[Floats, Integers]:
        """Distance to and position of the nearest other point; infinite beyond the limit."""
        distance, nearest = tree.query(
            self.points[rows], k=[1, 2], distance_upper_bound=self._limit(), workers=-1
        )
        first = np.minimum(nearest[:, 0], len(others) - 1)
        second = (others[first] == rows).astype(np.int64)  # the point itself comes first
        own = np.arange(len(rows))
        return distance[own, second], nearest[own, second]

    def _finish(self, tree: cKDTree, rows: Integers, others: Integers) -> None:
        """Offer all pairs that rounding may have hidden behind one as close."""
        for start in range(0, len(rows), _BLOCK):
            chunk = rows[start : start + _BLOCK]
            balls = tree.query_ball_point(self.points[chunk], self._limit(), workers=-1)
            a = np.repeat(chunk, [len(ball) for ball in balls])
            b = others[np.concatenate(balls).astype(np.int64)]
            self.closest.offer(a[a != b], b[a != b])

    def _limit(self) -> float:
        """A distance in working units, above those of interest."""
        if self.units.exact and self.closest.squared is not None:
            return math.sqrt(max(0.0, self.closest.squared_in(self.units.exponent) - 0.5))
        return self.closest.bound_in(self.units.exponent) * (1 + 2.0**-40) + _UNDERFLOW
