"""How points spread over directions: coherence, and the operator norm of the Gram matrix."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rote.data.points import check_points
from rote.errors import DataError
from rote.typing import Array, Floats, Progress, no_progress

__all__ = ["Coherence", "OperatorNorm", "coherence", "operator_norm"]

_BLOCK = 1024
"""Rows multiplied at a time. Ours."""


@dataclass(frozen=True)
class Coherence:
    """The largest |cosine| of an angle between two points, seen from the origin.

    Attributes:
        value: The cosine's absolute value, within [0, 1]; 0 for one point.
        error: A bound of its rounding error.
        rows: Positions of two points with that cosine, the smaller first; None for one point.
    """

    value: float
    error: float
    rows: tuple[int, int] | None


@dataclass(frozen=True)
class OperatorNorm:
    """How long the points are together in their most common direction.

    Attributes:
        singular_value: The largest singular value of the matrix X of points, as rows.
        norm: Its square, the operator norm of X^T X; infinite beyond the largest float.
        omega: (d / n) times the norm: for unit rows at least 1, and 1 exactly for tight frames.
    """

    singular_value: float
    norm: float
    omega: float


def coherence(points: npt.ArrayLike, *, progress: Progress = no_progress) -> Coherence:
    r"""The coherence $\gamma = \max_{i < j} |x_i \cdot x_j| / (|x_i| |x_j|)$.

    Args:
        points: Shape (n, d), finite, none of them zero.
        progress: Called as ``progress("coherence", done, total)``.

    Returns:
        The coherence and a pair of rows.

    Raises:
        DataError: The points are no table of finite numbers, or one is zero and has no direction.

    >>> coherence([[1, 0], [0, 5], [3, 4]])
    Coherence(value=0.8, error=1.5543122344752192e-15, rows=(1, 2))
    """
    units = _unit_rows(check_points(points))
    n, d = units.shape
    value, rows = -1.0, None
    starts = range(0, n, _BLOCK)
    for done, i in enumerate(starts, start=1):
        for j in starts[done - 1 :]:
            cosines = np.abs(units[i : i + _BLOCK] @ units[j : j + _BLOCK].T)
            if i == j:
                cosines[np.tril_indices(len(cosines))] = -1.0
            largest = float(cosines.max())
            if largest > value:
                a, b = divmod(int(cosines.argmax()), cosines.shape[1])
                value, rows = largest, (i + a, j + b)
        progress("coherence", done, len(starts))
    # A dot product of d terms, and two rows that were divided by a norm of d squares each.
    return Coherence(min(max(value, 0.0), 1.0), (3 * d + 8) * 2.0**-53, rows)


def operator_norm(points: npt.ArrayLike) -> OperatorNorm:
    r"""The operator norm $\|X^T X\|$ of the points, and $\omega = (d / n) \|X^T X\|$.

    Theorems state it for unit rows; the points are taken as given here. It is the largest
    eigenvalue of the smaller one of $X^T X$ and $X X^T$, in float64.

    Args:
        points: Shape (n, d), finite.

    Returns:
        The norm, with a relative rounding error of the order of n + d units of 2^-53.

    Raises:
        DataError: The points are no table of finite numbers.

    >>> operator_norm([[1, 0], [0, 2]])
    OperatorNorm(singular_value=2.0, norm=4.0, omega=4.0)
    """
    from scipy.linalg import eigh

    checked = check_points(points)
    n, d = checked.shape
    exponent = _exponent(checked)
    tall = checked if n >= d else checked.T
    gram = np.zeros((tall.shape[1],) * 2)
    for start in range(0, len(tall), _BLOCK):
        block = np.ldexp(tall[start : start + _BLOCK].astype(np.float64), -exponent)
        gram += block.T @ block
    last = len(gram) - 1
    largest = float(eigh(gram, eigvals_only=True, subset_by_index=[last, last])[0])
    norm = _scaled(max(0.0, largest), 2 * exponent)
    return OperatorNorm(_scaled(math.sqrt(max(0.0, largest)), exponent), norm, d / n * norm)


def _unit_rows(points: Array) -> Floats:
    """Each row divided by its norm; by a power of two first, so that no square overflows."""
    rows: Floats = points.astype(np.float64)
    largest = np.abs(rows).max(axis=1)
    if not largest.all():
        row = int(np.argmin(largest != 0))
        raise DataError(
            f"Row {row} is zero and has no direction. Drop it, or shift the points.", [row]
        )
    rows = np.ldexp(rows, -np.frexp(largest)[1][:, None])
    rows /= np.sqrt(np.einsum("ij,ij->i", rows, rows))[:, None]
    return rows


def _exponent(points: Array) -> int:
    """The e such that the largest absolute value is in [2^(e-1), 2^e); 0 if all are zero."""
    return math.frexp(max(abs(float(points.min())), abs(float(points.max()))))[1]


def _scaled(value: float, exponent: int) -> float:
    try:
        return math.ldexp(value, exponent)
    except OverflowError:
        return math.inf
