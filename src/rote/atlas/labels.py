"""The kinds of labels that a question may be about, by name."""

from __future__ import annotations

import re

from rote.bounds import Question
from rote.errors import OptionError

__all__ = ["DEFAULT_LABELS", "classes_of", "describe_labels"]

DEFAULT_LABELS = ("binary", "ten", "real")
"""Asked about where nothing else is."""

_NAMED = {"binary": 2, "ten": 10, "real": None}


def classes_of(name: str | int) -> tuple[int | None, bool]:
    """What a name of labels means.

    Args:
        name: ``binary``, ``ten``, ``real``, a number of classes, or ``tokens-N`` for probability
            distributions over N classes.

    Returns:
        The number of classes, or None for real labels; and whether labels are distributions.

    Raises:
        OptionError: Another name.
    """
    text = str(name)
    if text in _NAMED:
        return _NAMED[text], False
    match = re.fullmatch(r"(tokens-)?(\d+)", text)
    if match is None or int(match[2]) < 2:
        raise OptionError(
            "Labels must be binary, ten, real, a number of classes from 2, or tokens-N, "
            f"not {text!r}."
        )
    return int(match[2]), match[1] is not None


def describe_labels(question: Question, outputs: int) -> str:
    """The labels in words, for a network with so many outputs."""
    if question.classes is None:
        return "real labels" if outputs == 1 else f"real labels in R^{outputs}"
    if question.distributions:
        return f"distributions over {question.classes} tokens"
    return {2: "two classes", 10: "ten classes"}.get(
        question.classes, f"{question.classes} classes"
    )
