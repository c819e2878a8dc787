"""The capacity map: what is known of n points for networks of each width and depth."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rote.atlas.guarantee import holders
from rote.atlas.labels import describe_labels
from rote.bounds import BOUNDS, Architecture, Bound, Question
from rote.errors import OptionError
from rote.network import Activation
from rote.typing import Progress, no_progress

__all__ = ["Edge", "Frontier", "Map", "map_regions"]


@dataclass(frozen=True)
class Edge:
    """Where a region ends at one depth.

    Attributes:
        width: The least width that is guaranteed, or the largest that is impossible.
        key: The theorem or bound that decides it.
    """

    width: int
    key: str


Frontier = tuple[Edge | None, ...]
"""An edge for each depth; None where the region has no width."""


@dataclass(frozen=True)
class Map:
    """What is known of n points, by depth and width; every hidden layer has the same width.

    Attributes:
        n: Number of points.
        inputs: Number of features.
        outputs: Number of outputs.
        activation: Of the hidden units.
        labels: The labels, in words, with the separation where it is known.
        depths: Numbers of hidden layers, in order.
        most_width: The largest width that was looked at.
        certain: Least widths that are guaranteed for any distinct points.
        conditional: Least widths that are guaranteed under a hypothesis, such as general position.
        some: Largest widths that are impossible for some data.
        most: Largest widths that are impossible for most labels, whatever the points.
    """

    n: int
    inputs: int
    outputs: int
    activation: Activation
    labels: str
    depths: tuple[int, ...]
    most_width: int
    certain: Frontier
    conditional: Frontier
    some: Frontier
    most: Frontier


def map_regions(
    n: int,
    ends: tuple[int, int],
    activation: Activation,
    question: Question,
    *,
    most_depth: int = 1000,
    most_width: int = 100_000,
    progress: Progress = no_progress,
) -> Map:
    """Find the frontiers.

    Args:
        n: Number of points.
        ends: Inputs and outputs.
        activation: Of the hidden units.
        question: Labels, separation, bits.
        most_depth: The largest depth.
        most_width: The largest width.
        progress: Called as ``progress(stage, done, total)``.

    Returns:
        The map; its depths are even on a logarithmic scale.

    Raises:
        OptionError: A number is less than 1.
    """
    for name, value in (("n", n), ("most_depth", most_depth), ("most_width", most_width)):
        if value < 1:
            raise OptionError(f"Argument {name!r} must be at least 1, not {value}.")
    d, k = ends
    depths = _depths(most_depth)
    columns: list[list[Edge | None]] = [[], [], [], []]
    for done, depth in enumerate(depths):
        progress("map", done, len(depths))

        def network(width: int, depth: int = depth) -> Architecture:
            return Architecture((d, *(width,) * depth, k), activation)

        certain = _least(n, network, question, most_width, hypotheses=False)
        below = certain.width - 1 if certain else most_width
        columns[0].append(certain)
        columns[1].append(_least(n, network, question, below, hypotheses=True))
        for column, bounds in zip(columns[2:], _kinds(), strict=True):
            column.append(_largest(n, network, question, most_width, bounds))
    progress("map", len(depths), len(depths))
    return Map(
        n,
        d,
        k,
        activation,
        _labels(question, k),
        depths,
        most_width,
        *map(tuple, columns),
    )


def _labels(question: Question, outputs: int) -> str:
    labels, delta = describe_labels(question, outputs), question.separation
    return labels if delta is None else f"{labels}, separation {delta:g}"


_PER_DECADE = 12


def _depths(most: int) -> tuple[int, ...]:
    """Whole numbers from 1 on, even on a logarithmic scale, with the last."""
    steps = math.ceil(math.log10(most) * _PER_DECADE)
    numbers = {round(10 ** (step / _PER_DECADE)) for step in range(steps)}
    return tuple(sorted({1, most} | {k for k in numbers if k < most}))


def _kinds() -> tuple[list[Bound], list[Bound]]:
    """All bounds; and those that rule out most labels, whatever the points."""
    every = [bound for bound in BOUNDS.values() if bound.kind != "guaranteed"]
    most = [b for b in every if b.scope == "every" and b.kind != "impossible-some-data"]
    return every, most


def _least(
    n: int,
    network: Callable[[int], Architecture],
    question: Question,
    most_width: int,
    *,
    hypotheses: bool,
) -> Edge | None:
    """The least width at which a theorem holds n points, with hypotheses or without."""

    def holder(width: int) -> str | None:
        for found in holders(network(width), question):
            if (hypotheses or not found.hypotheses) and found.holds(n):
                return found.theorem.key
        return None

    return _first(holder, most_width)


def _first(decide: Callable[[int], str | None], most: int) -> Edge | None:
    """The first width at which something is decided, and by what."""
    key = decide(most) if most else None
    if key is None:
        return None
    low, high = 0, most
    while high - low > 1:
        middle = max(low + 1, math.isqrt(low * high))  # even on a logarithmic scale
        found = decide(middle)
        if found is None:
            low = middle
        else:
            high, key = middle, found
    return Edge(high, key)


def _largest(
    n: int,
    network: Callable[[int], Architecture],
    question: Question,
    most_width: int,
    bounds: Iterable[Bound],
) -> Edge | None:
    """The largest width at which n points are impossible, and by which bound."""
    best: Edge | None = None
    for bound in bounds:

        def possible(width: int, bound: Bound = bound) -> str | None:
            least = bound.first_impossible(network(width), question)
            return None if least is not None and least <= n else bound.key

        start = best.width + 1 if best else 1
        if start > most_width or possible(start):
            continue
        first = _first(possible, most_width)
        best = Edge(most_width if first is None else first.width - 1, bound.key)
    return best
