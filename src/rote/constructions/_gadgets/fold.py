r"""Fold: cells of a long range moved onto a short one, a run of points at a time.

**Lemma** (after [park2021, Lemma 15]). Cells of n points in $[0, K)$ go to $[0, t)$, $t \ge 4 n$,
by at most $\lceil 4 n^2 / t \rceil$ and $\lceil 2 K / t \rceil$ moves more: a run of
$m \le t / (4 n)$ points within t/2 cells has t/2 places below t, of which at most $m n \le t / 4$
put one of its points on a cell that is taken. So at least a quarter of all random places will do.

Runs are taken greedily: of many places the one is kept that the longest run fits. Points of one
label may share a cell. As a rule this takes about $n^2 / (2 t \ln 256)$ moves and $K / t$ more.
*Ours:* one pass where the paper halves the range again and again, with growing numbers of moves.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rote.constructions._gadgets.moves import Move
from rote.typing import Integers

__all__ = ["fold", "most_moves", "usual_moves"]

_PLACES = 256
"""Places tried for a run: all fail once in 10^32 times where a quarter of all would do. Ours."""


def most_moves(n: int, range_: int, size: int) -> int:
    """Moves that always suffice: for n points of some range, onto at least 4 n cells."""
    return 0 if range_ <= size else -(-n // (size // (4 * n))) + -(-2 * range_ // size)


def usual_moves(n: int, range_: int, size: int) -> float:
    """Moves that it takes as a rule."""
    return 0 if range_ <= size else n**2 / (2 * size * np.log(_PLACES)) + range_ / size


def fold(
    cell: Integers, level: Integers, size: int, rng: np.random.Generator
) -> tuple[Integers, list[Move]]:
    """Move the points that are beyond a range into it.

    Args:
        cell: Each point's cell, at least 0, shape (n,).
        level: Each point's label; points of two labels are in two cells; shape (n,).
        size: t, more than the number of points or of all cells.
        rng: Randomness.

    Returns:
        Each point's cell after the moves, and the moves by increasing start.
    """
    order = np.argsort(cell, kind="stable")
    at, label = cell[order], level[order]
    first = int(np.searchsorted(at, size))
    taken = np.full(size, -1, np.int64)
    taken[at[:first]] = label[:first]
    after = at.copy()
    moves: list[Move] = []
    reach = 16  # how many points to look at
    while first < len(at):
        some = slice(first, first + reach)
        offset = at[some] - at[first]
        places = rng.integers(0, size, _PLACES)
        fits = _fits(taken, places[:, None] + offset, label[some])
        lengths = np.where(fits.all(axis=1), len(offset), np.argmin(fits, axis=1))
        run = int(lengths.max())
        place = int(places[np.argmax(lengths)])
        if not run:  # nearly full: look at all places for one point
            free = np.flatnonzero(_fits(taken, np.arange(size), label[first]))
            run, place = 1, int(free[0])
        if run == reach and first + run < len(at):
            reach *= 2
            continue
        some = slice(first, first + run)
        after[some] = place + offset[:run]
        taken[after[some]] = label[some]
        moves.append(Move(int(at[first]), int(at[first]) - place))
        first += run
        reach = max(16, 2 * run)
    moved = np.empty_like(after)
    moved[order] = after
    return moved, moves


def _fits(taken: Integers, place: Integers, label: Integers) -> npt.NDArray[np.bool_]:
    """Whether cells are within the range and free, or of the same label."""
    found = taken[np.minimum(place, len(taken) - 1)]
    return np.asarray((place < len(taken)) & ((found < 0) | (found == label)))
