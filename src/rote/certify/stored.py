"""Stored certificates: JSON that may come from a stranger, checked value by value."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any, Final, get_args

from rote.errors import FormatError
from rote.typing import DType

__all__ = ["FORMAT", "checked_certificate"]

FORMAT: Final = 1
"""Version of the JSON form."""

Check = Callable[[Any], bool]


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_text(value: Any) -> bool:
    return type(value) is str


def _is_bool(value: Any) -> bool:
    return type(value) is bool


def _is_number_or_none(value: Any) -> bool:
    return value is None or type(value) is int or (type(value) is float and math.isfinite(value))


def _is_object(value: Any) -> bool:
    return isinstance(value, Mapping) and all(type(key) is str for key in value)


def _is_audit(value: Any) -> bool:
    return _is_object(value) and all(
        _is_number_or_none(v) or type(v) in {bool, str} for v in value.values()
    )


_CERTIFICATE: Final[Mapping[str, tuple[Check, str]]] = {
    "format": (lambda v: type(v) is int and v == FORMAT, str(FORMAT)),
    "network": (_is_text, "text"),
    "data": (_is_text, "text"),
    "n": (_is_count, "an integer from 0"),
    "d": (_is_count, "an integer from 0"),
    "merged": (_is_count, "an integer from 0"),
    "information_bits": (_is_number_or_none, "a finite number or null"),
    "dtype": (lambda v: v in get_args(DType), f"one of {', '.join(get_args(DType))}"),
    "inputs_rounded": (_is_count, "an integer from 0"),
    "claims": (_is_object, "an object"),
}

_CLAIM: Final[Mapping[str, tuple[Check, str]]] = {
    "name": (_is_text, "text"),
    "holds": (_is_bool, "true or false"),
    "available": (_is_bool, "true or false"),
    "margin": (_is_number_or_none, "a finite number or null"),
    "failures": (_is_object, "an object"),
    "reason": (_is_text, "text"),
    "arithmetic": (_is_text, "text"),
    "audit": (_is_audit, "an object of numbers, text, true, false and null"),
}

_FAILURES: Final[Mapping[str, tuple[Check, str]]] = {
    "total": (_is_count, "an integer from 0"),
    "rows": (lambda v: isinstance(v, list) and all(map(_is_count, v)), "a list of row numbers"),
}


def checked_certificate(source: str | bytes | Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a certificate, each of its type.

    Args:
        source: JSON text, or its value.

    Returns:
        A copy without the format.

    Raises:
        FormatError: Something is missing, unknown, of another type, or contradicts itself.
    """
    value: Any = source
    if isinstance(source, str | bytes):
        try:
            value = json.loads(source)
        except (ValueError, RecursionError) as error:
            raise FormatError(f"A certificate must be JSON: {error}.") from None
    fields = _checked(value, "A certificate", _CERTIFICATE)
    del fields["format"]
    fields["claims"] = {name: _claim(name, claim) for name, claim in fields["claims"].items()}
    return fields


def _claim(name: str, value: Any) -> dict[str, Any]:
    where = f"Claim {name[:60]!r}"
    claim = _checked(value, where, _CLAIM)
    claim["failures"] = failures = _checked(claim["failures"], f"{where}: failures", _FAILURES)
    if claim["name"] != name:
        raise FormatError(f"{where}: the name inside must be the same, not {claim['name'][:60]!r}.")
    if len(failures["rows"]) > failures["total"]:
        raise FormatError(f"{where}: failures must name {failures['total']} rows at most.")
    if claim["holds"] and (failures["total"] or not claim["available"]):
        raise FormatError(f"{where}: it cannot hold and fail at once.")
    return claim


def _checked(value: Any, where: str, checks: Mapping[str, tuple[Check, str]]) -> dict[str, Any]:
    """A copy of an object that has exactly these keys, each with a value that passes."""
    if not isinstance(value, Mapping) or set(value) != set(checks):
        raise FormatError(f"{where} must be an object with the keys {', '.join(checks)}.")
    for key, (check, words) in checks.items():
        if not check(value[key]):
            raise FormatError(f"{where}: {key!r} must be {words}, not {str(value[key])[:60]!r}.")
    return dict(value)
