"""Read a data set from a file: csv, parquet, arrow, npy or npz.

Values are held as the file gives them. A decimal in a csv file means the nearest float64; an
integer beyond 2^53, which float64 cannot hold, is refused, as are text, dates and missing values in
a feature column, each with its row and column.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np

from rote.data.archive import load_npy, load_npz
from rote.data.columns import is_column_number, label_columns
from rote.data.csvcells import read_csv
from rote.data.csvtext import Layout, find_layout, line_numbers
from rote.data.dataset import DataSet
from rote.data.frames import read_frame
from rote.data.tables import Table
from rote.errors import DataError, OptionError
from rote.typing import Task

__all__ = ["SUFFIXES", "read"]

_TEXT = (".csv", ".tsv")
_BINARY_TABLES = (".parquet", ".pq", ".arrow", ".feather", ".ipc")
SUFFIXES = (*_TEXT, *_BINARY_TABLES, ".npy", ".npz")
"""Suffixes of the files that can be read."""


def read(
    path: str | Path,
    *,
    label: str | int | None = None,
    task: Task | Literal["auto"] | None = None,
) -> DataSet:
    """Read a data set.

    In a table every column but the labels is a feature. A csv file has a header line unless its
    first line is a row of data (:func:`rote.data.csvtext.find_layout` has the rule); commas,
    semicolons or tabs separate its columns, and blank lines do not count. An npy file holds one
    two-dimensional array, a table without names; an npz file holds arrays ``X`` and ``y``.

    Labels are integers, floats, truth values or text. In a csv file a label column of integers
    without leading zeros holds integers, one of other numbers floats, one of true and false truth
    values; any other is text, as it stands. A csv table whose features are all integers is held in
    the smallest integer type.

    Args:
        path: The file; its suffix, one of :data:`SUFFIXES`, tells its format.
        label: Name of the label column of a table, or its number (from 0, or from -1 at the end),
            also as text; or several of them, separated by commas. By default the last column.
        task: ``classes`` or ``real``; None and ``auto`` leave it to the labels, as in
            :meth:`DataSet.from_arrays`.

    Returns:
        The data set.

    Raises:
        DataError: The file cannot be used. The message begins with its name; for a csv file it
            gives the line as an editor counts it beside the row, which counts from 0.
        ContradictionError: Two equal rows have different labels.
        OptionError: The file takes no label column, or the task has another name.
    """
    path = Path(path)
    layout: Layout | None = None
    try:
        _check_file(path)
        suffix = path.suffix.lower()
        if suffix in _TEXT:
            layout = find_layout(path, label)
            table = read_csv(path, layout)
        elif suffix in _BINARY_TABLES:
            table = read_frame(path, label)
        else:
            table = _read_npy(path, label) if suffix == ".npy" else _read_npz(path, label)
        return DataSet.from_arrays(
            table.X, table.y, task=None if task == "auto" else task, features=table.features
        )
    except OSError as error:
        raise DataError(f"{path}: the file cannot be read: {error.strerror or error}.") from None
    except DataError as error:
        error.args = (f"{path}{_lines(path, layout, error.rows)}: {error}",)
        raise


def _check_file(path: Path) -> None:
    if not path.exists():
        raise DataError("there is no such file.")
    if not path.is_file():
        raise DataError("this is a folder, not a file." if path.is_dir() else "this is no file.")
    if path.suffix.lower() not in SUFFIXES:
        raise DataError(f"the suffix must be {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}.")
    if not path.stat().st_size:
        raise DataError("the file is empty.")


def _read_npy(path: Path, label: str | int | None) -> Table:
    if label is not None and not is_column_number(label) and "," not in str(label):
        raise OptionError(f"Columns of an npy file have numbers, but no names such as {label!r}.")
    array = load_npy(path)
    if array.ndim != 2:
        raise DataError(f"the array must have shape (n, d + 1), labels last, not {array.shape}.")
    labels = list(label_columns(label, None, array.shape[1]))
    y = array[:, labels[0]] if len(labels) == 1 else array[:, labels]
    return Table(np.delete(array, labels, axis=1), y, None)


def _read_npz(path: Path, label: str | int | None) -> Table:
    if label is not None:
        raise OptionError("An npz file has its labels in array 'y': it takes no label column.")
    X, y = load_npz(path, ("X", "y"))
    return Table(X, y, None)


def _lines(path: Path, layout: Layout | None, rows: tuple[int, ...]) -> str:
    """The lines of a csv file that these rows stand on, in words."""
    if layout is None or not rows:
        return ""
    numbers = line_numbers(path, layout, rows)
    return f", line{'s' if len(rows) > 1 else ''} {' and '.join(map(str, numbers))}"
