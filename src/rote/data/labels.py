"""Labels: classes with their codes, or real targets, and the rule that tells them apart."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt

from rote.data.points import LARGEST_INTEGER, as_array, largest_integer
from rote.errors import DataError
from rote.typing import Array, Codes, Floats, Task

__all__ = ["check_labels", "encode", "guess_task", "plain", "real_targets"]


def check_labels(y: npt.ArrayLike, n: int) -> Array:
    """Labels as an array with one entry per row; nothing is said yet about what they mean.

    Args:
        y: Shape (n,) or (n, k).
        n: Number of rows of X.

    Returns:
        The array, of one of numpy's dtypes for numbers and strings, or of objects.

    Raises:
        DataError: A wrong shape, or a number that is not finite.
    """
    labels = as_array(y, "y")
    if labels.dtype.kind == "T":  # numpy's strings of any length
        labels = labels.astype(object)
    if labels.ndim == 0 or labels.shape[0] != n:
        raise DataError(f"y must have one entry per row of X ({n}), not shape {labels.shape}.")
    if labels.ndim > 2 or not labels.size:
        raise DataError(f"y must have shape (n,) or (n, k), not {labels.shape}.")
    if labels.dtype.kind in "fc" and not np.isfinite(labels).all():
        at = tuple(np.argwhere(~np.isfinite(labels))[0].tolist())
        place = f", label column {at[1]}" if labels.ndim == 2 and labels.shape[1] > 1 else ""
        raise DataError(
            f"Row {at[0]}{place}: labels must be finite, not {plain(labels[at])}. Drop the row.",
            [at[0]],
        )
    return labels


def guess_task(labels: Array) -> Task:
    """The one rule: ``real`` for several columns of numbers and for floats not all integers.

    Several columns are classes as soon as one of them holds anything but numbers, as truth values
    are. The rule looks at values alone, not at dtypes or at how many different values there are:
    the same table means the same whether a file spells a label 1 or 1.0, and one row more never
    turns classes into real targets.

    Args:
        labels: Checked labels, shape (n,) or (n, k).

    Returns:
        The task.
    """
    if labels.ndim == 2 and labels.shape[1] > 1:
        return "real" if _are_numbers(labels) else "classes"
    if labels.dtype.kind == "f" and not np.array_equal(labels, np.rint(labels)):
        return "real"
    if labels.dtype.kind == "O" and _are_fractional(labels.ravel().tolist()):
        return "real"
    return "classes"


def real_targets(labels: Array) -> Floats:
    """Real targets of shape (n, k) from checked labels.

    Args:
        labels: Numbers, shape (n,) or (n, k).

    Returns:
        float64, shape (n, k), equal to the labels.

    Raises:
        DataError: A target is no number, or float64 does not hold it.
    """
    if labels.dtype.kind == "O":
        labels = _numbers(labels)
    if labels.dtype.kind not in "biuf":
        raise DataError(f"Real targets must be numbers, not {labels.dtype}.")
    if labels.dtype.kind in "iu" and largest_integer(labels) > LARGEST_INTEGER:
        labels = _numbers(labels)  # which names the row
    targets: Floats = labels.astype(np.float64).reshape(len(labels), -1)
    if labels.dtype.itemsize > 8 and not np.array_equal(targets, labels.reshape(targets.shape)):
        raise DataError(f"Real targets must fit float64, not {labels.dtype}. Round them first.")
    return targets


def encode(labels: Array, place: str = "") -> tuple[Array, Codes]:
    """The distinct class labels of one column in order, and each row's position among them.

    Numbers and strings have their natural order; labels of other or mixed types are ordered by the
    name of their type and their representation.

    Args:
        labels: Checked labels of shape (n,).
        place: Which column this is, for messages that name a row.

    Returns:
        Labels of shape (C,) and codes of shape (n,).

    Raises:
        DataError: A label is missing or cannot be hashed.
    """
    if labels.dtype.kind in "OUS":  # a dictionary is faster than sorting n strings
        return _encode_objects(labels, place)
    if labels.dtype.kind not in "biuf":
        raise DataError(f"Class labels must be numbers or strings, not {labels.dtype}.")
    distinct, codes = np.unique(labels, return_inverse=True)
    return distinct, codes.astype(np.int64)


def plain(value: Any) -> Any:
    """A numpy scalar or array as Python's own number, string or list."""
    return value.tolist() if isinstance(value, np.generic | np.ndarray) else value


