"""Points on a line, where they exist."""

from __future__ import annotations

from rote.bounds._base import Question

__all__ = ["on_a_line"]


def on_a_line(n: int, question: Question) -> int | None:
    r"""n, if as many points of the unit ball can lie on a line; else None.

    Args:
        n: Number of points.
        question: Its separation $\delta$, where it is known, allows $1 + 2/\delta$ points.

    Returns:
        n or None.
    """
    delta = question.separation
    return n if delta is None or n - 1 <= 2 / delta else None
