"""The solver of sparse systems over GF(2), against elimination in the open."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


@pytest.mark.parametrize("unknowns", [700, 3000])
def test_nearly_as_many_equations_as_unknowns(unknowns: int) -> None:
    rows, values = random_system(3, int(0.98 * unknowns), unknowns, 6)
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
