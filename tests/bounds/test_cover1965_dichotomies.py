"""Cover's count against all dichotomies of few points, and what it says about networks."""

from __future__ import annotations

from itertools import product
from math import comb, log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from rote.bounds import BOUNDS, Architecture, Question
from rote.bounds.cover1965_dichotomies import dichotomies, log2_dichotomies
from rote.constructions import make
from rote.data import DataSet
from rote.errors import OptionError
from rote.network.activation import THRESHOLD


@pytest.mark.parametrize(("n", "d"), [(4, 2), (5, 2), (6, 2), (5, 3), (4, 1), (3, 4)])
def test_the_count_is_that_of_linear_programs(n: int, d: int) -> None:
    x = np.random.default_rng(0).standard_normal((n, d))
    lifted = np.hstack([x, np.ones((n, 1))])
    separable = 0
    for signs in product((-1, 1), repeat=n):
        rows = -np.array(signs)[:, None] * lifted
        done = linprog(np.zeros(d + 1), A_ub=rows, b_ub=-np.ones(n), bounds=(None, None))
        separable += done.status == 0
    assert dichotomies(n, d) == separable


@given(n=st.integers(2, 60), d=st.integers(2, 20))
def test_the_recursion_of_the_paper(n: int, d: int) -> None:
    assert dichotomies(n, d) == dichotomies(n - 1, d) + dichotomies(n - 1, d - 1)
    assert dichotomies(n, d) == 2 * sum(comb(n - 1, k) for k in range(d + 1))


@given(d=st.integers(1, 50))
def test_half_of_all_dichotomies_at_twice_the_weights(d: int) -> None:
    assert dichotomies(2 * (d + 1), d) == 2 ** (2 * d + 1)
    assert log2_dichotomies(2 * (d + 1), d) >= 2 * d + 1


@given(n=st.integers(2, 5_000), d=st.integers(65, 900))
def test_the_fast_logarithm_is_an_upper_bound_and_close(n: int, d: int) -> None:
    exact = log2(dichotomies(n, d))
    assert exact <= log2_dichotomies(n, d) <= exact * (1 + 2e-9) + 1


@given(excess=st.integers(1, 3_000), d=st.integers(65, 900))
def test_the_fast_logarithm_is_sharp_beyond_the_middle(excess: int, d: int) -> None:
    n = 2 * d + excess
    assert log2_dichotomies(n, d) <= log2(dichotomies(n, d)) * (1 + 2e-9)


def test_constructions_stay_below_the_bound() -> None:
    rng = np.random.default_rng(0)
    data = DataSet.from_arrays(rng.standard_normal((400, 10)), np.arange(400) % 2)
    for key in ("baum1988", "rajput2021-two-layers"):
        network = make(key).build(data)
        widths = network.size.widths
        assert widths is not None
        least = BOUNDS["cover1965"].first_impossible(
            Architecture((10, *widths, network.outputs), THRESHOLD), Question(2)
        )
        assert least is not None
        assert least > 400


def test_no_points_are_refused() -> None:
    with pytest.raises(OptionError, match="'n' must be at least 1, not 0"):
        dichotomies(0, 2)


@pytest.mark.parametrize("d", [10**9 - 1, 4 * 10**11, 10**12 - 1, 10**12])
def test_enormous_numbers_are_bounded_at_once(d: int) -> None:
    n = 10**12
    entropy = -n * sum(p * log2(p) for p in (d / n, 1 - d / n) if p) if 2 * d < n else n
    assert 0.99 * entropy <= log2_dichotomies(n, d) <= n
