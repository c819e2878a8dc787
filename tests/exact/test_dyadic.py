"""Dyadic numbers against Fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rote.errors import DataError, PrecisionError
from rote.exact.dyadic import (
    common_exponent,
    decompose,
    granularity,
    significands,
    to_floats,
    to_fractions,
    to_integers,
    trailing_zeros,
)
from strategies import FLOAT_DTYPES, finite_floats, tensors

EDGES = {
    "float32": [0.0, -0.0, 2.0**-149, -(2.0**-126), 1.5, 2.0**127, float(np.finfo("f4").max)],
    "float64": [0.0, -0.0, 5e-324, -(2.0**-1022), 0.1, 2.0**1023, float(np.finfo("f8").max)],
}


def scaled(integer: int, exponent: int) -> Fraction:
    return Fraction(integer) * Fraction(2) ** exponent


@st.composite
def float_arrays(draw: st.DrawFn) -> np.ndarray:
    dtype = draw(st.sampled_from(FLOAT_DTYPES))
    entries = st.one_of(finite_floats(dtype), st.sampled_from(EDGES[dtype]))
    return draw(tensors(draw(st.sampled_from([(1,), (3,), (2, 2)])), dtype, entries))


@given(st.one_of(finite_floats("float64"), st.integers(-(10**40), 10**40)))
def test_decompose(value: float) -> None:
    m, e = decompose(value)
    assert scaled(m, e) == Fraction(value)
    assert m % 2 == 1 if value else (m, e) == (0, 0)


@given(float_arrays())
def test_significands(array: np.ndarray) -> None:
    m, e = significands(array)
    assert (m.dtype, e.dtype, m.shape, e.shape) == (np.int64, np.int64, array.shape, array.shape)
    for value, top, power in zip(array.flat, m.flat, e.flat, strict=True):
        assert (int(top), int(power)) == decompose(float(value))


@given(float_arrays())
def test_floats_to_integers_and_back(array: np.ndarray) -> None:
    integers, e = to_integers(array)
    assert all(type(v) is int for v in integers.flat)
    exact = [scaled(v, e) for v in integers.flat]
    assert exact == [Fraction(float(v)) for v in array.flat]
    assert to_fractions(integers, e).ravel().tolist() == exact
    back = to_floats(integers, e, array.dtype)
    assert (back.dtype, back.tolist()) == (array.dtype, array.tolist())
    assert not array.any() or any(v % 2 for v in integers.flat)  # the largest possible exponent


@given(float_arrays(), st.integers(0, 80))
def test_integers_at_a_given_exponent(array: np.ndarray, below: int) -> None:
    finest = common_exponent(array)
    integers, e = to_integers(array, finest - below)
    assert e == finest - below
    assert [scaled(v, e) for v in integers.flat] == [Fraction(float(v)) for v in array.flat]
    if array.any():
        with pytest.raises(PrecisionError, match=f"not of 2\\^{finest} only"):
            to_integers(array, finest + 1)


@given(st.lists(st.integers(-(2**80), 2**80), min_size=1, max_size=4), st.integers(0, 70))
def test_integers_of_any_length(values: list[int], zeros: int) -> None:
    array = np.array([v << zeros for v in values], dtype=object)
    e = granularity(array)
    if e is None:
        assert not any(values)
        return
    assert e >= zeros
    assert e == min(trailing_zeros(v) for v in array if v)
    integers, exponent = to_integers(array)
    assert exponent == e
    assert [v << e for v in integers] == array.tolist()
    finer, _ = to_integers(array, -3)
    assert finer.tolist() == [8 * v for v in array]


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int8, np.int64, np.uint64])
def test_integer_dtypes(dtype: type) -> None:
    info = (0, 1) if dtype is bool else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    array = np.array([info[0], info[1], 0, 1], dtype)
    integers, e = to_integers(array)
    assert (integers.tolist(), e) == ([int(info[0]), int(info[1]), 0, 1], 0)
    assert all(type(v) is int for v in integers)


def test_common_exponent() -> None:
    assert common_exponent(np.array([0.5, 3.0]), np.array([0.75])) == -2
    assert common_exponent(np.array([8.0]), np.zeros(2), np.array([4])) == 2
    assert common_exponent(np.zeros(3)) == 0
    assert common_exponent() == 0
    assert granularity(np.zeros(3)) is None
    assert granularity(np.empty(0)) is None


@pytest.mark.parametrize("dtype", FLOAT_DTYPES)
def test_floats_that_would_round_are_refused(dtype: str) -> None:
    info = np.finfo(dtype)
    bits, lowest = info.nmant + 1, info.minexp - info.nmant
    fits = [
        (2**bits - 1, 0),
        (1, lowest),
        (3, lowest),
        (2**bits, 5),
        (2**bits - 1, info.maxexp - bits),
    ]
    for value, e in fits:
        for sign in (1, -1):
            got = to_floats(np.array([sign * value], dtype=object), e, dtype)
            assert Fraction(float(got[0])) == scaled(sign * value, e)
    for value, e in [
        (2**bits + 1, 0),
        (1, lowest - 1),
        (2**bits - 1, lowest - 1),
        (1, info.maxexp),
        (2**bits - 1, info.maxexp - bits + 1),
    ]:
        with pytest.raises(PrecisionError, match=f"{dtype} cannot hold an integer of"):
            to_floats(np.array([value], dtype=object), e, dtype)
    assert to_floats(np.array([0], dtype=object), 10**6, dtype).tolist() == [0.0]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite(value: float) -> None:
    with pytest.raises(DataError, match="must be finite"):
        decompose(value)
    for function in (significands, granularity, to_integers):
        with pytest.raises(DataError, match="must be finite"):
            function(np.array([1.0, value]))


@pytest.mark.parametrize(
    "array",
    [
        np.array(["a"]),
        np.array([1.5], dtype=object),
        np.array([True], dtype=object),
        np.ones(1, complex),
    ],
)
def test_what_is_no_number(array: np.ndarray) -> None:
    with pytest.raises(DataError, match="Values must be"):
        to_integers(array)


def test_long_doubles_are_refused() -> None:
    if np.dtype(np.longdouble).itemsize > 8:
        with pytest.raises(DataError, match="at most 64 bits"):
            significands(np.ones(1, np.longdouble))
