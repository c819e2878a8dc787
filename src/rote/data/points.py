"""Points: a table of numbers that is checked, and kept in a dtype that holds it exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from rote.errors import DataError
from rote.typing import Array

__all__ = ["LARGEST_INTEGER", "check_points", "column_name", "largest_integer"]

LARGEST_INTEGER = 1 << 53
"""float64 holds every integer up to here, and not the next one."""


def check_points(X: npt.ArrayLike, features: tuple[str, ...] | None = None) -> Array:
    """Points as an array that holds the given values exactly.

    Args:
        X: Shape (n, d), of booleans, integers or floats of at most 64 bits.
        features: Names of the d features, for messages.

    Returns:
        Shape (n, d): booleans as uint8; integers of 64 bits as int64, others as given; float16 as
        float32, other floats as given; in the byte order of the machine. It shares memory with X
        where nothing had to change.

    Raises:
        DataError: A wrong shape or dtype, no rows, or a value that is missing, not finite, no
            number, or an integer beyond 2^53.
    """
    points = as_array(X, "X")
    if points.ndim != 2:
        raise DataError(
            f"X must have shape (n, d), not {tuple(points.shape)}. One feature is X.reshape(-1, 1)."
        )
    if not points.size:
        raise DataError(
            f"X must hold at least one row and one column, not {points.shape[0]} x "
            f"{points.shape[1]}."
        )
    if features is not None and len(features) != points.shape[1]:
        raise DataError(
            f"There must be one name per feature ({points.shape[1]}), not {len(features)}."
        )
    if points.dtype.kind == "O":
        points = _from_objects(points, features)
    kind, size = points.dtype.kind, points.dtype.itemsize
    if kind == "b":
        return points.view(np.uint8)
    if kind in "iu":
        return _integers(points, features)
    if kind == "f" and size <= 8:
        return _floats(points, features)
    raise DataError(
        f"X must hold booleans, integers or floats of at most 64 bits, not {points.dtype}. "
        "Encode other columns as numbers first."
    )


def as_array(values: npt.ArrayLike, name: str) -> Array:
    """Anything array-like as an array, in native byte order and without loss.

    Numpy turns a list of large integers and floats into rounded floats, and a list of numbers and
    strings into strings; such a list becomes an array of objects here.

    Args:
        values: An array, a table or nested sequences.
        name: What to call it in messages.

    Returns:
        The array; of dtype object where numpy's own choice would change values.

    Raises:
        DataError: It has masked entries, or rows of different lengths.
    """
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        raise DataError(f"{name} must have no masked entries. Drop or fill them.")
    try:
        array = np.asarray(values)
        if not isinstance(values, np.ndarray) and _is_lossy(array):
            array = np.array(values, dtype=object)
    except (TypeError, ValueError, OverflowError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"{name} must be an array or rows of equal length: {reason}") from None
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def column_name(index: int, features: tuple[str, ...] | None) -> str:
    """What a message calls a column: its name, or else its number from 0."""
    return f"column {features[index]!r}" if features else f"column {index}"


def largest_integer(integers: Array) -> int:
    """The largest absolute value of an array of integers that is not empty."""
    return max(-int(integers.min()), int(integers.max()))


def _is_lossy(array: Array) -> bool:
    """Whether making an array of these may have rounded integers or turned numbers to text."""
    if array.dtype.kind in "US":
        return True
    return array.dtype.kind == "f" and bool(np.any(np.abs(array) >= LARGEST_INTEGER))


def _integers(points: Array, features: tuple[str, ...] | None) -> Array:
    if points.dtype.itemsize < 8:
        return points
    if largest_integer(points) > LARGEST_INTEGER:
        # Unsigned values of 2^63 and more compare right with a Python integer, not after a cast.
        large = points > LARGEST_INTEGER
        if points.dtype.kind == "i":
            large |= points < -LARGEST_INTEGER
        row, column = np.argwhere(large)[0].tolist()
        raise _large_integer(row, column, points[row, column], features)
    return points.astype(np.int64, copy=False)


def _floats(points: Array, features: tuple[str, ...] | None) -> Array:
    if not np.isfinite(points).all():
        row, column = np.argwhere(~np.isfinite(points))[0].tolist()
        raise DataError(
            f"Row {row}, {column_name(column, features)}: values must be finite, not "
            f"{points[row, column]}. Drop or fill the row.",
            [row],
        )
    return points.astype(np.float32) if points.dtype.itemsize == 2 else points


def _from_objects(points: Array, features: tuple[str, ...] | None) -> Array:
    """Python numbers as int64 or float64, each checked to be held exactly."""
    only_integers = True
    for (row, column), value in np.ndenumerate(points):
        if isinstance(value, int | np.integer | np.bool_):
            if abs(int(value)) > LARGEST_INTEGER:
                raise _large_integer(row, column, value, features)
        elif isinstance(value, float | np.floating) and not isinstance(value, np.longdouble):
            only_integers = False
        else:
            raise DataError(
                f"Row {row}, {column_name(column, features)}: values must be numbers, not "
                f"{value!r}. Encode the column as numbers, or drop it.",
                [row],
            )
    return points.astype(np.int64 if only_integers else np.float64)


def _large_integer(
    row: int, column: int, value: Any, features: tuple[str, ...] | None
) -> DataError:
    return DataError(
        f"Row {row}, {column_name(column, features)}: integers must lie within 2^53, where float64 "
        f"holds them exactly, not {value}. Split it into two columns, or subtract a constant.",
        [row],
    )
