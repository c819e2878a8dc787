r"""Folding: how integer projections become the parts of an address.

Folding a value v of [0, 2^(L+1) T) at 2^L T, then at half of that and so on, L times, leaves its
distance to the nearest odd multiple of 2T, a triangle wave:

    tau = | v mod 4T - 2T |.

All v are odd, so tau is odd too, one of T values, each hit equally often: the part is (tau - 1)/2.
Doubling after each fold makes all L layers equal, so that a file stores them once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import product
from math import gcd
from typing import final

import numpy as np

from rote.typing import Integers

__all__ = ["Fold", "draw_fold", "smallest_sizes"]

_LARGEST = 1 << 24
"""Bound of the values that are folded."""


@final
@dataclass(frozen=True, eq=False)
class Fold:
    """Combinations of projections, each folded to a range of its own.

    Attributes:
        combinations: Coefficients with odd sums, shape (parts, projections).
        shifts: Added even integers, shape (parts,).
        ranges: Range T of each part, shape (parts,).
        levels: Number of folds L.
    """

    combinations: Integers
    shifts: Integers
    ranges: Integers
    levels: int

    def __call__(self, projections: Integers) -> Integers:
        """The parts of addresses, each from 0 to T - 1.

        Args:
            projections: Odd integers, shape (n, projections).

        Returns:
            Shape (parts, n).
        """
        parts = np.empty((len(self.ranges), len(projections)), np.int64)
        for i in range(len(self.ranges)):
            parts[i] = self.part(i, projections)
        return parts

    def part(self, i: int, projections: Integers) -> Integers:
        """One part of all addresses, shape (n,)."""
        v = np.full(len(projections), int(self.shifts[i]))
        for j in np.flatnonzero(self.combinations[i]):
            v += int(self.combinations[i, j]) * projections[:, j]
        period = int(self.ranges[i])
        part: Integers = (np.abs(v % (4 * period) - 2 * period) - 1) >> 1
        return part


def draw_fold(
    largest: Integers, ranges: tuple[int, ...], rng: np.random.Generator, levels: int = 1
) -> Fold | None:
    """Draw the combinations and shifts.

    Args:
        largest: Largest value of each projection, shape (projections,).
        ranges: Range of each part.
        rng: Source of randomness.
        levels: Fewest folds.

    Returns:
        The fold; None if the values to fold would be too large.
    """
    period = np.array(ranges)
    combinations = _combinations(len(ranges), len(largest), period, rng)
    above = np.where(combinations > 0, combinations, 0) @ largest
    below = np.where(combinations < 0, -combinations, 0) @ largest
    while np.any(above + below >= period << (levels + 1)):
        levels += 1
    if int(period.max()) << (levels + 1) > _LARGEST:
        return None
    # Halves of even shifts, so that the values lie between 0 and 2^(levels + 1) T.
    shifts = 2 * rng.integers((below + 1) // 2, ((period << (levels + 1)) - above) // 2 + 1)
    return Fold(combinations, shifts, period, levels)


def smallest_sizes(parts: int, projections: int) -> list[int]:
    """Absolute sums of the coefficients of so many parts, from the smallest range on."""
    if projections >= parts:
        return [1] * parts
    return [int(size) for size in np.sort(_vectors(projections)[1])[:parts]]


def _combinations(
    parts: int, projections: int, ranges: Integers, rng: np.random.Generator
) -> Integers:
    """Different coefficient vectors with odd sums, the smallest for the smallest ranges."""
    if projections >= parts:
        return np.eye(parts, projections, dtype=np.int64)
    vectors, sizes = _vectors(projections)
    order = rng.permutation(len(vectors))
    smallest = order[np.argsort(sizes[order], kind="stable")[:parts]]
    combinations = np.empty((parts, projections), np.int64)
    combinations[np.argsort(ranges, kind="stable")] = vectors[smallest]
    return combinations


@cache
def _vectors(projections: int) -> tuple[Integers, Integers]:
    """Coefficient vectors with odd sums, none a multiple of another, and their absolute sums."""
    reach = 2 if projections > 2 else 4
    vectors = np.array(
        [
            v
            for v in product(range(-reach, reach + 1), repeat=projections)
            if sum(v) % 2 and gcd(*v) == 1 and next(c for c in v if c) > 0
        ]
    )
    return vectors, np.abs(vectors).sum(axis=1)
