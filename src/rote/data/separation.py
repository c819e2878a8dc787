"""Separation: the least distance between points, with the two rows, exactly."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from rote.data.closest import ClosestPair, square_root
from rote.data.duplicates import group_equal_rows
from rote.data.gram_search import search_by_products
from rote.data.points import check_points
from rote.data.tree_search import search_by_tree
from rote.errors import DataError
from rote.typing import Array, Codes, Progress, no_progress

__all__ = ["Separation", "label_separation", "separation"]

_TREE_FEATURES = 12
"""Up to so many features a tree finds neighbours faster than matrix products. Ours, measured."""


@dataclass(frozen=True)
class Separation:
    """The least distance between two points.

    Attributes:
        distance: The distance, the exact one rounded to nearest; infinite where there is no pair,
            and beyond the largest float.
        squared: Its square, exactly, or None where there is no pair.
        rows: Positions in the array of points of two that are as close, the smaller first, or None
            where there is no pair.
    """

    distance: float
    squared: Fraction | None
    rows: tuple[int, int] | None


def separation(points: npt.ArrayLike, *, progress: Progress = no_progress) -> Separation:
    """The least distance between two points.

    Nothing is lost to rounding: floats only sort out pairs that are certainly farther apart.

    Args:
        points: Shape (n, d), finite.
        progress: Called as ``progress("separation", done, total)``.

    Returns:
        The distance and a pair of rows; without a pair for one point.

    Raises:
        DataError: The points are no table of finite numbers.

    >>> separation([[0, 0], [3, 4], [3, 5]])
    Separation(distance=1.0, squared=Fraction(1, 1), rows=(1, 2))
    """
    checked = check_points(points)
    return _search(checked, None, progress) if len(checked) > 1 else _NO_PAIR


def label_separation(
    points: npt.ArrayLike, codes: npt.ArrayLike, *, progress: Progress = no_progress
) -> Separation:
    """The least distance between two points with different labels, or different targets.

    Args:
        points: Shape (n, d), finite.
        codes: Class codes, shape (n,), or real targets, shape (n, k).
        progress: Called as ``progress("separation", done, total)``.

    Returns:
        The distance and a pair of rows; without a pair where all labels are equal.

    Raises:
        DataError: The points are no table of finite numbers, or the codes do not fit them.

    >>> label_separation([[0, 0], [3, 4], [3, 5]], [0, 1, 1])
    Separation(distance=5.0, squared=Fraction(25, 1), rows=(0, 1))
    """
    checked = check_points(points)
    groups = _groups(np.asarray(codes), len(checked))
    classes = int(groups.max()) + 1
    if classes == 1:
        return _NO_PAIR
    return _search(checked, None if classes == len(checked) else groups, progress)


_NO_PAIR = Separation(np.inf, None, None)


def _search(points: Array, codes: Codes | None, progress: Progress) -> Separation:
    closest = ClosestPair(points)
    by_tree = points.shape[1] <= _TREE_FEATURES
    (search_by_tree if by_tree else search_by_products)(closest, codes, progress)
    assert closest.squared is not None
    return Separation(square_root(closest.squared), closest.squared, closest.rows)


def _groups(codes: Array, n: int) -> Codes:
    """Codes from 0 on, equal for equal labels or targets."""
    if codes.ndim not in {1, 2} or len(codes) != n or codes.dtype.kind not in "biuf":
        raise DataError(
            f"codes must be numbers of shape ({n},) or ({n}, k), not {codes.dtype} of shape "
            f"{codes.shape}."
        )
    first = group_equal_rows(codes.reshape(n, -1))
    return np.unique(first, return_inverse=True)[1].astype(np.int64)
