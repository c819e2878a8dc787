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
from rote.typing import Array, Integers

__all__ = ["Address", "disagreement", "fill", "plane_loads"]

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
    """

    shard: Integers
    rows: Integers
    columns: Integers
    start: Integers

    @classmethod
    def of_parts(cls, parts: Integers, layout: Layout) -> Address:
        """Take the folded parts apart; the last one counts planes down from the highest."""
        first = int(layout.shards > 1)
        shard = parts[0] if first else np.zeros(parts.shape[1], np.int64)
        return cls(
            shard, parts[first : first + 2], parts[first + 2 : -1], layout.planes - 1 - parts[-1]
        )

    def fails(self, layout: Layout, symbols: tuple[Integers, ...], codes: tuple[Code, ...]) -> bool:
        """Whether keys with the same rows and columns ask for what no number can be."""
        number = self.shard.copy()
        ranges = (*layout.rows, *layout.columns)
        for part, size in zip((*self.rows, *self.columns), ranges, strict=True):
            number *= size
            number += part
        order = np.argsort(number, kind="stable")
        same = np.flatnonzero(number[order[1:]] == number[order[:-1]])
        groups = np.split(same, np.flatnonzero(np.diff(same) > 1) + 1) if same.size else []
        for group in groups:
            keys = order[group[0] : group[-1] + 2]
            for code, symbol in zip(codes, symbols, strict=True):
                pairs = zip(symbol[keys].tolist(), self.start[keys].tolist(), strict=True)
                if not code.agree(pairs):
                    return True
        return False


def plane_loads(
    shard: Integers, start: Integers, symbols: Integers, code: Code, shards: int
) -> Integers:
    """Number of equations of each shard and plane, shape (shards, planes)."""
    kinds = len(code.lengths) * code.planes
    kind = (shard * len(code.lengths) + symbols) * code.planes + start
    counts = np.bincount(kind, minlength=shards * kinds)
    demands = code.demands.asked.reshape(kinds, code.planes).astype(np.int64)
    loads: Integers = counts.reshape(shards, kinds) @ demands
    return loads


def disagreement(
    symbols: tuple[Integers, ...], codes: tuple[Code, ...], rng: np.random.Generator
) -> float:
    """The share of pairs of keys that could not share rows and columns, from a sample."""
    bad = 0
    keys = rng.integers(0, len(symbols[0]), (_SAMPLE, 2))
    starts = rng.integers(0, codes[0].planes, (_SAMPLE, 2))
    for pair, start in zip(keys, starts.tolist(), strict=True):
        bad += not all(
            code.agree(zip(symbol[pair].tolist(), start, strict=True))
            for code, symbol in zip(codes, symbols, strict=True)
        )
    return bad / _SAMPLE


def fill(
    address: Address,
    symbols: tuple[Integers, ...],
    codes: tuple[Code, ...],
    layout: Layout,
    seed: int,
    progress: Callable[[int, int], None],
) -> Array | None:
    """Solve for the table.

    Args:
        address: Where each key looks.
        symbols: The symbol of each key in each word, shape (n,) each.
        codes: The code of each word.
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
        return _solve_shard(address, keys, symbols[w][keys], codes[w], layout, rng)

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
    address: Address,
    keys: Integers,
    symbols: Integers,
    code: Code,
    layout: Layout,
    rng: np.random.Generator,
) -> Array | None:
    """What columns add up to in one shard and word, shape (rows, columns), below 2^planes."""
    equations = _equations(address.rows[:, keys], address.columns[:, keys], layout)
    start = address.start[keys]
    demands = code.demands
    reference = demands.reference[symbols, start]
    total = np.zeros(len(keys), np.int32)
    sums = np.zeros(layout.unknowns + 1, np.int32)  # the last one stands for no unknown
    for plane in range(layout.planes):
        asked = np.flatnonzero(demands.asked[symbols, start, plane])
        value = demands.value[symbols[asked], start[asked], plane]
        known = (total[asked] >> np.maximum(reference[asked], 0)) & (reference[asked] >= 0)
        value = (value ^ known ^ (total[asked] >> plane) & 1).astype(np.uint8)
        free = rng.integers(0, 2, layout.unknowns, dtype=np.uint8)
        solution = solve(equations[asked], value, free)
        if solution.contradictions:
            return None
        bits = np.append(solution.bits, np.uint8(0))
        sums |= bits.astype(np.int32) << plane
        for column in equations.T:
            total += bits[column].astype(np.int32) << plane
    return sums[:-1].reshape(-1, layout.word_columns)


def _equations(rows: Integers, columns: Integers, layout: Layout) -> Array:
    """Numbers of the unknowns that each key reads; -1 for redundant ones."""
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
