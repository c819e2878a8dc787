r"""The closest pair by blocks of inner products: any number of features, two blocks in memory.

One matrix product gives the squared distances $|x|^2 + |y|^2 - 2 x \cdot y$ of a block of points to
another: the rows are $(-2x, |x|^2, 1)$ and $(y, 1, |y|^2)$. Rounding makes an absolute error of at
most $4 (d + 8) 2^{-53} (|x|^2 + |y|^2)$: a sum of d + 2 products has a relative error of
$(d + 2) 2^{-53}$ of the sum of its terms' sizes, which is at most $2 (|x|^2 + |y|^2)$; the norms
carry $d 2^{-53}$ and the shift of the points to their centre 4 units more. Every pair within that
error of the best is offered to :class:`ClosestPair`, which decides. Points are sorted by norm, so
that a block pair whose norms differ by more than the best distance is skipped.
"""

from __future__ import annotations

import numpy as np

from rote.data.closest import ClosestPair
from rote.data.scaling import Scaled, scaled
from rote.typing import Array, Codes, Floats, Integers, Progress

__all__ = ["search_by_products"]

_BLOCK = 1024
"""Points in a block: its 8 MB of distances are still in cache when the least is taken. Ours."""

_UNDERFLOW = 2.0**-1000
"""More than all that underflow can take from a squared distance in working units. Ours."""

_FINITE = float(np.finfo(np.float64).max)
"""Below the infinite distance that excludes a pair."""


def search_by_products(closest: ClosestPair, codes: Codes | None, progress: Progress) -> None:
    """Offer the closest pair of points, or of points with different codes.

    Args:
        closest: Takes the offers; its points are searched.
        codes: Shape (n,), at least two different ones; or None.
        progress: Called as ``progress("separation", done, total)``.
    """
    search = _Search(closest, codes)
    blocks = search.blocks()
    done, total = 0, len(blocks) * (len(blocks) + 1) // 2
    for i, block in enumerate(blocks):
        search.compare(block, blocks[i:])
        done += len(blocks) - i
        progress("separation", done, total)


class _Search:
    """The state of a search: units, norms and order of the points."""

    def __init__(self, closest: ClosestPair, codes: Codes | None) -> None:
        self.closest = closest
        self.codes = codes
        self.units = scaled(closest.points)
        self.norms = _norms(self.units)
        self.roots = np.sqrt(self.norms)
        # Of a squared distance, relative to the sum of the squared norms; more than that of a norm.
        self.error: float = 4 * (closest.points.shape[1] + 8) * 2.0**-53

    def blocks(self) -> list[Integers]:
        """Row numbers, by code and norm; the neighbours in norm are offered on the way."""
        order = np.argsort(self.norms, kind="stable")
        a, b = order[:-1], order[1:]
        if self.codes is not None:
            differ = self.codes[a] != self.codes[b]
            a, b = a[differ], b[differ]
            order = np.lexsort((self.norms, self.codes))
        self.closest.offer(a, b)
        return [order[start : start + _BLOCK] for start in range(0, len(order), _BLOCK)]

    def compare(self, one: Integers, others: list[Integers]) -> None:
        """Offer the pairs of a block and others that may be closest."""
        left: Array | None = None
        for other in others:
            if self._same_code(one, other) or self._too_far(one, other):
                continue
            left = self._factor(one, left=True) if left is None else left
            distances = left @ self._factor(other, left=False).T
            limit = self._limit(one, other)
            if float(distances.min()) <= limit:
                self._exclude(distances, one, other)
                a, b = self._close(distances, limit)
                self.closest.offer(one[a], other[b])

    def _factor(self, rows: Integers, *, left: bool) -> Array:
        """The block as left or right factor of a matrix of squared distances."""
        d = len(self.units.centre)
        factor = np.empty((len(rows), d + 2), self.units.dtype)
        factor[:, :d] = self.units.block(rows)
        if left:
            factor[:, :d] *= -2
        factor[:, d + (not left)] = self.norms[rows]
        factor[:, d + left] = 1
        return factor

    def _close(self, distances: Array, limit: float) -> tuple[Integers, Integers]:
        """Positions of the pairs to offer; where distances are exact, one least is enough."""
        if not self.units.exact:
            a, b = np.nonzero(distances <= limit)
            return a, b
        least = int(distances.argmin())
        found = np.array([least] if float(distances.flat[least]) <= limit else [], dtype=np.int64)
        return found // distances.shape[1], found % distances.shape[1]

    def _exclude(self, distances: Array, one: Integers, other: Integers) -> None:
        """Take out a point with itself, and points with equal codes."""
        if self.codes is not None:
            a, b = self.codes[one], self.codes[other]
            if a[-1] >= b[0]:  # codes ascend from block to block
                distances[a[:, None] == b] = np.inf
        elif one is other:
            np.fill_diagonal(distances, np.inf)

    def _same_code(self, one: Integers, other: Integers) -> bool:
        return self.codes is not None and bool(self.codes[one[0]] == self.codes[other[-1]])

    def _too_far(self, one: Integers, other: Integers) -> bool:
        """Whether the norms differ by more than the best distance."""
        a, b = self.roots[one], self.roots[other]
        gap = max(b.min() - a.max(), a.min() - b.max())
        return bool(
            gap - self.error * (a.max() + b.max())
            > self.closest.bound_in(self.units.exponent) * (1 + 2.0**-40)
        )

    def _limit(self, one: Integers, other: Integers) -> float:
        """What the computed squared distance of a pair may be that is to be offered; finite."""
        if self.units.exact:
            return min(self.closest.squared_in(self.units.exponent) - 0.5, _FINITE)
        best = self.closest.bound_in(self.units.exponent)
        rounding = self.error * float(self.norms[one].max() + self.norms[other].max())
        return min(best * best * (1 + 2.0**-40) + rounding + _UNDERFLOW, _FINITE)


def _norms(units: Scaled) -> Floats:
    """Squared norms in working units."""
    n = len(units.points)
    norms = np.empty(n)
    for start in range(0, n, _BLOCK):
        block = units.block(slice(start, start + _BLOCK))
        norms[start : start + _BLOCK] = np.einsum("ij,ij->i", block, block)
    return norms
