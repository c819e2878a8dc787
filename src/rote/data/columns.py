"""Which columns of a table are labels."""

from __future__ import annotations

import re

from rote.errors import DataError
from rote.suggest import did_you_mean

__all__ = ["is_column_number", "label_columns"]


def label_columns(
    label: str | int | None, names: tuple[str, ...] | None, width: int
) -> tuple[int, ...]:
    """Positions of the label columns.

    Args:
        label: A column's name, or its number from 0 (from -1 at the end), also as text; or several
            of them, separated by commas. By default the last column. What is a name is never taken
            for a number or a list.
        names: Names of all columns, or None where they have none.
        width: Number of columns.

    Returns:
        One position or more.

    Raises:
        DataError: There is no such column, it is named twice, or none is left for the features.
    """
    if width < 2:
        raise DataError("the table has one column. It needs at least one feature and a label.")
    if label is None:
        return (width - 1,)
    if isinstance(label, int) or label in (names or ()):
        parts: list[str | int] = [label]
    else:
        parts = [part.strip() for part in label.split(",")]
    positions = tuple(_position(part, names, width) for part in parts)
    if len(set(positions)) < len(positions):
        raise DataError(f"a label column is named twice in {label!r}.")
    if len(positions) == width:
        raise DataError("all columns are labels. At least one must be left as a feature.")
    return positions


def is_column_number(label: str | int) -> bool:
    """Whether a label option is an integer, also as text."""
    return isinstance(label, int) or re.fullmatch(r"\s*-?\d{1,9}\s*", label, re.ASCII) is not None


def _position(part: str | int, names: tuple[str, ...] | None, width: int) -> int:
    if isinstance(part, str) and part in (names or ()):
        assert names is not None
        return names.index(part)
    if is_column_number(part):
        if not -width <= int(part) < width:
            raise DataError(
                f"there is no column {int(part)}; the {width} columns have the numbers 0 to "
                f"{width - 1}."
            )
        return int(part) % width
    if names is None:
        raise DataError(
            f"there is no column {part!r}, for the columns have no names. Give its number, 0 to "
            f"{width - 1}, or -1 for the last."
        )
    shown = names if width <= 20 else (*names[:10], "...", *names[-9:])
    hint = did_you_mean(str(part), names)
    listed = ", ".join(name if name.isprintable() else repr(name) for name in shown)
    known = "" if hint.startswith("Known") else f" {hint}"
    raise DataError(f"there is no column {part!r}; the columns are {listed}.{known}")
