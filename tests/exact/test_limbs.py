"""Limbs against Fractions: every operation is exact for numbers of every size."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rote.exact.limbs import ExactMatrix, Limbs
from rote.typing import Array

SHAPE = (3, 4)

FINITE = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-300, 300).map(float),
    st.sampled_from([0.0, -0.0, 5e-324, -5e-324, 1.7976931348623157e308, 2.0**20, -(2.0**20)]),
)
INTEGER = st.one_of(
    st.integers(-5, 5),
    st.integers(-(2**62), 2**62),
    st.integers(-(2**300), 2**300),
    st.sampled_from([2**20, -(2**20), 2**20 - 1, 2**41, 2**52, -(2**53), 2**200]),
)


def floats(shape: tuple[int, int] = SHAPE) -> st.SearchStrategy[Array]:
    return hnp.arrays(np.float64, shape, elements=FINITE)


def integers(shape: tuple[int, int] = SHAPE) -> st.SearchStrategy[Array]:
    return hnp.arrays(object, shape, elements=INTEGER)


@st.composite
def numbers(draw: st.DrawFn, shape: tuple[int, int] = SHAPE) -> tuple[Limbs, Array]:
    """A batch and its fractions."""
    if draw(st.booleans()):
        values, exponent = draw(floats(shape)), 0
    else:
        values, exponent = draw(integers(shape)), draw(st.integers(-100, 100))
    return Limbs.exact(values, exponent), fractions(values, exponent)


def fractions(values: Array, exponent: int = 0) -> Array:
    out = np.empty(values.shape, object)
    for index in np.ndindex(values.shape):
        out[index] = Fraction(values[index]) * Fraction(2) ** exponent
    return out


def held(limbs: Limbs) -> Array:
    """The fractions a batch stands for, after a check of its digits."""
    out = np.empty(limbs.shape, object)
    for digit in limbs.digits:
        assert digit.shape == limbs.shape
        assert np.array_equal(digit, np.rint(digit))
        limit = 2.0**52 if len(limbs.digits) == 1 else 2.0**20
        assert np.all(np.abs(digit) <= limit)
    for i, j in np.ndindex(limbs.shape):
        out[i, j] = limbs.fraction(i, j)
    return out


@given(numbers())
def test_conversion_sign_and_minimum(pair: tuple[Limbs, Array]) -> None:
    limbs, exact = pair
    assert np.array_equal(held(limbs), exact)
    assert np.array_equal(limbs.sign, np.sign(exact).astype(float))
    assert limbs.smallest() == exact.min()


@pytest.mark.parametrize(
    "dtype", [np.bool_, np.uint8, np.int8, np.int16, np.int64, np.uint64, np.float32]
)
def test_every_dtype(dtype: type) -> None:
    if np.dtype(dtype).kind in "iu":
        info = np.iinfo(dtype)
        values = np.array([[info.min, info.max, 0, 1]], dtype)
    elif dtype is np.bool_:
        values = np.array([[True, False]])
    else:
        values = np.array([[1e-45, 3.4e38, -0.1]], dtype)
    exact = [Fraction(v) for v in values[0].tolist()]
    assert held(Limbs.exact(values)).tolist() == [exact]


def test_empty_batch() -> None:
    empty = Limbs.exact(np.empty((3, 0)))
    assert empty.shape == (3, 0)
    assert empty.plus(empty).signed(-1).sign.shape == (3, 0)


@given(numbers(), numbers(), hnp.arrays(np.bool_, SHAPE))
def test_sums(a: tuple[Limbs, Array], b: tuple[Limbs, Array], mask: Array) -> None:
    assert np.array_equal(held(a[0].plus(b[0])), a[1] + b[1])
    assert np.array_equal(held(a[0].minus(b[0])), a[1] - b[1])
    assert np.array_equal(held(a[0].keep(mask)), np.where(mask, a[1], Fraction(0)))
    sign = np.where(mask, 1, -1)
    assert np.array_equal(held(a[0].signed(sign)), a[1] * sign)


@given(numbers(), numbers((1, 4)), numbers((3, 1)))
def test_sums_broadcast(
    a: tuple[Limbs, Array], row: tuple[Limbs, Array], column: tuple[Limbs, Array]
) -> None:
    assert np.array_equal(held(a[0].plus(row[0])), a[1] + row[1])
    assert np.array_equal(held(column[0].plus(row[0])), column[1] + row[1])


@given(numbers(), floats(), FINITE)
def test_constants_and_factors(a: tuple[Limbs, Array], constant: Array, factor: float) -> None:
    assert np.array_equal(held(a[0].plus_constant(constant)), a[1] + fractions(constant))
    assert np.array_equal(held(a[0].scaled(factor)), a[1] * Fraction(factor))


@given(numbers(), hnp.arrays(np.int64, (3, 2), elements=st.integers(0, 3)))
def test_take(a: tuple[Limbs, Array], columns: Array) -> None:
    assert np.array_equal(held(a[0].take(columns)), np.take_along_axis(a[1], columns, axis=1))


@given(numbers(), st.one_of(floats((5, 4)), integers((5, 4))), st.integers(-80, 80))
def test_products(a: tuple[Limbs, Array], weight: Array, exponent: int) -> None:
    matrix = ExactMatrix(weight, exponent)
    assert np.array_equal(held(a[0].times(matrix)), a[1] @ fractions(weight, exponent).T)


ROWS = 9001
EXTREME = {
    "largest digit": np.full((2, ROWS), -(2.0**20)),
    "largest significand": np.full((2, ROWS), float(2**53 - 1)),
    "long integer": np.full((2, ROWS), -(2**83), object),
    "every exponent": np.ldexp(
        np.random.default_rng(0).standard_normal((2, ROWS)),
        np.random.default_rng(1).integers(-60, 60, (2, ROWS)),
    ),
}


@pytest.mark.parametrize("left", EXTREME)
@pytest.mark.parametrize("right", EXTREME)
def test_long_inner_dimension(left: str, right: str) -> None:
    h, w = EXTREME[left], EXTREME[right]
    expected = [
        [sum(Fraction(a) * Fraction(b) for a, b in zip(r, s, strict=True)) for s in w.tolist()]
        for r in h.tolist()
    ]
    assert held(Limbs.exact(h).times(ExactMatrix(w))).tolist() == expected


def test_many_digits_times_many_digits() -> None:
    # Every digit at its bound: the sums pass 2^52 many times over.
    value = -sum(1 << (21 * k + 20) for k in range(60))
    h, w = np.full((2, 300), value, object), np.full((3, 300), value, object)
    assert held(Limbs.exact(h).times(ExactMatrix(w))).tolist() == [[300 * value * value] * 3] * 2


def test_sparse_matrix_leaves_zero_inputs_out() -> None:
    weight = np.zeros((3, 10000))
    weight[1, 7], weight[2, 9999] = 1 / 3, 2.0**70
    h = np.arange(20000.0).reshape(2, -1)
    assert all(len(b.weight) <= 2 for b in ExactMatrix(weight).blocks)
    expected = [[0, Fraction(1 / 3) * int(r[7]), int(r[9999]) * 2**70] for r in h]
    assert held(Limbs.exact(h).times(ExactMatrix(weight))).tolist() == expected


def test_small_integers_stay_in_one_digit() -> None:
    h = Limbs.exact(np.arange(-6, 6).reshape(3, 4))
    z = h.times(ExactMatrix(np.ones((5, 4)) * 3)).plus(Limbs.exact(np.full((1, 5), 0.5)))
    assert len(z.digits) == 1


def test_common_powers_of_two_are_divided_out() -> None:
    fine = Limbs.exact(np.array([[1.0, 2.0**-70]]))
    whole = fine.keep(np.array([[True, False]]))
    assert (whole.digits[0].tolist(), whole.exponent) == ([[1.0, 0.0]], 0)
