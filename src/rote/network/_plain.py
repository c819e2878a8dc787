"""Plain form: activations, decisions and labels as JSON values, and back with every value checked.

What is read here may come from a stranger, so nothing is taken on trust: unknown keys and kinds
are refused by name, numbers must be finite, and counts are compared with what is there before
anything of that size is made.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any, NoReturn, get_args

import numpy as np

from rote.data.joint import beside
from rote.errors import FormatError
from rote.network.activation import Activation, Kind
from rote.network.columns import Columns
from rote.network.decision import ArgMax, Bits, Decision, Nearest, Sign, Value
from rote.network.layer import Affine
from rote.typing import Array

__all__ = [
    "activation_runs",
    "keys_of",
    "parse",
    "read_activations",
    "read_decision",
    "read_integer",
    "read_list",
    "read_text",
    "write",
    "write_decision",
]

_LABELLED: dict[str, type[ArgMax | Bits | Nearest | Sign]] = {
    "argmax": ArgMax,
    "bits": Bits,
    "nearest": Nearest,
    "sign": Sign,
}


def write(value: object) -> str:
    """A value as JSON text.

    Returns:
        Text with sorted keys and no spaces; equal values give equal text.

    Raises:
        FormatError: A number too long to be written in decimal digits.
    """
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except ValueError as error:
        raise FormatError(f"The network's structure cannot be written as JSON: {error}.") from None


def parse(text: str) -> Any:
    """Read JSON text.

    Returns:
        Its value.

    Raises:
        FormatError: It is not JSON, repeats a key, or holds NaN or an infinity.
    """
    try:
        return json.loads(text, object_pairs_hook=_unique_keys, parse_constant=_refuse_constant)
    except RecursionError:
        raise FormatError("The structure must be JSON, not nested without end.") from None
    except ValueError as error:
        raise FormatError(f"The structure must be JSON: {error}.") from None


def keys_of(value: Any, where: str, *names: str) -> dict[str, Any]:
    """The value, if it is an object with exactly these keys."""
    if not isinstance(value, dict):
        raise FormatError(f"{where} must be an object, not {_short(value)}.")
    for name in value:
        if name not in names:
            raise FormatError(
                f"{where} has the unknown key {_short(name)}; known are {', '.join(names)}."
            )
    for name in names:
        if name not in value:
            raise FormatError(f"{where} lacks the key {name!r}.")
    return value


def read_list(value: Any, where: str) -> list[Any]:
    """The value, if it is a list."""
    if not isinstance(value, list):
        raise FormatError(f"{where} must be a list, not {_short(value)}.")
    return value


def read_text(value: Any, where: str) -> str:
    """The value, if it is a string."""
    if not isinstance(value, str):
        raise FormatError(f"{where} must be a string, not {_short(value)}.")
    return value


def read_integer(value: Any, where: str) -> int:
    """The value, if it is an integer (and not a boolean)."""
    if type(value) is not int:
        raise FormatError(f"{where} must be an integer, not {_short(value)}.")
    return value


def activation_runs(layer: Affine) -> list[list[Any]]:
    """The activations of a layer's units as ``[kind, parameter, number of units]``."""
    return [[a.kind, a.parameter, units.stop - units.start] for a, units in layer.runs()]


def read_activations(value: Any, units: int, where: str) -> tuple[Activation, ...]:
    """The activation of each unit, from runs.

    Args:
        value: List of ``[kind, parameter, number of units]``.
        units: How many units there are; nothing larger is made.
        where: What the value is, for messages.

    Returns:
        One activation per unit.
    """
    runs: list[tuple[Activation, int]] = []
    for run in read_list(value, where):
        if not isinstance(run, list) or len(run) != 3:
            raise FormatError(f"{where} must list [kind, parameter, units], not {_short(run)}.")
        kind, parameter, count = run
        if kind not in get_args(Kind):
            known = ", ".join(get_args(Kind))
            raise FormatError(f"{where} has the unknown kind {_short(kind)}; known are {known}.")
        if read_integer(count, f"{where}: units") < 1:
            raise FormatError(f"{where}: units must be at least 1, not {count}.")
        runs.append((Activation(kind, _number(parameter, f"{where}: parameter")), count))
    if sum(count for _, count in runs) != units:
        raise FormatError(
            f"{where} must cover {units} units, not {sum(count for _, count in runs)}."
        )
    return tuple(activation for activation, count in runs for _ in range(count))


