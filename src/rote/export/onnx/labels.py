"""Labels in ONNX: int64 where every label is integral, else strings, and back to their types.

Integers, booleans and integral floats become int64, everything else becomes its text. Where that
loses the type of a label, the file's metadata lists the labels as JSON; the list is believed only
as far as it agrees with the labels that the graph itself returns.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rote.errors import FormatError
from rote.network import _plain
from rote.network.decision import Decision
from rote.typing import Array

__all__ = ["annotation", "file_labels", "restore"]

Label = int | str | bool | float


def file_labels(labels: Array) -> Array:
    """Labels as a runtime returns them.

    Args:
        labels: The original labels, shape (C,).

    Returns:
        Shape (C,), int64, or Python strings (dtype object).

    Raises:
        FormatError: A label has no file form, or two look the same.
    """
    values = [v.item() if isinstance(v, np.generic) else v for v in labels.tolist()]
    formed = _formed(values)
    seen: set[int | str] = set()
    for value in formed:
        if value in seen:
            raise FormatError(
                f"Two labels look the same in ONNX: {value!r}. Rename one of them, or save the "
                "network as safetensors."
            )
        seen.add(value)
    if isinstance(formed[0], int):
        return np.array(formed, dtype=np.int64)
    array = np.empty(len(formed), dtype=object)
    array[:] = formed
    return array


def annotation(decision: Decision) -> str | None:
    """JSON list of a decision's labels where int64 or strings lose their types, else None.

    Args:
        decision: The decision.

    Returns:
        The text, for the file's metadata.

    Raises:
        FormatError: A label has no file form.
    """
    plain: list[Label] = _plain.write_decision(decision).get("labels", [])
    kept = all(type(v) is type(f) for v, f in zip(plain, _formed(plain), strict=True))
    return None if kept else _plain.write(plain)


def restore(kind: str, formed: Sequence[int | str], annotated: str | None) -> Decision:
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
    values: list[Any] = list(formed)
    if annotated is not None:
        values = _plain.read_list(_plain.parse(annotated), "The metadata 'labels'")
        agree = all(type(v) in {int, str, bool, float} for v in values)
        if not agree or _formed(values) != list(formed):
            raise FormatError("The metadata 'labels' does not agree with the graph's labels.")
    return _plain.read_decision({"kind": kind, "labels": values})


def _formed(values: Sequence[Label]) -> list[int] | list[str]:
    if all(_integral(v) for v in values):
        return [int(v) for v in values]
    return [v if isinstance(v, str) else str(v) for v in values]


def _integral(value: object) -> bool:
    if isinstance(value, float):
        return value.is_integer() and abs(value) < 1 << 63
    return isinstance(value, int) and -(1 << 63) <= value < 1 << 63
