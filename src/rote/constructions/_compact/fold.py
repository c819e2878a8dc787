r"""Folding: how integer projections become the parts of an address.

Folding a value v of [0, 2^(L+1) T) at 2^L T, then at half of that and so on, L times, leaves its
distance to the nearest odd multiple of 2T, a triangle wave:

    tau = | v mod 4T - 2T |.

All v are odd, so tau is odd too, one of T values, each hit equally often: the part is (tau - 1)/2.
Doubling after each fold makes all L layers equal, so that a file stores them once.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import gcd
from typing import final

import numpy as np

from rote.typing import Integers

__all__ = ["Fold", "draw_fold"]

_LARGEST = 1 << 24
"""Bound of the values that are folded."""


@final
@dataclass(frozen=True, eq=False)
class Fold:
    """Combinations of projections, each folded to a range of its own.

    Attributes:
        combinations: Coefficients with odd sums, shape (parts, projections).
        shifts: Added multiples of 2^levels, shape (parts,).
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
        v = np.full(len(projections), int(self.shifts[i]) << self.levels)
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
    while True:
        unit = 1 << levels
        lowest = -(-below // unit)
        highest = 2 * period - -(-above // unit)
        if np.all(lowest <= highest):
            break
        levels += 1
    if int(period.max()) << (levels + 1) > _LARGEST:
        return None
    shifts = rng.integers(lowest, highest + 1)
    return Fold(combinations, shifts, period, levels)


def _combinations(
    parts: int, projections: int, ranges: Integers, rng: np.random.Generator
) -> Integers:
    """Different coefficient vectors with odd sums, the smallest for the smallest ranges."""
    if projections >= parts:
        return np.eye(parts, projections, dtype=np.int64)
    reach = 2 if projections > 2 else 4
    vectors = [
        v
        for v in product(range(-reach, reach + 1), repeat=projections)
        if sum(v) % 2 and gcd(*v) == 1 and next(c for c in v if c) > 0
    ]
    order = rng.permutation(len(vectors))
    vectors = sorted((vectors[i] for i in order), key=lambda v: sum(map(abs, v)))
    combinations = np.empty((parts, projections), np.int64)
    combinations[np.argsort(ranges, kind="stable")] = vectors[:parts]
    return combinations
