"""Options of constructions: checked against the types of their fields, or read from text."""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from rote.errors import OptionError
from rote.suggest import did_you_mean

__all__ = ["check_options", "describe_options", "parse_option"]


def check_options(owner: str, kind: type, options: dict[str, Any]) -> None:
    """Raise :class:`OptionError` unless every option exists and has the type of its field.

    Args:
        owner: Catalogue key, for the message.
        kind: The construction's class, a dataclass.
        options: Values by name.
    """
    hints = _hints(kind)
    for name, value in options.items():
        hint = _hint(owner, hints, name)
        if not any(_fits(value, alternative) for alternative in _alternatives(hint)):
            raise OptionError(
                f"Option {name!r} of {owner!r} must be {_describe(hint)}, not {value!r}."
            )


def parse_option(owner: str, kind: type, text: str) -> tuple[str, Any]:
    """Read ``NAME=VALUE`` for a construction; a tuple is written ``20,30``.

    Args:
        owner: Catalogue key, for the message.
        kind: The construction's class, a dataclass.
        text: The text.

    Returns:
        The option's name and its value in the field's type.

    Raises:
        OptionError: No such option, or a value of another type.
    """
    name, equals, value = text.partition("=")
    if not equals:
        raise OptionError(f"An option is written NAME=VALUE, not {text!r}.")
    hint = _hint(owner, _hints(kind), name)
    for alternative in _alternatives(hint):
        try:
            return name, _read(value, alternative)
        except ValueError:
            continue
    raise OptionError(f"Option {name!r} of {owner!r} must be {_describe(hint)}, not {value!r}.")


@cache
def _hints(kind: type) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {name: hints[name] for name in getattr(kind, "__dataclass_fields__", {})}


def _hint(owner: str, hints: dict[str, Any], name: str) -> Any:
    if name not in hints:
        raise OptionError(
            f"Construction {owner!r} has no option {name!r}. {did_you_mean(name, hints)}"
        )
    return hints[name]


def _alternatives(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)


def _fits(value: Any, hint: Any) -> bool:
    if get_origin(hint) is Literal:
        return value in get_args(hint)
    if get_origin(hint) is tuple:
        if not isinstance(value, tuple):
            return False
        kinds = _entries(hint, len(value))
        return len(kinds) == len(value) and all(map(_fits, value, kinds))
    if hint in (int, float) and isinstance(value, bool):
        return False
    return isinstance(value, int | float if hint is float else hint)


def _read(text: str, hint: Any) -> Any:
    """The value that a text stands for in a type; ValueError if in none."""
    if get_origin(hint) is tuple:
        parts = text.split(",")
        return tuple(_read(p, k) for p, k in zip(parts, _entries(hint, len(parts)), strict=True))
    if get_origin(hint) is Literal:
        words = {str(choice): choice for choice in get_args(hint)}
    elif hint is NoneType:
        words = {"none": None}
    elif hint is bool:
        words = {"true": True, "false": False}
    else:
        return hint(text)
    if text not in words:
        raise ValueError(text)
    return words[text]


def _entries(hint: Any, length: int) -> tuple[Any, ...]:
    """The type of each entry of a tuple, ``tuple[int, ...]`` at the given length."""
    kinds = get_args(hint)
    return kinds[:1] * length if kinds[-1] is Ellipsis else kinds


_WORDS = {
    int: "an integer",
    float: "a number",
    bool: "true or false",
    str: "a text",
    NoneType: "none",
}


def _describe(hint: Any) -> str:
    names = []
    for alternative in _alternatives(hint):
        if get_origin(alternative) is Literal:
            names += [repr(choice) for choice in get_args(alternative)]
        elif get_origin(alternative) is tuple:
            names.append(_describe_tuple(get_args(alternative)))
        else:
            names.append(_WORDS[alternative])
    return " or ".join(names)


def _describe_tuple(kinds: tuple[Any, ...]) -> str:
    if kinds[-1] is Ellipsis:
        return "numbers like 20,30"
    return f"{len(kinds)} numbers like " + ",".join(str(20 + 10 * k) for k in range(len(kinds)))


def describe_options(kind: type) -> dict[str, str]:
    """What each option of a construction takes, in words, with its default."""
    hints = _hints(kind)
    return {
        f.name: f"{_describe(hints[f.name])}; default {f.default}".replace("None", "none")
        for f in fields(kind)
    }