def _encode_objects(labels: Array, place: str) -> tuple[Array, Codes]:
    values = labels.tolist()
    try:
        position: dict[Any, int] = dict.fromkeys(values, 0)
    except TypeError as error:
        raise DataError(f"Class labels must be hashable: {error}.") from None
    for value in position:
        if _is_missing(value):
            row = next(i for i, v in enumerate(values) if _is_missing(v))
            rule = "the label is missing. Drop the row or name the label."
            raise DataError(f"Row {row}{place}: {rule}", [row])
        if isinstance(value, float) and math.isinf(value):
            row, rule = values.index(value), f"labels must be finite, not {value}. Drop the row."
            raise DataError(f"Row {row}{place}: {rule}", [row])
    distinct = _ordered(list(position))
    for code, value in enumerate(distinct):
        position[value] = code
    codes = np.fromiter((position[v] for v in values), np.int64, len(values))
    if labels.dtype.kind != "O":
        return np.array(distinct, dtype=labels.dtype), codes
    array = np.empty(len(distinct), dtype=object)
    array[:] = distinct
    # numpy's own strings lose zero characters at their end.
    if all(type(v) is str and not v.endswith("\0") for v in distinct):
        array = array.astype(np.str_)
    elif all(type(v) is int and -(2**63) <= v < 2**63 for v in distinct):
        array = array.astype(np.int64)
    return array, codes


def _ordered(distinct: list[Any]) -> list[Any]:
    """Sorted whatever the order given: naturally only where that is a total order."""
    for kind in (str, bytes, int | float | np.number | np.bool_):
        if all(isinstance(v, kind) for v in distinct):
            return sorted(distinct)
    return sorted(distinct, key=lambda v: (type(v).__name__, repr(v)))


def _is_missing(value: Any) -> bool:
    """None, NaN, or something like pandas' NA, which refuses to say whether it equals itself."""
    try:
        return value is None or bool(value != value)
    except (TypeError, ValueError):
        return True


def _are_numbers(labels: Array) -> bool:
    """Whether all values are numbers, which truth values are not."""
    if labels.dtype.kind != "O":
        return labels.dtype.kind in "iufc"
    numbers, truths = int | float | np.number, bool | np.bool_
    return all(isinstance(v, numbers) and not isinstance(v, truths) for v in labels.flat)


def _are_fractional(values: list[Any]) -> bool:
    """Whether all values are finite numbers and one of them is no integer."""
    if not all(isinstance(v, int | float | np.number | np.bool_) for v in values):
        return False
    floats = [v for v in values if isinstance(v, float | np.floating)]
    return all(map(np.isfinite, floats)) and any(v != np.rint(v) for v in floats)


def _numbers(labels: Array) -> Array:
    """Numbers of any type as float64, if it holds them."""
    with suppress(OverflowError):
        if _are_numbers(labels):
            floats: Floats = labels.astype(np.float64)
            if np.all(np.abs(floats) < LARGEST_INTEGER):  # no integer was rounded
                return floats
    table = labels.reshape(len(labels), -1)
    several = table.shape[1] > 1
    for row, entries in enumerate(table.tolist()):
        for j, v in enumerate(entries):
            large = isinstance(v, int) and abs(v) > LARGEST_INTEGER
            if not large and isinstance(v, int | float | np.number | np.bool_) and np.isfinite(v):
                continue
            place = f"Row {row}, label column {j}" if several else f"Row {row}"
            if large:
                raise DataError(
                    f"{place}: integer targets must lie within 2^53, where float64 holds them "
                    f"exactly, not {v}. Subtract a constant.",
                    [row],
                )
            raise DataError(
                f"{place}: real targets must be finite numbers, not {v!r}. Drop the row.", [row]
            )
    return labels.astype(np.float64)
