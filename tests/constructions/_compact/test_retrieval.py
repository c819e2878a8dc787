"""The solver of sparse systems over GF(2), against elimination in the open."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rote.constructions._compact import kernels, schedule
from rote.constructions._compact.retrieval import solve
from rote.typing import Array


def random_system(seed: int, equations: int, unknowns: int, width: int) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    rows = np.stack([rng.permutation(unknowns)[:width] for _ in range(equations)])
    rows[rng.random(rows.shape) < 0.1] = -1
    return rows.astype(np.int32), rng.integers(0, 2, equations).astype(np.uint8)


def sums(rows: Array, bits: Array) -> Array:
    return np.bitwise_xor.reduce(np.append(bits, 0)[rows], axis=1)


def rank(matrix: Array) -> int:
    """Rank over GF(2), by elimination in the open."""
    matrix = matrix.copy()
    done = 0
    for c in range(matrix.shape[1]):
        found = np.flatnonzero(matrix[done:, c])
        if not found.size:
            continue
        p = done + found[0]
        matrix[[done, p]] = matrix[[p, done]]
        others = np.flatnonzero(matrix[:, c])
        matrix[others[others != done]] ^= matrix[done]
        done += 1
        if done == len(matrix):
            break
    return done


@given(
    seed=st.integers(0, 2**32 - 1),
    equations=st.integers(1, 60),
    unknowns=st.integers(1, 60),
    width=st.integers(1, 6),
)
@settings(max_examples=150, deadline=None)
def test_solves_whatever_has_a_solution(
    seed: int, equations: int, unknowns: int, width: int
) -> None:
    rows, values = random_system(seed, equations, unknowns, min(width, unknowns))
    solution = solve(rows, values, np.zeros(unknowns, np.uint8))
    matrix = np.zeros((equations, unknowns + 1), np.uint8)
    for i, row in enumerate(rows):
        for v in row[row >= 0]:
            matrix[i, v] ^= 1
    matrix[:, -1] = values
    solvable = rank(matrix) == rank(matrix[:, :-1])
    assert (solution.contradictions == 0) == solvable
    if solvable:
        assert np.array_equal(sums(rows, solution.bits), values)


@pytest.mark.parametrize("width", [6, 8])
@pytest.mark.parametrize("unknowns", [700, 3000])
def test_nearly_as_many_equations_as_unknowns(unknowns: int, width: int) -> None:
    rows, values = random_system(3, int(0.98 * unknowns), unknowns, width)
    rows = rows[(rows >= 0).all(axis=1)]
    values = values[: len(rows)]
    solution = solve(rows, values, np.zeros(unknowns, np.uint8))
    assert solution.contradictions == 0
    assert np.array_equal(sums(rows, solution.bits), values)


def test_free_unknowns_keep_their_bits() -> None:
    rows = np.array([[0, 1]], np.int32)
    free = np.array([1, 1, 1, 0], np.uint8)
    bits = solve(rows, np.array([1], np.uint8), free).bits
    assert bits[2:].tolist() == [1, 0]
    assert bits[0] ^ bits[1] == 1


def test_a_contradiction_is_counted() -> None:
    rows = np.array([[0, 1], [1, 0]], np.int32)
    assert solve(rows, np.array([0, 1], np.uint8), np.zeros(2, np.uint8)).contradictions == 1


@given(m=st.integers(1, 150), columns=st.integers(1, 150), seed=st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_dense_elimination_agrees_with_elimination_in_the_open(
    m: int, columns: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    matrix = rng.integers(0, 2, (m, columns + 1), dtype=np.uint8)
    matrix[rng.random(m) < 0.2] = 0  # dependent rows, and columns without a pivot
    matrix[:, rng.random(columns + 1) < 0.2] = 0
    padded = np.zeros((m, (columns // 64 + 1) * 64), np.uint8)
    padded[:, : columns + 1] = matrix
    rows = np.packbits(padded, axis=1, bitorder="little").view(np.uint64)
    bits, contradictions = kernels.eliminate(rows, np.ones(columns, np.uint8))
    assert (contradictions == 0) == (rank(matrix) == rank(matrix[:, :-1]))
    if contradictions == 0:
        assert np.array_equal(matrix[:, :-1] @ bits.astype(np.int64) % 2, matrix[:, -1])


@given(m=st.integers(1, 80), unknowns=st.integers(1, 60), seed=st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_every_equation_is_solved_for_its_last_unknown(m: int, unknowns: int, seed: int) -> None:
    rows, _ = random_system(seed, m, unknowns, min(5, unknowns))
    order, pivot, aside = schedule.schedule(rows, *schedule.occurrences(rows, unknowns))
    known = set(np.flatnonzero(aside >= 0).tolist())
    assert sorted(aside[aside >= 0].tolist()) == list(range(len(known)))
    for e, v in zip(order.tolist(), pivot.tolist(), strict=True):
        assert set(rows[e].tolist()) - {-1} - known == {v}
        known.add(v)
    others = np.setdiff1d(np.arange(m), order)
    assert {v for e in others.tolist() for v in rows[e].tolist()} - {-1} <= known
