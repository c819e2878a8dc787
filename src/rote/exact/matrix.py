"""Matrices over the rational numbers, through FLINT: nothing here rounds.

Arguments are arrays of shape (rows, columns) of finite floats, of integers of any length, or of
Fractions; each entry is taken for the rational number that it is. Results are arrays of Fractions
or Python integers (dtype object).
"""

from __future__ import annotations

from fractions import Fraction

import flint
import numpy as np

from rote.errors import DataError, OptionError
from rote.typing import Array

__all__ = ["inverse", "null_space", "product", "rank", "solve"]


def product(a: Array, b: Array) -> Array:
    """The matrix product.

    Args:
        a: Shape (m, k).
        b: Shape (k, n).

    Returns:
        Fractions of shape (m, n).

    Raises:
        OptionError: The shapes do not fit, or an array is not a matrix.
        DataError: An entry is not a finite number.
    """
    left, right = _rationals(a), _rationals(b)
    if left.ncols() != right.nrows():
        raise OptionError(f"Shapes {a.shape} and {b.shape} do not multiply.")
    return _fractions(left * right)


def solve(a: Array, b: Array) -> Array | None:
    """The solution x of a x = b.

    Args:
        a: Shape (n, n).
        b: Shape (n,) or (n, k).

    Returns:
        Fractions of the shape of b, or None where a is singular.

    Raises:
        OptionError: The shapes do not fit.
        DataError: An entry is not a finite number.
    """
    right = b if b.ndim == 2 else b.reshape(-1, 1)
    if a.ndim != 2 or a.shape[0] != a.shape[1] or len(a) != len(right):
        raise OptionError(f"Shapes {a.shape} and {b.shape} are none of a square system.")
    try:
        x = _rationals(a).solve(_rationals(right))
    except ZeroDivisionError:
        return None
    return _fractions(x).reshape(b.shape)


def inverse(a: Array) -> Array | None:
    """The inverse matrix.

    Args:
        a: Shape (n, n).

    Returns:
        Fractions of shape (n, n), or None where a is singular.

    Raises:
        OptionError: The matrix is not square.
        DataError: An entry is not a finite number.
    """
    return solve(a, np.eye(len(a), dtype=np.int64))


def rank(a: Array) -> int:
    """The rank over the rational numbers.

    Fast for full rank (FLINT then stops at a rank modulo one prime); a matrix of lower rank takes
    n^3 operations on integers that grow to n times the bits of the entries.

    Args:
        a: Shape (m, n).

    Returns:
        The rank.

    Raises:
        OptionError: The array is not a matrix.
        DataError: An entry is not a finite number.
    """
    return int(_integers(a).rank())


def null_space(a: Array) -> Array:
    """A basis of the vectors v with a v = 0.

    Args:
        a: Shape (m, n).

    Returns:
        Python integers of shape (n - rank, n); each row is a basis vector without common divisor.

    Raises:
        OptionError: The array is not a matrix.
        DataError: An entry is not a finite number.
    """
    basis, nullity = _integers(a).nullspace()
    columns = np.array(basis.table(), dtype=object).T[:nullity]
    vectors = np.empty((nullity, a.shape[1]), dtype=object)
    for k, column in enumerate(columns):
        entries = [int(v) for v in column]
        divisor = int(np.gcd.reduce(np.array(entries, dtype=object)))
        vectors[k] = [v // divisor for v in entries]
    return vectors


def _rationals(array: Array) -> flint.fmpq_mat:
    if array.ndim != 2:
        raise OptionError(f"A matrix must have shape (rows, columns), not {array.shape}.")
    entries: list[flint.fmpq] = []
    for value in array.ravel().tolist():
        if not isinstance(value, int | float | Fraction):
            raise DataError(f"Entries must be numbers, not {type(value).__name__}.")
        try:
            entries.append(flint.fmpq(*value.as_integer_ratio()))
        except (OverflowError, ValueError):
            raise DataError(f"Entries must be finite, not {value}.") from None
    rows, columns = array.shape
    return flint.fmpq_mat(rows, columns, entries)


def _integers(array: Array) -> flint.fmpz_mat:
    """The matrix times the least common denominator of its entries."""
    numerators, _ = _rationals(array).numer_denom()
    return numerators


def _fractions(matrix: flint.fmpq_mat) -> Array:
    fractions = np.empty((matrix.nrows(), matrix.ncols()), dtype=object)
    fractions.ravel()[:] = [Fraction(int(q.p), int(q.q)) for q in matrix.entries()]
    return fractions
