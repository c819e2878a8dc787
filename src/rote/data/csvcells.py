"""The cells of a csv file as numbers and labels.

Polars reads the file as floats first; in any doubt (a cell that is no number, missing, not finite,
or so large that an integer may have been rounded) as text, and where even the rows are in doubt the
plain reader of :mod:`rote.data.csvtext` takes over, which names lines.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rote.data.csvtext import Layout, read_rows
from rote.data.points import LARGEST_INTEGER
from rote.data.tables import (
    Table,
    bad_cell,
    joined_labels,
    large_integer,
    missing_label,
    shortened,
    side_by_side,
)
from rote.errors import DataError
from rote.typing import Array, Floats

if TYPE_CHECKING:
    import polars as pl

__all__ = ["read_csv"]

_INTEGER = re.compile(r"\s*[+-]?0*(\d+)\s*", re.ASCII)
_PLAIN_INTEGERS = r"^[+-]?(0|[1-9][0-9]*)$"
_LEADING_ZEROS = r"^[+-]?0[0-9]"
_BLANKS = " \t"

_BLOCK = 1 << 24
"""Bytes of a file that are looked at together. Ours."""


def read_csv(path: Path, layout: Layout) -> Table:
    """Read a csv file.

    Args:
        path: The file.
        layout: Its layout.

    Returns:
        The table; points that are all integers in the smallest integer type.

    Raises:
        DataError: A row is ragged, or a cell has no place in its column.
    """
    names = layout.names or tuple(f"{i}" for i in range(layout.width))
    shown = [repr(name) if layout.names else name for name in names]
    features = [i for i in range(layout.width) if i not in layout.labels]
    frame = _floats_or_none(path, layout, features)
    if frame is not None:
        X = frame.select([str(i) for i in features]).to_numpy(order="c")
    else:
        frame = _text(path, layout)
        X = side_by_side([_cells_to_floats(frame[str(i)], shown[i]) for i in features])
    y = [_cells_to_labels(frame[str(i)], shown[i]) for i in layout.labels]
    named = tuple(names[i] for i in features) if layout.names else None
    return Table(_narrowed(X), joined_labels(y), named)


def _floats_or_none(path: Path, layout: Layout, features: list[int]) -> pl.DataFrame | None:
    """Features as floats and labels as text, or None in any doubt."""
    import polars as pl

    kinds = {str(i): pl.String if i in layout.labels else pl.Float64 for i in range(layout.width)}
    frame = _scan(path, layout, kinds)
    if frame is None:
        return None
    chosen = pl.col([str(i) for i in features])
    sound = (chosen.abs() < LARGEST_INTEGER).all()  # false for what is not finite, too
    return frame if all(frame.select(sound).row(0)) else None


def _text(path: Path, layout: Layout) -> pl.DataFrame:
    """All cells as text."""
    import polars as pl

    kinds = {str(i): pl.String for i in range(layout.width)}
    frame = _scan(path, layout, kinds)
    if frame is not None:
        return frame
    columns = zip(*read_rows(path, layout), strict=True)
    return pl.DataFrame({str(i): c for i, c in enumerate(columns)}, schema=kinds)


def _scan(path: Path, layout: Layout, kinds: dict[str, Any]) -> pl.DataFrame | None:
    """What polars reads, or None if it fails or misses a cell."""
    import polars as pl

    if not layout.plain_start or _has_lone_return(path):
        return None
    try:
        frame = pl.read_csv(
            path.resolve(),
            has_header=False,
            skip_rows=int(layout.names is not None),
            separator=layout.separator,
            schema=kinds,
            glob=False,
        )
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return None
    end = _end(path)
    blank = end[len(end.rstrip(b"\r\n")) :].count(b"\n") - 1
    if blank > 0 and set(frame.tail(blank).null_count().row(0)) == {blank}:
        frame = frame.head(-blank)
    # Polars drops an empty field at the very end of a file.
    if not len(frame) or any(frame.null_count().row(0)) or end.endswith(layout.separator.encode()):
        return None
    # The two readers differ on quotes within a field.
    odd = frame.select(pl.col(pl.String).str.contains(r'[\n"]').any())
    return None if any(odd.row(0)) else frame


def _has_lone_return(path: Path) -> bool:
    """Whether a carriage return without a line feed ends some line, which polars does not know."""
    last = b""
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            returns = (last + block).count(b"\r")
            if returns and returns != (last + block).count(b"\r\n") + block.endswith(b"\r"):
                return True
            last = b"\r" if block.endswith(b"\r") else b""
    return bool(last)


def _end(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 4096))
        return file.read()


def _cells_to_floats(cells: pl.Series, name: str) -> Floats:
    """A feature column of numbers, or of true and false as 1 and 0."""
    values, text = _parsed(cells)
    if values.null_count():
        truths = _truths(text)
        if truths.null_count():
            both = (values.is_null() & truths.is_null()).to_numpy()
            row = int(np.argmax(both if both.any() else values.is_null().to_numpy()))
            raise bad_cell(row, name, text[row])
        values = truths
    array: Floats = values.to_numpy()
    _check_large(array, cells, name)
    if not np.isfinite(array).all():
        row = int(np.argmin(np.isfinite(array)))
        raise DataError(
            f"Row {row}, column {name}: values must be finite float64 numbers, not "
            f"{shortened(cells[row])}. Drop or fill the row.",
            [row],
        )
    return array


def _cells_to_labels(cells: pl.Series, name: str) -> Array:
    """A label column: integers, floats, truth values, or else text as it stands."""
    import polars as pl

    values, text = _parsed(cells)
    blank = (text == "").to_numpy()
    if blank.any():
        raise missing_label(int(np.argmax(blank)), name)
    if text.str.contains(_PLAIN_INTEGERS).all():
        integers = text.cast(pl.Int64, strict=False)
        if not integers.null_count():
            return integers.to_numpy()
    elif not values.null_count() and not text.str.contains(_LEADING_ZEROS).any():
        array: Floats = values.to_numpy()
        _check_large(array, cells, name)
        return array
    truths = _truths(text)
    if not truths.null_count():
        return truths.cast(pl.Boolean).to_numpy()
    return np.array(cells.to_list(), dtype=object)


def _parsed(cells: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Cells as floats, null for what is none, and as text without blanks around it."""
    import polars as pl

    values = cells.cast(pl.Float64, strict=False)
    if values.null_count():
        cells = cells.str.strip_chars(_BLANKS)
        values = cells.cast(pl.Float64, strict=False)
    return values, cells


def _truths(text: pl.Series) -> pl.Series:
    """1 and 0 for true and false in any case, null for all else."""
    import polars as pl

    lower = text.str.to_lowercase()
    words = {"true": 1.0, "false": 0.0}
    return lower.replace_strict(words, default=None, return_dtype=pl.Float64)


def _check_large(values: Floats, cells: pl.Series, name: str) -> None:
    """Raise where an integer in the text may have been rounded on its way to a float."""
    for row in np.flatnonzero(np.abs(values) >= LARGEST_INTEGER).tolist():
        match = _INTEGER.fullmatch(cells[row])
        if match and (len(match[1]) > 16 or int(match[1]) > LARGEST_INTEGER):
            raise large_integer(row, name, shortened(cells[row]))


def _narrowed(X: Array) -> Array:
    """Floats that are all integers within 2^53 in the smallest integer type that holds them."""
    for sample in (X[:1024], X):
        if not np.array_equal(sample, np.rint(sample)) or np.abs(sample).max() > LARGEST_INTEGER:
            return X
    low, high = X.min(), X.max()
    kinds = (np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32, np.int64)
    return X.astype(next(k for k in kinds if np.iinfo(k).min <= low and high <= np.iinfo(k).max))
