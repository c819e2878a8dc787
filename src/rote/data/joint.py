"""Joint labels: several label columns as one table of the rows that occur.

Each column keeps classes, types and order of its own. The different rows of labels are the classes
of the data set, so that whatever knows of one label column knows of several.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rote.data.labels import encode
from rote.typing import Array, Codes

__all__ = ["beside", "encode_rows", "label_keys", "split"]


def encode_rows(labels: Array) -> tuple[Array, Codes]:
    """The distinct labels in order, and each row's position among them.

    Args:
        labels: Checked labels, shape (n,), or (n, k) for several columns of classes.

    Returns:
        Labels of shape (C,), or for k > 1 the C different rows of labels, (C, k), in the order of
        the first column, then the second and so on; and codes of shape (n,).

    Raises:
        DataError: A label is missing or cannot be hashed.
    """
    if labels.ndim == 1 or labels.shape[1] == 1:
        return encode(labels.reshape(-1))
    columns = [encode(column, f", label column {j}") for j, column in enumerate(labels.T)]
    codes = columns[0][1]
    for distinct, own in columns[1:]:
        codes = np.unique(codes * len(distinct) + own, return_inverse=True)[1]
    first = np.unique(codes, return_index=True)[1]
    return beside([distinct[own[first]] for distinct, own in columns]), codes


def beside(columns: Sequence[Array]) -> Array:
    """Columns of labels as a table, each label of the value and type that it had.

    Args:
        columns: Arrays of shape (n,).

    Returns:
        Shape (n, k), of Python objects where no type of numpy's is that of all columns.
    """
    kinds = {column.dtype.kind for column in columns}
    if len(kinds) == 1 and kinds != {"O"}:
        return np.stack(columns, axis=1)
    table = np.empty((len(columns[0]), len(columns)), dtype=object)
    for j, column in enumerate(columns):
        table[:, j] = column.tolist()
    return table


def split(labels: Array) -> tuple[tuple[Array, Codes], ...]:
    """Each column of a table of labels on its own.

    Args:
        labels: Shape (C, k).

    Returns:
        For each column its distinct labels in order, and the position of each row's, shape (C,).
    """
    return tuple(encode(column) for column in labels.T)


def label_keys(labels: Array) -> list[Any]:
    """Labels as keys of a dictionary: a row of several is a tuple."""
    values: list[Any] = labels.tolist()
    return values if labels.ndim == 1 else [tuple(row) for row in values]
