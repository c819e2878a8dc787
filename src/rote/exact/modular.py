r"""The rank of a matrix modulo a prime, through float64 matrix products.

A minor that is not zero modulo p is not zero, so **the rank modulo p is a lower bound of the rank
over the rational numbers**, for every prime p. It is smaller only where p divides every minor of
the largest order that does not vanish, which is improbable for a random large prime.

Elimination of columns in halves: the left half is eliminated, its multipliers are applied to the
right half by one matrix product, and the right half follows. Residues lie within p/2 + 4 of zero
and p is below 2^23, so that products of 256 residues sum up to less than 2^53, exactly, whatever
the order of summation.
"""

from __future__ import annotations

import flint
import numpy as np

from rote.errors import OptionError
from rote.exact.dyadic import significands, to_integers
from rote.typing import Array, Floats

__all__ = ["LARGEST_PRIME", "random_prime", "rank_modulo", "reduce", "residues"]

LARGEST_PRIME = 8_388_593
"""The largest prime below 2^23."""

_DEPTH = 256
"""Products summed up between two reductions: 256 (2^22 + 4)^2 + 2^22 + 4 < 2^53."""

_NARROW = 16
"""Columns that are eliminated one by one, and rows that are substituted one by one. Ours."""


def rank_modulo(matrix: Array, prime: int = LARGEST_PRIME) -> int:
    """The rank modulo a prime: at most the rank over the rational numbers.

    Takes about twice the memory of the matrix in float64 and the time of a float64 LU
    decomposition times a small factor.

    Args:
        matrix: Shape (m, n): integers of any length, or finite floats, whose denominators are
            powers of two and so have inverses modulo an odd prime.
        prime: An odd prime below 2^23.

    Returns:
        The rank modulo that prime.

    Raises:
        OptionError: Not a matrix, or not such a prime.
        DataError: An entry is not a finite number.
    """
    if matrix.ndim != 2:
        raise OptionError(f"A matrix must have shape (rows, columns), not {matrix.shape}.")
    if not 2 < prime <= LARGEST_PRIME or not flint.fmpz(prime).is_prime():
        raise OptionError(f"The modulus must be an odd prime below 2^23, not {prime}.")
    entries = residues(matrix, prime)
    if entries.shape[0] < entries.shape[1]:
        entries = np.ascontiguousarray(entries.T)
    return _Elimination(entries, prime).columns(0, entries.shape[1], 0)


def random_prime(rng: np.random.Generator) -> int:
    """A prime between 2^22 and 2^23, each of the 268 216 with the same probability.

    Args:
        rng: Source of randomness.

    Returns:
        The prime.
    """
    while True:
        candidate = int(rng.integers(1 << 22, 1 << 23))
        if flint.fmpz(candidate).is_prime():
            return candidate


class _Elimination:
    """Gaussian elimination of a matrix of residues, in place.

    Pivot number k comes to row k; ``lower`` keeps the multiples of its row that were subtracted
    from the rows below, with ones on the diagonal.
    """

    def __init__(self, a: Floats, prime: int) -> None:
        self.a = a
        self.lower = np.zeros((len(a), min(a.shape)))
        self.prime = prime

    def columns(self, left: int, right: int, row: int) -> int:
        """Eliminate columns ``left`` to ``right`` from ``row`` on; the number of pivots found."""
        if row == len(self.a):
            return 0
        if right - left <= _NARROW:
            return self._one_by_one(left, right, row)
        middle = (left + right) // 2
        found = self.columns(left, middle, row)
        if found:
            pivots, below = slice(row, row + found), slice(row + found, None)
            self._substitute(pivots, slice(middle, right))
            self._subtract(below, pivots, slice(middle, right))
        return found + self.columns(middle, right, row + found)

    def _one_by_one(self, left: int, right: int, row: int) -> int:
        p = self.prime
        panel = self.a[row:, left:right].T.copy()  # in cache, one line for each column
        k = 0
        for j in range(right - left):
            if k == panel.shape[1]:
                break
            pivot = k + int(np.argmax(panel[j, k:] != 0))
            if not panel[j, pivot]:
                continue
            if pivot != k:
                panel[:, [k, pivot]] = panel[:, [pivot, k]]
                here, there = row + k, row + pivot
                self.a[[here, there]] = self.a[[there, here]]
                self.lower[[here, there], :here] = self.lower[[there, here], :here]
            factor = panel[j, k + 1 :] * pow(int(panel[j, k]), -1, p)
            reduce(factor, p)
            self.lower[row + k, row + k] = 1
            self.lower[row + k + 1 :, row + k] = factor
            rest = panel[j + 1 :, k + 1 :]
            rest -= np.outer(panel[j + 1 :, k], factor)
            reduce(rest, p)
            k += 1
        self.a[row:, left:right] = panel.T
        return k

    def _substitute(self, pivots: slice, columns: slice) -> None:
        """Divide the pivot rows by the lower triangle of their multipliers."""
        start, stop = pivots.start, pivots.stop
        if stop - start <= _NARROW:
            for k in range(start + 1, stop):
                self._subtract(slice(k, k + 1), slice(start, k), columns)
            return
        middle = (start + stop) // 2
        self._substitute(slice(start, middle), columns)
        self._subtract(slice(middle, stop), slice(start, middle), columns)
        self._substitute(slice(middle, stop), columns)

    def _subtract(self, rows: slice, pivots: slice, columns: slice) -> None:
        """Subtract the multiples of the pivot rows from other rows."""
        for k in range(pivots.start, pivots.stop, _DEPTH):
            part = slice(k, min(k + _DEPTH, pivots.stop))
            target = self.a[rows, columns]
            target -= self.lower[rows, part] @ self.a[part, columns]
            reduce(target, self.prime)


def reduce(x: Floats, prime: int) -> None:
    """Replace integers below 2^53 in absolute value by residues next to zero, in place.

    The quotient below is off by less than 2^-21, so its rounding picks the wrong neighbour only
    where both residues are within 4 of p/2; and a multiple of p always becomes 0.

    Args:
        x: Integers as float64, any shape.
        prime: A prime below 2^23.
    """
    quotient = x * (1 / prime)
    np.rint(quotient, out=quotient)
    quotient *= prime
    x -= quotient


def residues(matrix: Array, prime: int) -> Floats:
    """Residues within p/2 + 4 of zero of dyadic numbers.

    Args:
        matrix: Integers of any length, or finite floats, any shape.
        prime: An odd prime below 2^23.

    Returns:
        Integers as float64, of the same shape.

    Raises:
        DataError: An entry is not a finite number.
    """
    found: Floats
    if matrix.dtype.kind == "f":
        m, e = significands(matrix)
        lowest = int(e.min(initial=0))
        powers = [pow(2, k, prime) for k in range(lowest, int(e.max(initial=0)) + 1)]
        # Both factors stay below 2^23, their product below 2^46.
        found = (m % prime * np.array(powers)[e - lowest] % prime).astype(np.float64)
    elif matrix.dtype.kind in "biu":
        wide = np.uint64 if matrix.dtype == np.uint64 else np.int64
        found = (matrix.astype(wide) % wide(prime)).astype(np.float64)
    else:
        found = (to_integers(matrix, 0)[0] % prime).astype(np.float64)
    reduce(found, prime)
    return found
