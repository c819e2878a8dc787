"""Bounds of sums over many points: those of single sums, and nothing where one may overflow."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rote.constructions._gadgets.sum_bound import SumBound
from rote.exact.rounding import dot_error


@given(seed=st.integers(0, 2**32 - 1), exponent=st.integers(-140, 120))
def test_the_bound_covers_both_arithmetics(seed: int, exponent: int) -> None:
    rng = np.random.default_rng(seed)
    x = np.ldexp(rng.standard_normal((8, 5)), exponent) * rng.integers(0, 2, (8, 5))
    w, c = rng.standard_normal((3, 5)), np.abs(rng.standard_normal((3, 1)))
    size = np.abs(w) @ np.abs(x).T + c
    terms = np.count_nonzero(x, axis=1) + 1
    least = dot_error(size, terms, "float32") + dot_error(size, terms, "float64")
    bound = SumBound.of(x, "float32")(size.copy())
    assert (bound >= least).all()
    finite = np.isfinite(bound)
    assert (bound[finite] <= 1.001 * least[finite]).all()


def test_sums_that_may_overflow_have_no_bound() -> None:
    bound = SumBound.of(np.array([[1e38, 1.0], [0.0, 2.0]]), "float32")
    assert np.isinf(bound(np.array([[4e38, 2.0]]))).tolist() == [[True, False]]
