"""Compiled loops of the retrieval solver.

Bits of a row are packed into uint64 words: one per unknown that was set aside, then one for the
value of the equation. All loops release the interpreter lock, so that shards run in parallel.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from rote.typing import Array, Integers

__all__ = ["eliminate", "reduce", "substitute"]

_BLOCK = 8
"""Pivot rows of which all combinations are tabulated. Ours."""

_STRIP = 32
"""Columns eliminated at a time, by four tables, since each pass over all rows waits for memory; a
divisor of 64. Ours."""


@njit(cache=True, nogil=True)
def reduce(
    equations: Array,
    values: Array,
    starts: Integers,
    members: Array,
    order: Integers,
    pivot: Integers,
    aside: Integers,
) -> Array:
    """Every equation in terms of the unknowns set aside, with its value behind them."""
    columns = 0
    for v in range(len(aside)):
        if aside[v] >= 0:
            columns += 1
    m = equations.shape[0]
    rows = np.zeros((m, columns // 64 + 1), np.uint64)
    one = np.uint64(1)
    solved = np.zeros(m, np.bool_)
    for i in range(m):
        for j in range(equations.shape[1]):
            v = equations[i, j]
            if v >= 0 and aside[v] >= 0:
                c = aside[v]
                rows[i, c >> 6] ^= one << np.uint64(c & 63)
        rows[i, columns >> 6] |= np.uint64(values[i]) << np.uint64(columns & 63)
    for t in range(len(order)):
        e, v = order[t], pivot[t]
        solved[e] = True
        for a in range(starts[v], starts[v + 1]):
            i = members[a]
            if not solved[i]:
                for w in range(rows.shape[1]):
                    rows[i, w] ^= rows[e, w]
    return rows


@njit(cache=True, nogil=True)
def eliminate(rows: Array, free: Array) -> tuple[Array, int]:
    """Solve a dense system of packed rows, which it destroys; free columns keep their bits.

    Returns:
        The bits, shape (columns,), uint8; and how many equations contradict the others.
    """
    m, words = rows.shape
    columns = len(free)
    pivots = np.empty(min(m, columns), np.int64)
    tables = np.empty((_STRIP // _BLOCK, 1 << _BLOCK, words), np.uint64)
    rank = 0
    for start in range(0, columns, _STRIP):
        base = rank
        for c in range(start, min(start + _STRIP, columns)):
            rank += _pivot(rows, pivots, base, rank, c)
        for t in range(len(tables)):
            _combine(rows[min(base + t * _BLOCK, rank) : rank][:_BLOCK], tables[t], start >> 6)
        _clear(rows, rank, pivots[base:rank], tables, start >> 6)
    bad = 0
    for i in range(rank, m):
        bad += _bit(rows[i], columns)
    return _back(rows, pivots[:rank], free), bad


@njit(cache=True, nogil=True)
def _bit(row: Array, column: int) -> int:
    return int((row[column >> 6] >> np.uint64(column & 63)) & np.uint64(1))


@njit(cache=True, nogil=True)
def _add(row: Array, other: Array, first: int) -> None:
    one, two = row[first:], other[first:]  # indices from 0 on let the compiler use wide registers
    for w in range(len(one)):
        one[w] ^= two[w]


@njit(cache=True, nogil=True)
def _pivot(rows: Array, pivots: Integers, base: int, rank: int, column: int) -> int:
    """Bring a row with this column's bit to place ``rank``: 1 if there is one, else 0."""
    # Rows are brought up to date with this block's pivots, from ``base`` on, on the way; each
    # of their columns stays in one pivot row only.
    first = pivots[base] >> 6 if rank > base else column >> 6
    for i in range(rank, len(rows)):
        for j in range(base, rank):
            if _bit(rows[i], pivots[j]):
                _add(rows[i], rows[j], first)
        if _bit(rows[i], column):
            for w in range(first, rows.shape[1]):
                rows[i, w], rows[rank, w] = rows[rank, w], rows[i, w]
            for j in range(base, rank):
                if _bit(rows[j], column):
                    _add(rows[j], rows[rank], first)
            pivots[rank] = column
            return 1
    return 0


@njit(cache=True, nogil=True)
def _combine(some: Array, table: Array, first: int) -> None:
    """All sums of the given rows; bit j of a sum's number stands for row j."""
    table[0, first:] = 0
    for j in range(len(some)):
        row = some[j, first:]
        for rest in range(1 << j):
            old, new = table[rest, first:], table[(1 << j) + rest, first:]
            for w in range(len(row)):
                new[w] = old[w] ^ row[w]


@njit(cache=True, nogil=True)
def _clear(rows: Array, rank: int, columns: Integers, tables: Array, first: int) -> None:
    """Clear the pivot columns, all in one word, from all rows below."""
    one = np.uint64(1)
    mask = (one << np.uint64(_BLOCK)) - one
    for i in range(rank, len(rows)):
        word, combination = rows[i, first], np.uint64(0)
        for j in range(len(columns)):
            combination |= ((word >> np.uint64(columns[j] & 63)) & one) << np.uint64(j)
        if combination:
            row = rows[i, first:]
            a = tables[0, combination & mask, first:]
            b = tables[1, (combination >> np.uint64(_BLOCK)) & mask, first:]
            c = tables[2, (combination >> np.uint64(2 * _BLOCK)) & mask, first:]
            d = tables[3, (combination >> np.uint64(3 * _BLOCK)) & mask, first:]
            for w in range(len(row)):
                row[w] ^= a[w] ^ b[w] ^ c[w] ^ d[w]


@njit(cache=True, nogil=True)
def _back(rows: Array, pivots: Integers, free: Array) -> Array:
    """Values of the pivots, from the last to the first, given the free bits."""
    columns = len(free)
    bits = free.copy()
    for c in pivots:
        bits[c] = 0
    known = _packed(bits, rows.shape[1])
    for t in range(len(pivots) - 1, -1, -1):
        c = pivots[t]
        if _dot(rows[t], known, columns):
            bits[c] = 1
            known[c >> 6] |= np.uint64(1) << np.uint64(c & 63)
    return bits


@njit(cache=True, nogil=True)
def substitute(rows: Array, order: Integers, pivot: Integers, bits: Array, chosen: Array) -> None:
    """Write the unknowns that were solved for, given those set aside."""
    known = _packed(chosen, rows.shape[1])
    for t in range(len(order)):
        bits[pivot[t]] = _dot(rows[order[t]], known, len(chosen))


@njit(cache=True, nogil=True)
def _packed(bits: Array, words: int) -> Array:
    packed = np.zeros(words, np.uint64)
    for c in range(len(bits)):
        packed[c >> 6] |= np.uint64(bits[c]) << np.uint64(c & 63)
    return packed


@njit(cache=True, nogil=True)
def _dot(row: Array, known: Array, columns: int) -> int:
    """Parity of the known bits in a row, plus the row's value."""
    total = np.uint64(0)
    for w in range(len(known)):
        total ^= row[w] & known[w]
    total ^= (row[columns >> 6] >> np.uint64(columns & 63)) & np.uint64(1)
    for shift in (32, 16, 8, 4, 2, 1):
        total ^= total >> np.uint64(shift)
    return int(total & np.uint64(1))
