r"""The closest of the pairs that a search offers, compared exactly.

A squared distance is a dyadic number. It is computed in float64 first, from the differences of the
coordinates; pairs that its error of at most $(d + 4) 2^{-53}$ (relative) cannot tell from the
closest one are compared in integers of any length.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from rote.exact.dyadic import to_integers
from rote.typing import Array, Floats, Integers

__all__ = ["ClosestPair", "square_root"]

_CHUNK = 1 << 17
"""Numbers handled at a time, 1 MB: the copies stay in cache. Ours."""

_TINY = 2.0**-1060
"""More than the error of a distance near the smallest floats, for up to 2^28 features. Ours."""


class ClosestPair:
    """The closest pair so far.

    Attributes:
        points: The points, shape (n, d).
        rows: Its row numbers, the smaller first; None before the first offer.
        squared: Its squared distance, exactly; None before the first offer.
        bound: A float that is at least a quarter of its distance; infinite at first.
    """

    def __init__(self, points: Array) -> None:
        """Start without a pair.

        Args:
            points: Shape (n, d), checked points.
        """
        self.rows: tuple[int, int] | None = None
        self.squared: Fraction | None = None
        self.bound = math.inf
        self.points = points
        self._error: float = (points.shape[1] + 4) * 2.0**-53

    def offer(self, a: Integers, b: Integers) -> None:
        """Consider the pairs of rows (a[i], b[i]); rows in a pair must differ.

        Args:
            a: Shape (m,).
            b: Shape (m,).
        """
        step = max(1, _CHUNK // self.points.shape[1])
        for begin in range(0, len(a), step):
            block = slice(begin, begin + step)
            quarters = self._quarters(a[block], b[block])
            self.bound = min(self.bound, self._above(float(quarters.min())))
            close = np.flatnonzero(quarters <= self._above(self.bound))
            if close.size:
                self._compare(a[block][close], b[block][close])

    def bound_in(self, exponent: int) -> float:
        """At least the distance, in units of 2^exponent."""
        with np.errstate(over="ignore"):
            return float(np.ldexp(self.bound, 2 - exponent))

    def squared_in(self, exponent: int) -> float:
        """The squared distance in units of 2^exponent, infinite before the first offer."""
        return math.inf if self.squared is None else float(self.squared / Fraction(4) ** exponent)

    def _above(self, quarter: float) -> float:
        """Above the true value of this one, and above what any smaller true value computes to."""
        return quarter * (1 + 2 * self._error) + _TINY

    def _quarters(self, a: Integers, b: Integers) -> Floats:
        """A quarter of each distance, for the difference of two large floats may overflow."""
        points = self.points
        difference = np.multiply(points[a], 0.25, dtype=np.float64)
        difference -= np.multiply(points[b], 0.25, dtype=np.float64)
        exponent = np.frexp(np.abs(difference).max(axis=1))[1]
        scaled = np.ldexp(difference, -exponent[:, None])  # so that no square overflows
        quarters: Floats = np.ldexp(np.sqrt(np.einsum("ij,ij->i", scaled, scaled)), exponent)
        return quarters

    def _compare(self, a: Integers, b: Integers) -> None:
        rows, position = np.unique(np.concatenate([a, b]), return_inverse=True)
        integers, exponent = to_integers(self.points[rows])
        first, second = position.reshape(2, -1)
        difference = integers[first] - integers[second]
        squares = (difference * difference).sum(axis=1)
        least = squares.min()
        squared = least * Fraction(4) ** exponent
        if self.squared is None or squared <= self.squared:
            tied = np.flatnonzero(squares == least)
            pairs = [self.rows] if self.squared == squared and self.rows else []
            ends = np.sort(np.stack([a[tied], b[tied]], axis=1), axis=1)
            pairs += [(i, j) for i, j in ends.tolist()]
            self.rows, self.squared = min(pairs), squared


def square_root(value: Fraction) -> float:
    """The square root of a fraction that is not negative, rounded to nearest.

    Args:
        value: The fraction.

    Returns:
        The float; infinite beyond the largest one.
    """
    product = value.numerator * value.denominator  # sqrt(p / q) = sqrt(p q) / q
    scale = max(0, 64 - product.bit_length() // 2)  # 64 bits and more before rounding
    root = math.isqrt(product << 2 * scale)
    rest = int(root * root != product << 2 * scale)
    try:
        # One more bit says that the root goes on, which matters half way between two floats.
        return (2 * root + rest) / (value.denominator << (scale + 1))
    except OverflowError:
        return math.inf
