r"""Memory: the table whose entries make every key read its code word.

Bit plane p of the sum that a key reads is a linear equation over GF(2), once the carries from the
planes below are known; so planes are solved from the lowest, each shard on its own.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import final

import numpy as np

from rote.constructions._compact.codes import Code
from rote.constructions._compact.layout import Layout
from rote.constructions._compact.retrieval import solve
from rote.constructions._compact.words import Word, Words
from rote.typing import Array, Integers

__all__ = ["Address", "disagreement", "equations_of", "fill", "plane_loads"]

_SAMPLE = 3000
"""Pairs from which the share that disagrees is estimated. Ours."""


@final
@dataclass(frozen=True, eq=False)
class Address:
    """Where each key looks.

    Attributes:
        shard: Shape (n,).
        rows: Row index within each block, shape (2, n).
        columns: Column index within each group, shape (groups, n).
        start: Start plane, shape (n,).

    Integers of any type.
    """

    shard: Integers
    rows: Integers
    columns: Integers
    start: Integers

    @classmethod
    def of_parts(cls, parts: Integers, layout: Layout) -> Address:
        """Take the folded parts apart; the last one counts planes down from the highest."""
        first = int(layout.shards > 1)
        shard = parts[0] if first else np.zeros(parts.shape[1], parts.dtype)
        return cls(
            shard, parts[first : first + 2], parts[first + 2 : -1], layout.planes - 1 - parts[-1]
        )

    def fails(self, layout: Layout, words: Words) -> bool:
        """Whether keys with the same rows and columns ask for what no number can be."""
        number = self.shard.astype(np.int64)
        ranges = (*layout.rows, *layout.columns)
        for part, size in zip((*self.rows, *self.columns), ranges, strict=True):
            number *= size
            number += part
        ordered = np.sort(number)
        shared = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
        if not shared.size:
            return False
        sharing = np.flatnonzero(np.isin(number, shared))
        order = sharing[np.argsort(number[sharing], kind="stable")]
        groups = np.split(order, np.flatnonzero(np.diff(number[order])) + 1)
        for keys in groups:
            for word in words:
                pairs = zip(word.symbols[keys].tolist(), self.start[keys].tolist(), strict=True)
                if not word.code.agree(pairs):
                    return True
        return False


def plane_loads(shard: Integers, start: Integers, word: Word, shards: int) -> Integers:
    """Number of equations of each shard and plane, a default's aside, shape (shards, planes)."""
    code = word.code
    kinds = len(code.lengths) * code.planes
    kind = (shard * len(code.lengths) + word.symbols) * code.planes + start
    counts = np.bincount(kind, minlength=shards * kinds)
    demands = code.demands.asked.reshape(kinds, code.planes).astype(np.int64)
    loads: Integers = counts.reshape(shards, kinds) @ demands
    return loads


def disagreement(words: Words, rng: np.random.Generator) -> float:
    """The share of pairs of keys that could not share rows and columns, from a sample."""
    bad = 0
    keys = rng.integers(0, len(words[0].symbols), (_SAMPLE, 2))
    starts = rng.integers(0, words[0].code.planes, (_SAMPLE, 2))
    for pair, start in zip(keys, starts.tolist(), strict=True):
        bad += not all(
            word.code.agree(zip(word.symbols[pair].tolist(), start, strict=True)) for word in words
        )
    return max(bad, 1) / _SAMPLE


def fill(
    address: Address,
    words: Words,
    layout: Layout,
    seed: int,
    progress: Callable[[int, int], None],
) -> Array | None:
    """Solve for the table.

    Args:
        address: Where each key looks.
        words: What each key must read.
        layout: The ranges of the address.
        seed: Seed of the free bits.
        progress: Called with the number of systems solved and their total.

    Returns:
        Shape (stored rows, words * word columns), int32: the entries, or their differences along
        each group's columns modulo 2^planes, centred; None if a system has no solution.
    """
    order = np.argsort(address.shard, kind="stable")
    bounds = np.searchsorted(address.shard[order], np.arange(layout.shards + 1))
    jobs = [
        (w, s, order[bounds[s] : bounds[s + 1]])
        for s in range(layout.shards)
        for w in range(layout.words)
    ]
    block = sum(layout.rows) - 1
    width = layout.word_columns
    table = np.zeros((layout.stored_rows, layout.words * width), np.int32)

    def run(job: tuple[int, int, Integers]) -> Array | None:
        w, s, keys = job
        rng = np.random.default_rng([seed, w, s])
        return _solve_shard(address, keys, words[w], layout, rng)

    with ThreadPoolExecutor(max_workers=2) as pool:
        results = pool.map(run, jobs)
        for done, ((w, s, _), values) in enumerate(zip(jobs, results, strict=True)):
            if values is None:
                pool.shutdown(cancel_futures=True)
                return None
            stripe = slice(w * width, (w + 1) * width)
            entries = values if layout.selected else _differences(values, layout)
            table[s * block : (s + 1) * block, stripe] = entries
            progress(done + 1, len(jobs))
    return table


