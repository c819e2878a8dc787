"""The search for a small width: doubling steps from a guess, then halving what is left open."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

__all__ = ["smallest_width"]

T = TypeVar("T")


def smallest_width(attempt: Callable[[int], T | None], guess: int, most: int) -> T | None:
    """What a width gives that works while the one below does not.

    Success is not quite monotone in the width, so that this is not always the smallest of all.

    Args:
        attempt: Trains at a width of at least 1; None where that fails.
        guess: Where to begin.
        most: Largest width to try.

    Returns:
        What was trained there; None if the largest width fails.
    """
    fails, works, best = 0, most + 1, None
    width, stride = min(max(guess, 1), most), 1
    while works - fails > 1:
        found = attempt(width)
        if found is None:
            fails = width
        else:
            works, best = width, found
        if best is None:
            width = min(fails + stride, most)
        elif not fails:
            width = max(works - stride, 1)
        else:
            width = (works + fails) // 2
        stride *= 2
    return best
