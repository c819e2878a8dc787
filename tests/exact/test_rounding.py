"""Rounding bounds: float sums in random orders, with and without FMA, stay within them."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracles import FloatMachine, to_float
from rote.exact.rounding import (
    GRANULES,
    LARGEST,
    SMALLEST_NORMAL,
    UNIT,
    FloatName,
    dot_error,
    gamma,
    lowest_bit,
)
from rote.network import Affine, Network, Value

DTYPES = st.sampled_from(["float32", "float64"])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_constants_are_those_of_ieee_754(dtype: FloatName) -> None:
    info = np.finfo(dtype)
    assert UNIT[dtype] == info.eps / 2
    assert SMALLEST_NORMAL[dtype] == info.smallest_normal
    assert LARGEST[dtype] == info.max
    assert GRANULES[dtype] <= 1 / UNIT[dtype]


@given(st.integers(0, 2**60), st.sampled_from([2.0**-24, 2.0**-53, 2.0**-11, 0.1]))
def test_gamma_is_rounded_up_and_infinite_where_it_does_not_exist(m: int, unit: float) -> None:
    got = float(gamma(m, unit))
    mu = m * Fraction(unit)
    if mu >= 1:
        assert got == np.inf
    else:
        assert got >= mu / (1 - mu)
        if mu < Fraction(1, 2):
            assert got <= mu / (1 - mu) * (1 + Fraction(2) ** -48)


def test_gamma_of_arrays() -> None:
    got = gamma(np.array([[0, 2], [4, 5]]), 0.25)
    assert got.tolist() == [[0, pytest.approx(1.0)], [np.inf, np.inf]]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_no_finite_bound_of_a_sum_that_may_overflow(dtype: FloatName) -> None:
    largest = LARGEST[dtype]
    bounds = dot_error([largest / 2, largest, np.inf, 0.0], [2, 2, 2, 0], dtype)
    assert np.isfinite(bounds).tolist() == [True, False, False, True]
    assert bounds[3] == 0
    assert dot_error(1.0, 2.0**60, dtype) == np.inf


NUMBERS = st.one_of(
    st.floats(-4, 4, width=32),
    st.floats(width=32, min_value=-(2.0**50), max_value=2.0**50),
    # Numbers that float32 holds, two of them subnormal.
    st.sampled_from([0.0, 1.0, -1.0, 2.0**-126, 2.0**-149, -(2.0**-128), 2.0**-100]),
)


@given(
    DTYPES,
    st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=7),
    NUMBERS,
    st.integers(0, 2**32),
)
def test_every_order_stays_within_the_bound(
    dtype: FloatName, pairs: list[tuple[float, float]], bias: float, seed: int
) -> None:
    w, h = np.array(pairs, np.float64).T
    layer = Affine(w[None].astype(dtype), np.array([bias], dtype))
    network = Network((layer,), Value(1.0), dtype)
    exact = sum((Fraction(a) * Fraction(b) for a, b in pairs), Fraction(bias))
    absolute = sum((abs(Fraction(a) * Fraction(b)) for a, b in pairs), abs(Fraction(bias)))
    terms = np.count_nonzero(w * h) + (bias != 0)
    # Numbers that are themselves flushed to zero are an error of the operands, not of the sum.
    machine = FloatMachine(dtype, seed)
    machine.flush = machine.flush and bool(
        np.all((np.abs([*w, *h, bias]) >= SMALLEST_NORMAL[dtype]) | (np.array([*w, *h, bias]) == 0))
    )
    (computed,) = machine.outputs(network, h.tolist())
    bound = float(dot_error(float(absolute) * (1 + 2**-50), terms, dtype))
    assert abs(computed - exact) <= Fraction(bound)


@given(st.floats(allow_nan=False, allow_infinity=False), st.booleans())
def test_oracle_rounds_as_numpy_does(value: float, double: bool) -> None:
    exact = Fraction(value) * (Fraction(3, 7) if double else 1)
    assert float(to_float(Fraction(value), "float64")) == value
    with np.errstate(over="ignore"):
        wanted = float(np.float32(value))
    if np.isfinite(wanted):
        assert float(to_float(Fraction(value), "float32")) == wanted
    assert float(to_float(exact, "float64")) == float(exact)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_lowest_bit(value: float) -> None:
    low = float(lowest_bit(np.array([value]))[0])
    if value == 0:
        assert low == np.inf
    else:
        quotient = Fraction(value) / Fraction(low)
        assert quotient.denominator == 1
        assert quotient.numerator % 2 == 1
        assert Fraction(low).numerator == 1 or Fraction(low).denominator == 1
        assert np.frexp(low)[0] == 0.5


@given(st.integers(1, 30), st.integers(0, 2**32))
def test_sums_of_few_granules_are_exact_in_every_order(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    w = rng.integers(-8, 9, n).astype(np.float32)
    h = np.where(rng.random(n) < 0.5, 0, rng.integers(-(2**16), 2**16, n)).astype(np.float32)
    bias = np.float32(2**24 - np.abs(w * h).sum()) if np.abs(w * h).sum() < 2**24 else np.float32(0)
    network = Network((Affine(w[None], np.array([bias])),), Value(1.0), "float32")
    if np.abs(w.astype(float) * h).sum() + abs(float(bias)) <= GRANULES["float32"]:
        (computed,) = FloatMachine("float32", seed).outputs(network, h.tolist())
        assert computed == sum(int(a) * int(b) for a, b in zip(w, h, strict=True)) + int(bias)
