r"""General position: no hyperplane holds more than d points.

Then any d + 1 points are affinely independent. To decide it is exponential in general, so three
answers are possible: yes, with all hyperplanes through d points looked at; no, with d + 1 points on
one; and unknown, when a search found none. Witnesses that are cheap to find come first: few points,
equal points, a coordinate that more than d points share, points that all lie on one hyperplane.

Hyperplanes are computed modulo a prime (:mod:`rote.data.hyperplanes`). What does not vanish modulo
a prime does not vanish, so a yes is proved; what does is settled by an exact rank, so a no is too.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, islice

import numpy as np
import numpy.typing as npt

from rote.data.duplicates import group_equal_rows
from rote.data.points import check_points
from rote.errors import OptionError
from rote.typing import Array, Integers, Progress, no_progress

__all__ = ["Position", "general_position"]


@dataclass(frozen=True)
class Position:
    """Whether points are in general position.

    Attributes:
        holds: True if that is proved, False if there is a witness, None if neither.
        witness: Positions of d + 1 points on one hyperplane, in order; empty unless ``holds`` is
            False.
        hyperplanes: How many hyperplanes through d points were compared with all others.
        reason: What was found, in words.
    """

    holds: bool | None
    witness: tuple[int, ...]
    hyperplanes: int
    reason: str


def general_position(
    points: npt.ArrayLike,
    *,
    operations: int = 2 * 10**8,
    seed: int = 0,
    progress: Progress = no_progress,
) -> Position:
    """Decide whether some hyperplane holds more than d points, as far as the effort goes.

    Args:
        points: Shape (n, d), finite.
        operations: Effort: how many operations of the order of 10 ns may be spent on hyperplanes.
            All of them are looked at if that is enough, else random ones, at least one.
        seed: Seed of the random choice.
        progress: Called as ``progress("general position", done, total)``.

    Returns:
        The answer, exact where it is not None.

    Raises:
        DataError: The points are no table of finite numbers.
        OptionError: The effort is negative.

    >>> general_position([[0, 0], [1, 1], [2, 2], [0, 1]]).witness
    (0, 1, 2)
    """
    if operations < 0:
        raise OptionError(f"operations must not be negative, not {operations}.")
    checked = check_points(points)
    n, d = checked.shape
    if n <= d:
        return Position(True, (), 0, f"there are only {n} points in {d} dimensions")
    for find in (_equal_points, _shared_coordinate, _common_hyperplane):
        found = find(checked)
        if found is not None:
            return found
    if d == 1:
        return Position(True, (), n, "all points are different")
    return _search(checked, operations, np.random.default_rng(seed), progress)


def _equal_points(points: Array) -> Position | None:
    first = group_equal_rows(points)
    again = np.flatnonzero(first != np.arange(len(points)))
    if not again.size:
        return None
    a, b = int(first[again[0]]), int(again[0])
    return _witness(points, [a, b], f"rows {a} and {b} are equal")


def _shared_coordinate(points: Array) -> Position | None:
    d = points.shape[1]
    for column in range(d):
        ordered = np.sort(points[:, column])
        shared = ordered[d:][ordered[d:] == ordered[:-d]]  # d places apart and equal
        if shared.size:
            rows = np.flatnonzero(points[:, column] == shared[0])[: d + 1]
            return _witness(points, rows.tolist(), f"they share coordinate {column}")
    return None


def _common_hyperplane(points: Array) -> Position | None:
    """A witness if all points lie on one hyperplane: by a sample first, which mostly settles it."""
    from rote.exact.matrix import rank
    from rote.exact.modular import rank_modulo

    n, d = points.shape
    for count in (min(n, 2 * (d + 1)), n):
        if rank_modulo(_homogeneous(points[:count])) == d + 1:
            return None
    rows = list(range(d + 1))
    if rank(_homogeneous(points[rows])) == d + 1:  # an unlucky prime
        return None
    return _witness(points, rows, "all points lie on one hyperplane")


def _search(
    points: Array, operations: int, rng: np.random.Generator, progress: Progress
) -> Position:
    """Compare hyperplanes through d points with all points."""
    from rote.data.hyperplanes import Hyperplanes

    n, d = points.shape
    price = d * d * (d + 1) + n * (d + 1)
    everything = math.comb(n, d)
    exhaustive = everything * price <= operations
    total = everything if exhaustive else max(1, operations // price)
    subsets = _all_subsets(n, d) if exhaustive else _random_subsets(n, d, total, rng)
    hyperplanes = Hyperplanes(_homogeneous(points), rng)
    done = 0
    for batch in subsets:
        rows = hyperplanes.one_with_more(batch)
        done += len(batch)
        if rows is not None:
            named = ", ".join(map(str, rows))
            return Position(False, rows, done, f"rows {named} share a hyperplane")
        progress("general position", done, total)
    if exhaustive:
        return Position(True, (), done, f"none of all {done} hyperplanes holds another point")
    return Position(None, (), done, f"none of {done} random hyperplanes holds another point")


def _all_subsets(n: int, d: int) -> Iterator[Integers]:
    step = _batch(n, d)
    remaining = combinations(range(n), d)
    while chunk := list(islice(remaining, step)):
        yield np.array(chunk, dtype=np.int64)


def _random_subsets(n: int, d: int, count: int, rng: np.random.Generator) -> Iterator[Integers]:
    step = _batch(n, d)
    for start in range(0, count, step):
        size = min(step, count - start)
        subsets = rng.integers(n, size=(size, d)) if d * d < n else np.zeros((size, d), np.int64)
        ordered = np.sort(subsets, axis=1)
        for k in np.flatnonzero((ordered[:, 1:] == ordered[:, :-1]).any(axis=1)):
            subsets[k] = rng.choice(n, d, replace=False, shuffle=False)
        yield subsets


def _batch(n: int, d: int) -> int:
    """Subsets whose matrices, and whose products with all points, take about 8 MB."""
    return max(1, (1 << 20) // (n + d * (d + 1)))


def _homogeneous(points: Array) -> Array:
    """Points with a leading 1: dependent exactly where the points are affinely dependent."""
    return np.column_stack([np.ones(len(points), points.dtype), points])


def _witness(points: Array, rows: list[int], reason: str) -> Position:
    """Dependent points, filled up to d + 1 by any others."""
    n, d = points.shape
    others = (i for i in range(n) if i not in rows)
    full = sorted([*rows, *islice(others, d + 1 - len(rows))])
    return Position(False, tuple(full), 0, reason)
