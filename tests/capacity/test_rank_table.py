"""Generic ranks: formulas against ranks modulo a prime at random points."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest

from rote.capacity.exact_rank import polynomial_rank_modulo, relu_rank_modulo
from rote.capacity.formulas import generic_rank, parameter_count, polynomial_rank
from rote.constructions._gadgets.generic_rank import EXCEPTIONS, power_rank
from rote.errors import OptionError
from rote.network.activation import RELU, TANH, THRESHOLD, power

LARGEST_SPACE = 260
"""Dimension of the forms up to which the table goes."""

CASES = [
    (k, d, m)
    for k in range(2, 7)
    for d in range(2, 7)
    if comb(k + d - 1, k) <= LARGEST_SPACE
    for m in range(1, comb(k + d - 1, k) // d + 3)
]


def test_the_table_of_powers_is_that_of_alexander_and_hirschowitz() -> None:
    """Every (k, d, m) until the space is more than full: exactly the exceptions differ."""
    rng = np.random.default_rng(0)
    assert len(CASES) >= 301
    short = set()
    for k, d, m in CASES:
        naive = min(m * d, comb(k + d - 1, k))
        rank = polynomial_rank_modulo(d, m, {k: 1}, naive + 3, rng)
        assert rank == power_rank(d, m, k), (k, d, m)
        if rank < naive:
            short.add((k, d, m))
    assert {case for case in short if case[0] > 2} == EXCEPTIONS
    assert {case for case in short if case[0] == 2} == {
        (k, d, m) for k, d, m in CASES if k == 2 and 1 < m < d
    }


@pytest.mark.parametrize(("k", "d", "m"), [(3, 4, 3), (4, 3, 3), (5, 3, 4)])
def test_output_weights_of_powers_add_no_rank(k: int, d: int, m: int) -> None:
    """Euler: the value is in the span of the slopes. Biases make one more variable."""
    rng = np.random.default_rng(k)
    rank = polynomial_rank_modulo(d, m, {k: 1}, 100, rng, all_parameters=True)
    assert rank == power_rank(d + 1, m, k)


@pytest.mark.parametrize(("d", "m"), [(3, 4), (3, 8), (4, 10), (2, 6)])
@pytest.mark.parametrize("degree", [3, 4])
def test_polynomials_reach_all_unknowns_or_their_whole_space(d: int, m: int, degree: int) -> None:
    rng = np.random.default_rng(d * m)
    coefficients = dict.fromkeys(range(degree + 1), 1)
    rank = polynomial_rank_modulo(d, m, coefficients, m * (d + 2) + 5, rng, all_parameters=True)
    assert rank == polynomial_rank(d, m, degree)


@pytest.mark.parametrize("widths", [(20, 15, 1), (6, 8, 7, 1), (5, 6, 6, 6, 1)])
def test_relu_networks_lose_one_for_each_hidden_unit_and_what_is_dead(
    widths: tuple[int, ...],
) -> None:
    formula = generic_rank(widths, RELU)
    assert formula.rank == parameter_count(widths) - sum(widths[1:-1])
    ranks = [
        relu_rank_modulo(widths, 2 * formula.rank, np.random.default_rng(seed)) for seed in range(4)
    ]
    assert max(ranks) <= formula.rank
    if len(widths) == 3:
        assert max(ranks) == formula.rank
    assert max(ranks) >= 0.8 * formula.rank


def test_large_integers_are_exact() -> None:
    """Eleven layers: sums beyond 64 bits, in Python integers."""
    rank = relu_rank_modulo((9,) * 11 + (1,), 12, np.random.default_rng(1))
    assert 0 < rank <= 12


def test_formulas_of_whole_networks() -> None:
    assert generic_rank((20, 30, 1), TANH).rank == 661
    assert generic_rank((20, 30, 1), RELU).rank == 631
    assert generic_rank((2, 50, 1), power(3)).rank == 10
    assert generic_rank((5, 4, 3), power(2)).rank == 39 - 4
    with pytest.raises(OptionError, match="threshold"):
        generic_rank((2, 3, 1), THRESHOLD)
    with pytest.raises(OptionError, match="Widths"):
        generic_rank((2,), TANH)