def _solve_shard(
    address: Address, keys: Integers, word: Word, layout: Layout, rng: np.random.Generator
) -> Array | None:
    """What columns add up to in one shard and word, shape (rows, columns), below 2^planes."""
    equations = equations_of(address.rows[:, keys], address.columns[:, keys], layout)
    demands = _Demanded(word.code, word.symbols[keys], address.start[keys])
    total = np.zeros(len(keys), np.int32)
    sums = np.zeros(layout.unknowns + 1, np.int32)  # the last one stands for no unknown
    for plane in range(layout.planes):
        asking, value = demands.of_plane(plane, total, layout.room)
        free = rng.integers(0, 2, layout.unknowns, dtype=np.uint8)
        solution = solve(equations[asking], value, free)
        if solution.contradictions:
            return None
        bits = np.append(solution.bits, np.uint8(0))
        sums |= bits.astype(np.int32) << plane
        for column in equations.T:
            total += bits[column].astype(np.int32) << plane
        demands.solved(plane, total)
    return sums[:-1].reshape(-1, layout.word_columns)


class _Demanded:
    """What the keys of a shard ask of each plane of their number, once those below are known."""

    def __init__(self, code: Code, symbols: Integers, start: Integers) -> None:
        demands = code.demands
        self.code = code
        self.start = start
        self.asked = demands.asked[symbols, start]
        self.value = demands.value[symbols, start]
        self.reference = demands.reference[symbols, start]
        self.waiting = np.flatnonzero(symbols == code.default)  # that must avoid, and do not yet

    def of_plane(self, plane: int, total: Array, room: int) -> tuple[Integers, Array]:
        """The keys that ask, and the bit each asks for less what lower planes carry into it."""
        asking = np.flatnonzero(self.asked[:, plane])
        avoiding = self._avoiding(plane, room - len(asking))
        keys = np.concatenate([asking, avoiding])
        value = self.value[keys, plane] ^ self._known(keys, total) ^ (total[keys] >> plane) & 1
        value[len(asking) :] ^= 1
        self.waiting = self.waiting[~np.isin(self.waiting, avoiding)]
        return keys, value.astype(np.uint8)

    def _avoiding(self, plane: int, spare: int) -> Integers:
        """Keys of the default that ask now: those that must, and others while there is room."""
        avoided = self.code.demands.avoided
        chosen = [np.empty(0, np.int64)]
        for start in self.code.urgency(plane) if self.waiting.size else []:
            keys = self.waiting[self.start[self.waiting] == start]
            if avoided[start, plane + 1 :].any():
                keys = keys[: max(spare, 0)]
            chosen.append(keys)
            spare -= len(keys)
        return np.concatenate(chosen)

    def solved(self, plane: int, total: Array) -> None:
        """Take note which keys have avoided their word by luck."""
        keys = self.waiting
        bit = (total[keys] >> plane & 1) ^ self._known(keys, total)
        avoided = self.code.demands.avoided[self.start[keys], plane]
        self.waiting = keys[~avoided | (bit == self.value[keys, plane])]

    def _known(self, keys: Integers, total: Array) -> Array:
        """The bit of each key's reference plane; 0 for the anchor."""
        reference = self.reference[keys]
        known: Array = (total[keys] >> np.maximum(reference, 0)) & (reference >= 0)
        return known


def equations_of(rows: Integers, columns: Integers, layout: Layout) -> Array:
    """Numbers of the unknowns that each key reads; -1 for redundant ones.

    Args:
        rows: Row index within each block, shape (2, n).
        columns: Column index within each group, shape (groups, n).
        layout: Their ranges.

    Returns:
        Shape (n, 2 groups), int32.
    """
    rows, columns = rows.astype(np.int32), columns.astype(np.int32)
    width = layout.word_columns
    row = [rows[0], np.where(rows[1] > 0, layout.rows[0] + rows[1] - 1, -1)]
    column = [columns[0]]
    offset = layout.columns[0]
    for part, size in zip(columns[1:], layout.columns[1:], strict=True):
        column.append(np.where(part > 0, offset + part - 1, -1))
        offset += size - 1
    equations = np.empty((rows.shape[1], 2 * len(column)), np.int32)
    for i, r in enumerate(row):
        for j, c in enumerate(column):
            equations[:, len(column) * i + j] = np.where((r >= 0) & (c >= 0), r * width + c, -1)
    return equations


def _differences(sums: Array, layout: Layout) -> Array:
    """Entries whose prefix sums along each group are the given ones modulo 2^planes."""
    entries = sums.copy()
    offset = 0
    for i, size in enumerate(layout.columns):
        stop = offset + size - (i > 0)
        entries[:, offset + 1 : stop] -= sums[:, offset : stop - 1]
        offset = stop
    half = 1 << (layout.planes - 1)
    return (entries + half) % (2 * half) - half
