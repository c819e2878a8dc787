"""Rational matrices against elimination in Fractions."""

from __future__ import annotations

from fractions import Fraction
from itertools import product as pairs

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rote.errors import DataError, OptionError
from rote.exact.matrix import inverse, null_space, product, rank, solve
from strategies import finite_floats


def literal_rank(matrix: list[list[Fraction]]) -> int:
    """Gaussian elimination, number by number."""
    rows = [list(row) for row in matrix]
    found = 0
    for column in range(len(rows[0])):
        pivot = next((i for i in range(found, len(rows)) if rows[i][column]), None)
        if pivot is None:
            continue
        rows[found], rows[pivot] = rows[pivot], rows[found]
        for i in range(found + 1, len(rows)):
            factor = rows[i][column] / rows[found][column]
            rows[i] = [a - factor * b for a, b in zip(rows[i], rows[found], strict=True)]
        found += 1
    return found


def literal_product(a: np.ndarray, b: np.ndarray) -> list[list[Fraction]]:
    left, right = a.tolist(), b.tolist()
    return [
        [
            sum((Fraction(x) * Fraction(right[k][j]) for k, x in enumerate(row)), Fraction(0))
            for j in range(len(right[0]))
        ]
        for row in left
    ]


entries = st.one_of(
    st.integers(-3, 3),
    st.integers(-3, 3).map(float),
    st.integers(-(10**30), 10**30),
    st.fractions(max_denominator=50),
    finite_floats("float64"),
)


@st.composite
def matrices(draw: st.DrawFn, rows: int, columns: int) -> np.ndarray:
    """Rational matrices, often of low rank."""
    if draw(st.booleans()):
        kind = draw(st.sampled_from([entries, st.integers(-1, 1)]))
        values = draw(st.lists(kind, min_size=rows * columns, max_size=rows * columns))
        matrix = np.empty(rows * columns, dtype=object)
        matrix[:] = values
        return matrix.reshape(rows, columns)
    inner = draw(st.integers(1, max(1, min(rows, columns) - 1)))
    small = st.integers(-4, 4)
    left = np.array(draw(st.lists(small, min_size=rows * inner, max_size=rows * inner)))
    right = np.array(draw(st.lists(small, min_size=inner * columns, max_size=inner * columns)))
    return left.reshape(rows, inner) @ right.reshape(inner, columns) / 8


sizes = st.integers(1, 5)


@given(st.data(), sizes, sizes, sizes)
def test_product(data: st.DataObject, m: int, k: int, n: int) -> None:
    a, b = data.draw(matrices(m, k)), data.draw(matrices(k, n))
    got = product(a, b)
    assert got.tolist() == literal_product(a, b)
    assert all(type(v) is Fraction for v in got.flat)


@given(st.data(), sizes, sizes)
def test_rank_and_null_space(data: st.DataObject, m: int, n: int) -> None:
    a = data.draw(matrices(m, n))
    wanted = literal_rank([[Fraction(v) for v in row] for row in a.tolist()])
    assert rank(a) == wanted
    basis = null_space(a)
    assert basis.shape == (n - wanted, n)
    assert all(type(v) is int for v in basis.flat)
    if len(basis):
        assert not any(v for row in literal_product(a, basis.T) for v in row)
        assert rank(basis) == len(basis)
        assert np.gcd.reduce(basis, axis=1).tolist() == [1] * len(basis)


@given(st.data(), sizes, st.sampled_from([None, 1, 3]))
def test_solve_and_inverse(data: st.DataObject, n: int, columns: int | None) -> None:
    a = data.draw(matrices(n, n))
    b = data.draw(matrices(n, columns or 1))
    b = b[:, 0] if columns is None else b
    x, inverted = solve(a, b), inverse(a)
    if rank(a) < n:
        assert x is None
        assert inverted is None
        return
    assert x is not None
    assert inverted is not None
    assert x.shape == b.shape
    back = product(a, x.reshape(n, -1))
    assert back.tolist() == [[Fraction(v) for v in row] for row in b.reshape(n, -1).tolist()]
    unit = product(inverted, a)
    assert all(unit[i, j] == (i == j) for i, j in pairs(range(n), repeat=2))


def test_floats_are_taken_exactly() -> None:
    # 0.1 + 0.2 - 0.3 is not zero for the floats that these names stand for.
    assert product(np.array([[0.1, 0.2, -0.3]]), np.ones((3, 1)))[0, 0] == Fraction(1, 2**55)
    assert rank(np.array([[0.1, 0.3], [0.3, 0.9]])) == 2
    assert rank(np.array([[0.1, 0.2], [0.2, 0.4]])) == 1
    assert rank(np.array([[0.1, 0.2], [0.2, 0.4]], np.float32)) == 1


def test_hilbert() -> None:
    """The inverse of the Hilbert matrix has integer entries; that of order 3 is known."""
    hilbert = np.array([[Fraction(1, i + j + 1) for j in range(3)] for i in range(3)], dtype=object)
    inverted = inverse(hilbert)
    assert inverted is not None
    assert inverted.tolist() == [[9, -36, 30], [-36, 192, -180], [30, -180, 180]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: product(np.ones((2, 3)), np.ones((2, 3))), "do not multiply"),
        (lambda: product(np.ones(3), np.ones((3, 1))), "must have shape"),
        (lambda: solve(np.ones((2, 3)), np.ones(2)), "square system"),
        (lambda: solve(np.ones((2, 2)), np.ones(3)), "square system"),
        (lambda: inverse(np.ones((2, 3))), "square system"),
        (lambda: rank(np.ones(3)), "must have shape"),
        (lambda: null_space(np.ones((1, 1, 1))), "must have shape"),
    ],
)
def test_shapes_that_do_not_fit(call: object, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        call()


@pytest.mark.parametrize("bad", [np.nan, np.inf, "a", 1j, None])
def test_entries_that_are_no_numbers(bad: object) -> None:
    with pytest.raises(DataError, match="Entries must be"):
        rank(np.array([[1, bad]], dtype=object))