def write_decision(decision: Decision) -> dict[str, Any]:
    """A decision with its labels.

    Returns:
        Its kind, and its labels or tolerance.

    Raises:
        FormatError: A label that is not an integer, string, boolean or finite float.
    """
    if isinstance(decision, Value):
        return {"kind": "value", "tolerance": float(decision.tolerance)}
    if isinstance(decision, Columns):
        columns = [_plain_labels(labels.tolist()) for labels in decision.labels]
        return {"kind": "columns", "labels": columns}
    for kind, labelled in _LABELLED.items():
        if isinstance(decision, labelled):
            values = decision.labels.tolist()
            several = decision.columns > 1
            labels = [_plain_labels(v) for v in values] if several else _plain_labels(values)
            return {"kind": kind, "labels": labels}
    raise FormatError(f"A decision of type {type(decision).__name__} has no file form.")


def read_decision(value: Any) -> Decision:
    """A decision with its labels, each of the type that it was written with."""
    kind = value.get("kind") if isinstance(value, dict) else None
    if kind == "value":
        entry = keys_of(value, "The decision", "kind", "tolerance")
        return Value(_number(entry["tolerance"], "The decision's tolerance"))
    if not isinstance(kind, str) or kind not in (*_LABELLED, "columns"):
        known = ", ".join([*_LABELLED, "columns", "value"])
        raise FormatError(f"The decision's kind must be one of {known}, not {_short(kind)}.")
    entry = keys_of(value, "The decision", "kind", "labels")
    labels = read_list(entry["labels"], "The labels")
    if kind == "columns":
        return Columns(tuple(_label_array(read_list(v, "A column of labels")) for v in labels))
    several = bool(labels) and isinstance(labels[0], list)
    return _LABELLED[kind](_label_table(labels) if several else _label_array(labels))


def _plain_labels(labels: list[Any]) -> list[int | str | bool | float]:
    values = [v.item() if isinstance(v, np.generic) else v for v in labels]
    for value in values:
        if type(value) not in (int, str, bool, float):
            raise FormatError(
                "A file holds labels that are integers, strings, booleans or floats, not "
                f"{_short(value)} of type {type(value).__name__}. Rename the labels first."
            )
        if type(value) is float and not math.isfinite(value):
            raise FormatError(f"A file holds finite labels, not {value}. Rename the labels first.")
    return values


def _label_array(values: Sequence[Any]) -> Array:
    """Labels in the narrowest dtype that keeps value and type of each: else Python objects."""
    types = {type(v) for v in values}
    if not types <= {int, str, bool, float}:
        raise FormatError("Labels must be integers, strings, booleans or floats.")
    if float in types and not all(math.isfinite(v) for v in values if type(v) is float):
        raise FormatError("Labels must be finite.")
    objects = np.empty(len(values), dtype=object)
    objects[:] = values
    if len(types) != 1:
        return objects
    (kind,) = types
    if kind is int:
        fits = all(-(1 << 63) <= v < 1 << 63 for v in values)
        return objects.astype(np.int64) if fits else objects
    if kind is str:  # numpy drops trailing null characters
        return objects if any(v.endswith("\0") for v in values) else objects.astype(np.str_)
    return objects.astype(kind)


def _label_table(rows: list[Any]) -> Array:
    """Rows of labels as an array, each column as it would be on its own."""
    if any(not isinstance(row, list) or len(row) != len(rows[0]) for row in rows) or not rows[0]:
        raise FormatError("The labels must be rows of the same number of labels.")
    return beside([_label_array(column) for column in zip(*rows, strict=True)])


def _number(value: Any, where: str) -> float:
    if type(value) not in (int, float):
        raise FormatError(f"{where} must be a number, not {_short(value)}.")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise FormatError(f"{where} must be finite, not {_short(value)}.")
    return number


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key is repeated")
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


def _short(value: Any) -> str:
    """A short representation on one line, however long or odd the value."""
    if type(value) is int and value.bit_length() > 128:
        return f"an integer of {value.bit_length()} bits"
    if isinstance(value, list | dict):
        return f"a {type(value).__name__} of {len(value)}"
    text = repr(value if not isinstance(value, str) else value[:60])
    return text if len(text) <= 80 else text[:77] + "..."
