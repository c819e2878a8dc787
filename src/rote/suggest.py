"""Repairs for misspelt names in messages."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["did_you_mean"]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A sentence that names the closest known name, or all of them.

    Args:
        name: The misspelt name.
        known: The names that exist.

    Returns:
        The sentence.

    >>> did_you_mean("zang2017", ["zhang2017", "yun2019-three-layer"])
    "Did you mean 'zhang2017'?"
    """
    known = list(known)
    close = get_close_matches(name, known, n=1)
    if close:
        return f"Did you mean {close[0]!r}?"
    return f"Known: {', '.join(known)}." if known else "There are none."
