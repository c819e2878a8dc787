"""A table as arrays: features side by side, labels, and what is said of a bad cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rote.data.joint import beside
from rote.errors import DataError
from rote.typing import Array

__all__ = [
    "Table",
    "bad_cell",
    "joined_labels",
    "large_integer",
    "missing_label",
    "shortened",
    "side_by_side",
]


@dataclass(frozen=True, eq=False)
class Table:
    """Features and labels of a table.

    Attributes:
        X: Shape (n, d), numbers.
        y: Shape (n,), or (n, k) for several label columns.
        features: Names of the features, or None.
    """

    X: Array
    y: Array
    features: tuple[str, ...] | None


def side_by_side(columns: list[Array]) -> Array:
    """Columns as one array (n, d), row by row in memory, in a type that holds them all."""
    n, d = len(columns[0]), len(columns)
    X = np.empty((n, d), np.result_type(*columns))
    step = max(1, (1 << 16) // d)  # a block of rows stays in cache while its columns arrive
    for start in range(0, n, step):
        for j, column in enumerate(columns):
            X[start : start + step, j] = column[start : start + step]
    return X


def joined_labels(columns: list[Array]) -> Array:
    """One label column as it is; several side by side, each with its own type."""
    return columns[0] if len(columns) == 1 else beside(columns)


def bad_cell(row: int, name: str, text: str) -> DataError:
    """The error for a feature's cell that holds this text, or nothing."""
    place = f"Row {row}, column {name}"
    if not text:
        return DataError(f"{place}: the value is missing. Drop or fill the row.", [row])
    return DataError(
        f"{place}: values must be numbers, not {shortened(text)!r}. Encode the column as numbers, "
        "or drop it.",
        [row],
    )


def large_integer(row: int, name: str, value: object) -> DataError:
    """The error for an integer that float64 does not hold."""
    return DataError(
        f"Row {row}, column {name}: integers must lie within 2^53, where float64 holds them "
        f"exactly, not {value}. Split it into two columns, or subtract a constant.",
        [row],
    )


def missing_label(row: int, name: str) -> DataError:
    """The error for a row without a label."""
    return DataError(f"Row {row}, column {name}: the label is missing. Drop the row.", [row])


def shortened(text: str) -> str:
    """The beginning of a long text."""
    return text if len(text) <= 40 else f"{text[:37]}..."
