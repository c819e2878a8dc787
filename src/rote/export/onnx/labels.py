"""Labels in ONNX: int64 where every label is integral, else strings, and back to their types.

Integers, booleans and integral floats become int64, everything else becomes its text. Where that
loses the type of a label, the file's metadata lists the labels as JSON; the list is believed only
as far as it agrees with the labels that the graph itself returns.

Several labels of each point are rows, or for decision ``columns`` the labels of each column; all of
them together are int64 or strings.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from rote.errors import FormatError
from rote.network import _plain
from rote.network.columns import Columns
from rote.network.decision import Decision
from rote.typing import Array

__all__ = ["Formed", "annotation", "file_labels", "restore"]

Label: TypeAlias = int | str | bool | float
Formed: TypeAlias = list[Any]
"""Labels as a runtime returns them, or lists of such."""


def file_labels(decision: Decision) -> Array:
    """Labels as a runtime returns them.

    Args:
        decision: A decision with labels.

    Returns:
        Of the shape of the labels, those of all columns one after the other for decision
        ``columns``; int64, or Python strings (dtype object).

    Raises:
        FormatError: A label has no file form, or two look the same.
    """
    listed: list[Any] = _plain.write_decision(decision)["labels"]
    formed = _formed(listed)
    for labels in formed if isinstance(decision, Columns) else (formed,):
        _check_different(labels)
    flat = _flat(formed)
    array = np.array(flat, dtype=np.int64 if isinstance(flat[0], int) else object)
    several = decision.columns > 1 and not isinstance(decision, Columns)
    return array.reshape(-1, decision.columns) if several else array


def annotation(decision: Decision) -> str | None:
    """JSON list of a decision's labels where int64 or strings lose their types, else None.

    Args:
        decision: The decision.

    Returns:
        The text, for the file's metadata.

    Raises:
        FormatError: A label has no file form.
    """
    plain: list[Any] = _plain.write_decision(decision).get("labels", [])
    pairs = zip(_flat(plain), _flat(_formed(plain)), strict=True)
    kept = all(type(v) is type(f) for v, f in pairs)
    return None if kept else _plain.write(plain)


def restore(kind: str, formed: Formed, annotated: str | None) -> Decision:
    """The decision with its labels in their original types.

    Args:
        kind: Name of the decision.
        formed: Labels that the graph returns.
        annotated: The file's :func:`annotation`.

    Returns:
        The decision.

    Raises:
        FormatError: The annotation is not one of these labels.
    """
    values = formed
    if annotated is not None:
        values = _plain.read_list(_plain.parse(annotated), "The metadata 'labels'")
        agree = all(type(v) in {int, str, bool, float} for v in _flat(values))
        if not agree or _formed(values) != formed:
            raise FormatError("The metadata 'labels' does not agree with the graph's labels.")
    return _plain.read_decision({"kind": kind, "labels": values})


def _formed(values: list[Any]) -> Formed:
    """All labels as integers if all can be, else as strings, in the lists that they are in."""
    form: Callable[[Label], int | str] = int if all(map(_integral, _flat(values))) else str
    return [list(map(form, v)) if isinstance(v, list) else form(v) for v in values]


def _flat(values: list[Any]) -> list[Any]:
    """All labels in one list."""
    return [v for part in values for v in (part if isinstance(part, list) else (part,))]


def _check_different(formed: Formed) -> None:
    """Raise if two labels are the same."""
    seen: set[Any] = set()
    for value in formed:
        key = tuple(value) if isinstance(value, list) else value
        if key in seen:
            raise FormatError(
                f"Two labels look the same in ONNX: {value!r}. Rename one of them, or save the "
                "network as safetensors."
            )
        seen.add(key)


def _integral(value: object) -> bool:
    if isinstance(value, float):
        return value.is_integer() and abs(value) < 1 << 63
    return isinstance(value, int) and -(1 << 63) <= value < 1 << 63
