"""Parquet and arrow files: typed columns as numbers and labels, without loss."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rote.data.columns import label_columns
from rote.data.decode import DecodingError, decoded
from rote.data.points import LARGEST_INTEGER
from rote.data.tables import (
    Table,
    bad_cell,
    joined_labels,
    large_integer,
    missing_label,
    side_by_side,
)
from rote.errors import DataError
from rote.typing import Array

if TYPE_CHECKING:
    import polars as pl

__all__ = ["from_frame", "read_frame"]


def read_frame(path: Path, label: str | int | None) -> Table:
    """Read a parquet or arrow file.

    Args:
        path: The file.
        label: The label columns, as for :func:`rote.data.columns.label_columns`.

    Returns:
        The table, in the narrowest type that holds all feature columns.

    Raises:
        DataError: The file is damaged, or a column has no numbers or a missing cell.
    """
    import polars as pl

    try:
        with decoded(path) as plain, plain.open("rb") as file:
            frame = pl.read_ipc(file)
    except DecodingError as error:
        raise DataError(
            f"the file is damaged or no {path.suffix[1:].lower()} file: {error}"
        ) from None
    return from_frame(frame, label)


def from_frame(frame: pl.DataFrame, label: str | int | None) -> Table:
    """A table from a frame of typed columns.

    Args:
        frame: The columns.
        label: The label columns, as for :func:`rote.data.columns.label_columns`.

    Returns:
        The table.

    Raises:
        DataError: A column has no numbers or a missing cell, or there are no rows.
    """
    names = tuple(frame.columns)
    index = next((name for name in names if name.startswith("__index_level_")), None)
    if index is not None:
        raise DataError(f"column {index!r} only counts rows. Save the table without its index.")
    labels = label_columns(label, names, len(names))
    if not len(frame):
        raise DataError("the table has no rows.")
    features = tuple(name for i, name in enumerate(names) if i not in labels)
    X = side_by_side([_feature(frame[name]) for name in features])
    y = [_label(frame[names[i]]) for i in labels]
    return Table(X, joined_labels(y), features)


def _feature(column: pl.Series) -> Array:
    """A feature column as numbers, without loss."""
    import polars as pl

    name, dtype = repr(column.name), column.dtype
    if column.null_count():
        row = int(np.argmax(column.is_null().to_numpy()))
        raise DataError(f"Row {row}, column {name}: the value is missing. Drop or fill it.", [row])
    if dtype == pl.Boolean:
        return column.cast(pl.UInt8).to_numpy()
    if _is_integral(dtype):
        return _integers(column, name)
    if dtype.is_decimal():  # by way of text, for only that rounds to nearest
        return column.cast(pl.String).cast(pl.Float64).to_numpy()
    if dtype.is_float():
        return column.to_numpy()
    if dtype in (pl.String, pl.Categorical, pl.Enum):
        raise bad_cell(0, name, column[0])
    kind = "dates or times" if dtype.is_temporal() else f"{dtype}"
    raise DataError(
        f"column {name} holds {kind}. Features must be numbers: encode it as numbers, or drop it."
    )


def _integers(column: pl.Series, name: str) -> Array:
    """Integers of any type as a numpy type, if all lie within 2^53."""
    import polars as pl

    one = column.rename("").to_frame()
    extremes = one.select(least=pl.all().min(), largest=pl.all().max()).row(0)
    if max(abs(int(v)) for v in extremes) > LARGEST_INTEGER:
        values = column.to_list()
        row = next(i for i, v in enumerate(values) if abs(v) > LARGEST_INTEGER)
        raise large_integer(row, name, values[row])
    return (column if column.dtype in _narrow_integers() else column.cast(pl.Int64)).to_numpy()


def _label(column: pl.Series) -> Array:
    """A label column as numbers, truth values or text."""
    import polars as pl

    name, dtype = repr(column.name), column.dtype
    if column.null_count():
        raise missing_label(int(np.argmax(column.is_null().to_numpy())), name)
    if dtype in (*_narrow_integers(), pl.Int64, pl.UInt64, pl.Boolean) or dtype.is_float():
        return column.to_numpy()
    if _is_integral(dtype):
        return np.array([int(v) for v in column.to_list()], dtype=object)
    if dtype.is_decimal():
        return column.cast(pl.String).cast(pl.Float64).to_numpy()
    if dtype in (pl.String, pl.Categorical, pl.Enum):
        return np.array(column.cast(pl.String).to_list(), dtype=object)
    raise DataError(
        f"column {name} holds {dtype}. Labels must be numbers, truth values or text: write them so."
    )


def _is_integral(dtype: pl.DataType) -> bool:
    """Whether a column holds integers by its type: those, and decimals without decimal places."""
    return dtype.is_integer() or (dtype.is_decimal() and getattr(dtype, "scale", None) == 0)


def _narrow_integers() -> tuple[type[pl.DataType], ...]:
    import polars as pl

    return (pl.Int8, pl.Int16, pl.Int32, pl.UInt8, pl.UInt16, pl.UInt32)
