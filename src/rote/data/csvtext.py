"""The text of a csv file: its separator, its header, and which line a row stands on.

The plain reader here is slow and sees everything: it knows the line of each row, skips blank lines,
and says what is wrong with a row. A fast reader can use :class:`Layout` and come back in doubt.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from rote.data.columns import is_column_number, label_columns
from rote.errors import DataError

__all__ = ["Layout", "find_layout", "line_numbers", "read_rows"]

_SEPARATORS = "\t;,"
"""In order of precedence where two occur equally often in the first line."""

_VALUE = re.compile(
    r"[ \t]*([+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(nan|inf|infinity)|true|false)[ \t]*",
    re.IGNORECASE | re.ASCII,
)
"""A cell that is a number or a truth value, finite or not."""

_BINARY = (
    *(b"\x1f\x8b", b"PK\3\4", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ"),
    *(b"PAR1", b"\xff\xfe", b"\xfe\xff"),
)
"""How gzip, zip, zstandard, bzip2, xz, parquet and UTF-16 files begin."""

_LONGEST_HEADER = 1 << 16
"""Characters of a header that goes on over several lines. Ours."""


@dataclass(frozen=True)
class Layout:
    """How to read a csv file.

    Attributes:
        separator: Comma, semicolon or tab.
        width: Number of columns.
        names: Their names, or None where the file has no header line.
        labels: Positions of the label columns.
        plain_start: Whether the first line, ended by a line feed, is the header or the first row.
    """

    separator: str
    width: int
    names: tuple[str, ...] | None
    labels: tuple[int, ...]
    plain_start: bool


def find_layout(path: Path, label: str | int | None) -> Layout:
    """Find the separator, the header and the label columns of a csv file.

    The separator is the one of comma, semicolon and tab that occurs most often in the first line,
    outside quotes. The first line is data if all its fields are numbers (or true, false). It is a
    header if ``label`` names one of its fields, or if the field of a feature is no number. If only
    the label is none, the rest of its column decides: the line is a header if the next label is a
    number, and data if the same text labels another row; anything else is refused.

    Args:
        path: The file.
        label: The label columns, as for :func:`rote.data.columns.label_columns`.

    Returns:
        The layout.

    Raises:
        DataError: The file holds no table, its header is unusable, or there is no such label.
    """
    separator, plain = _look_at_first_line(path)
    top = list(islice(_records(path, separator), 2))
    if not top:
        raise DataError("the file is empty. It needs at least one row.")
    line, fields = top[0][0], tuple(field.strip() for field in top[0][1])
    if len(fields) < 2:
        raise DataError(
            f"line {line} has one field. There must be at least one feature and a label, separated "
            "by commas, semicolons or tabs."
        )
    has_header = _has_header(path, separator, fields, label)
    if has_header:
        _check_names(fields)
        if len(top) == 1:
            raise DataError("the file holds a header line and no rows.")
    names = fields if has_header else None
    return Layout(
        separator=separator,
        width=len(fields),
        names=names,
        labels=label_columns(label, names, len(fields)),
        plain_start=plain and line == 1 and (len(top) == 1 or top[1][0] == 2),
    )


def read_rows(path: Path, layout: Layout) -> list[list[str]]:
    """All rows of a csv file, with blank lines left out.

    Args:
        path: The file.
        layout: Its layout.

    Returns:
        The fields of each row, in order.

    Raises:
        DataError: A row has a wrong number of fields or is no text; the message names the line.
    """
    rows = []
    for line, fields in _rows(path, layout):
        if len(fields) != layout.width:
            count = f"{len(fields)} field{'s' if len(fields) > 1 else ''}"
            raise DataError(
                f"line {line} has {count}, but the first line has {layout.width}. Complete the "
                "line, or quote a field that contains the separator."
            )
        rows.append(fields)
    return rows


def line_numbers(path: Path, layout: Layout, rows: Sequence[int]) -> list[int]:
    """The line of the file, counted from 1, on which each of these rows begins.

    Args:
        path: The file.
        layout: Its layout.
        rows: Row numbers, counted from 0 without the header and blank lines.

    Returns:
        As many line numbers.
    """
    found = {}
    for row, (line, _) in enumerate(islice(_rows(path, layout), max(rows) + 1)):
        if row in rows:
            found[row] = line
    return [found[row] for row in rows]


def _rows(path: Path, layout: Layout) -> Iterator[tuple[int, list[str]]]:
    """Line number and fields of each row, without the header."""
    return islice(_records(path, layout.separator), layout.names is not None, None)


def _records(path: Path, separator: str) -> Iterator[tuple[int, list[str]]]:
    """First line and fields of each record that is not blank, header included."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, delimiter=separator, strict=True)
        line = 1
        try:
            for fields in reader:
                if len(fields) > 1 or (fields and fields[0].strip()):
                    yield line, fields
                line = reader.line_num + 1
        except csv.Error as error:
            raise DataError(f"line {line} cannot be read: {error}.") from None
        except UnicodeDecodeError:
            raise DataError(
                f"line {_undecodable_line(path)} is not UTF-8 text. Save the file as UTF-8."
            ) from None


def _undecodable_line(path: Path) -> int:
    lines = 0
    with path.open("rb") as file:
        for text in file:
            lines += 1
            try:
                text.decode()
            except UnicodeDecodeError:
                break
    return lines


def _look_at_first_line(path: Path) -> tuple[str, bool]:
    """The separator, and whether a line feed outside quotes ends the line."""
    with path.open("rb") as file:
        start = file.read(4096)
    if start.startswith(_BINARY) or b"\0" in start:
        raise DataError("the file is no UTF-8 text. If it is compressed, unpack it first.")
    with path.open(encoding="utf-8", errors="replace", newline="") as text:
        first = next(filter(str.strip, text), "")
        plain = first.endswith("\n") and first.count('"') % 2 == 0
        # A line break within quotes; an open quote must not read on to the end of the file.
        while first.count('"') % 2 and len(first) < _LONGEST_HEADER and (more := text.readline()):
            first += more
    unquoted = re.sub('"[^"]*"', "", first)
    return max(_SEPARATORS, key=unquoted.count), plain


def _has_header(
    path: Path, separator: str, fields: tuple[str, ...], label: str | int | None
) -> bool:
    width = len(fields)
    asked = [] if label is None or isinstance(label, int) else [label, *label.split(",")]
    if any(part.strip() in fields for part in asked if not is_column_number(part)):
        return True
    by_number = label is None or all(map(is_column_number, asked[1:]))
    labels = label_columns(label if by_number else None, None, width)
    texts = [i for i, field in enumerate(fields) if not _VALUE.fullmatch(field)]
    if set(texts) - set(labels) or not texts:
        return bool(texts)
    column = texts[0]
    others = (row[column].strip() for _, row in _records(path, separator) if column < len(row))
    name, following = next(others), next(others, "")
    if _VALUE.fullmatch(following):
        return True
    if following == name or name in others:
        return False
    raise DataError(
        "the first line may be a header or a row: its features are numbers, and its label "
        f"{name!r} stands on no other line. If it is a header, name the label: {name!r}. Else add "
        "a header line."
    )


def _check_names(names: tuple[str, ...]) -> None:
    seen: set[str] = set()
    for column, name in enumerate(names):
        if not name:
            raise DataError(
                f"column {column} has no name in the header. Name it, or drop it if it only counts "
                "the rows."
            )
        if name in seen:
            raise DataError(f"two columns have the name {name!r}. Rename one.")
        seen.add(name)
