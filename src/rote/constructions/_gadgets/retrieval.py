r"""Retrieval tables: n keys find n values in little more than n cells.

A key has one cell in each of three segments, and its value is the exclusive or of the three. The
cells are filled by *peeling*: a key that is alone in some cell can be put aside, because that cell
will make its value right whatever the others hold; then others are alone. Random keys peel
completely while there are fewer than 0.818 of them per cell, up to lower-order terms.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rote.typing import Integers

__all__ = ["SEGMENTS", "fill_table"]

SEGMENTS = 3
"""Cells of a key; with three, tables may be fullest."""


def fill_table(cells: Integers, values: Integers, size: int) -> Integers | None:
    """Fill a table so that the exclusive or of each key's cells is its value.

    Args:
        cells: The three different cells of each key, shape (n, 3).
        values: Nonnegative integers, shape (n,).
        size: Number of cells.

    Returns:
        The cells' contents, shape (size,), 0 where no key needs them; or None if the keys do not
        peel.
    """
    rounds = _peel(cells, size)
    if rounds is None:
        return None
    table = np.zeros(size, np.int64)
    for keys, free in reversed(rounds):
        # The free cell of a key is still 0, and is no cell of another key of the same round.
        table[free] = np.bitwise_xor.reduce(table[cells[keys]], axis=1) ^ values[keys]
    return table


def _peel(cells: Integers, size: int) -> list[tuple[Integers, Integers]] | None:
    """Rounds of keys with the cell that each has for itself, in the order of removal."""
    n = len(cells)
    degree = np.bincount(cells.ravel(), minlength=size)
    keys_in_cell = np.zeros(size, np.int64)  # the exclusive or of the keys left in each cell
    np.bitwise_xor.at(keys_in_cell, cells, np.arange(n)[:, None])
    rounds = []
    candidates: npt.NDArray[np.int64] = np.arange(size)
    left = n
    while left:
        alone = candidates[degree[candidates] == 1]
        if not alone.size:
            return None
        keys, first = np.unique(keys_in_cell[alone], return_index=True)
        rounds.append((keys, alone[first]))
        touched = cells[keys]
        np.subtract.at(degree, touched, 1)
        np.bitwise_xor.at(keys_in_cell, touched, keys[:, None])
        candidates = np.unique(touched)
        left -= len(keys)
    return rounds
