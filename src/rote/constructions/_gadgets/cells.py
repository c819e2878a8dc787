r"""Cells: the line in equal pieces, no piece with points of two labels.

A cell is c units long, c a power of two, and the cell of a point is $\lfloor h / c \rfloor$. Where
the line is exact the largest c serves that parts the labels. Where h is only known to lie within
``[low, high]``, no cell may end inside: of n points at most $2 n$ of the c places where cells can
begin are forbidden by that, so that a longer cell has a place, at $\log_2 n$ more bits than the
points need. Points of one label may share a cell. *Ours.*
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain
from typing import final

import numpy as np

from rote.constructions._base import Context
from rote.constructions._gadgets.line import (
    Direction,
    Line,
    exact_directions,
    integer_directions,
    real_directions,
)
from rote.data import DataSet
from rote.errors import PrecisionError
from rote.typing import Array, Integers

__all__ = ["Cells", "clashes", "find_cells"]

_PLACES = 64
"""Places tried for the beginning of cells that are not exact. Ours."""


@final
@dataclass(frozen=True, eq=False)
class Cells:
    """Points in cells.

    Attributes:
        line: The line; h is in cell k if c k <= h <= c (k + 1) - 1.
        length: c.
        cell: Each point's cell, at least 0, shape (n,), int64 or Python's.
    """

    line: Line
    length: int
    cell: Array


def clashes(cell: Array, level: Integers) -> bool:
    """Whether a cell has points of two labels.

    Args:
        cell: Each point's cell, shape (n,).
        level: Each point's label, shape (n,).

    Returns:
        True if one has.
    """
    order = np.argsort(cell, kind="stable")
    cell, level = cell[order], level[order]
    return bool(((cell[1:] == cell[:-1]) & (level[1:] != level[:-1])).any())


def find_cells(
    data: DataSet, level: Integers, context: Context, count: int, spare: int = 0
) -> Cells:
    """Find a line with few cells.

    Args:
        data: The points.
        level: Their labels as integers, shape (n,).
        context: Arithmetic, randomness, progress.
        count: How many directions to try.
        spare: Bits of the precision that later sums need.

    Returns:
        The cells, the fewest of all lines tried.

    Raises:
        PrecisionError: No line of this arithmetic parts the labels.
    """
    best: Cells | None = None
    last = exact_directions if context.dtype == "exact" else real_directions
    candidates = chain(
        integer_directions(data, context, count, None, spare=spare), last(data, context, count)
    )
    for trial, direction in enumerate(candidates):
        context.progress("line of cells", trial, 2 * count)
        found = _cells(direction, level, spare, context)
        if found is not None and (best is None or found.cell.max() < best.cell.max()):
            best = found
        if best is not None and trial + 1 == count:
            break
    if best is None:
        raise PrecisionError(
            f"{context.dtype} cannot hold a line on which no cell has points of two labels. "
            f"Use dtype={'float64' if context.dtype == 'float32' else 'exact'!r}."
        )
    return best


def _cells(direction: Direction, level: Integers, spare: int, context: Context) -> Cells | None:
    """The longest cells on a direction."""
    inexact = direction.error > 0
    line = direction.line(direction.finest - (spare if inexact else 0))
    base = int(line.low.min())
    low, high = line.low - base, line.high - base
    bits = int(high.max()).bit_length()
    least, most = -1, bits  # cells of 2^least units part the labels, of 2^most or more do not
    if not clashes(low >> bits, level):
        least = bits
    while most - least > 1:
        middle = (least + most) // 2
        if clashes(low >> middle, level):
            most = middle
        else:
            least = middle
    if not inexact:
        return None if least < 0 else _begun(line, base, least)
    for exponent in range(least, 1, -1):
        length = 1 << exponent
        for place in context.rng.integers(0, length, _PLACES).tolist():
            cell = (low + place) >> exponent
            if ((high + place) >> exponent == cell).all() and not clashes(cell, level):
                return _begun(line, base - place, exponent)
    return None


def _begun(line: Line, begin: int, exponent: int) -> Cells:
    """The line with the first cell's begin at 0."""
    moved = replace(line, bias=line.bias - begin, low=line.low - begin, high=line.high - begin)
    return Cells(moved, 1 << exponent, moved.low >> exponent)
