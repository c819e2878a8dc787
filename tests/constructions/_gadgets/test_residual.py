"""Residual fitting: exact line search, its stopping rule, and refits."""

from __future__ import annotations

import numpy as np
import pytest

from rote.constructions._gadgets.residual import (
    Fit,
    Goal,
    Proposal,
    best_column,
    fit_residual,
    refit,
    squared_error,
)
from rote.data import DataSet
from rote.network import Affine, Network, Value
from rote.typing import no_progress

ROUNDING = 1e-9
"""Sums of a few hundred terms of size 1 to 100."""


def _random_units(points: np.ndarray, seed: int):
    rng = np.random.default_rng(seed)

    def propose(_: np.ndarray) -> Proposal:
        row = rng.standard_normal((1, points.shape[1]))
        return Proposal(row, np.ones(1), np.maximum(points @ row[0], 0))

    return propose


def _value(points: np.ndarray, fit: Fit) -> np.ndarray:
    return np.maximum(points @ fit.rows.T, 0) @ fit.output


def test_units_and_residual_add_up_to_the_labels() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((30, 4)), rng.standard_normal(30)
    fit = fit_residual(y, _random_units(x, 1), Goal(squared=1e-9), 50, no_progress)
    assert fit.rounds == 50
    assert not fit.reached
    assert np.allclose(_value(x, fit) + fit.residual, y, atol=ROUNDING)


def test_line_search_takes_off_the_best_multiple() -> None:
    y = np.array([3.0, 4.0])
    proposal = Proposal(np.eye(2)[:1], np.array([2.0]), np.array([2.0, 0.0]))
    fit = fit_residual(y, lambda _: proposal, Goal(squared=16.0), 9, no_progress)
    assert fit.reached
    assert fit.rounds == 1
    assert fit.output.tolist() == [3.0]
    assert fit.residual.tolist() == [0.0, 4.0]


def test_the_best_column_leaves_least() -> None:
    rng = np.random.default_rng(0)
    r, values = rng.standard_normal(6), rng.standard_normal((6, 5))
    values[:, 2] = 0
    left = [r @ r - (r @ g) ** 2 / (g @ g) if g.any() else r @ r for g in values.T]
    assert best_column(r, values) == np.argmin(left)


def test_both_conditions_of_a_goal_count() -> None:
    assert Goal(per_point=1.0, squared=3.0).reached(np.array([1.0, -1.0]))
    assert not Goal(per_point=1.0, squared=3.0).reached(np.array([1.5, 0.0]))
    assert not Goal(per_point=1.0, squared=1.0).reached(np.array([1.0, -1.0]))


def test_proposals_without_effect_end_the_fit() -> None:
    nothing = Proposal(np.ones((1, 2)), np.ones(1), np.zeros(3))
    fit = fit_residual(np.ones(3), lambda _: nothing, Goal(squared=0.1), 5, no_progress)
    assert (fit.rounds, fit.reached) == (0, False)
    assert refit(np.ones((3, 2)), fit, Goal()) is fit


def test_progress_may_stop_the_fit() -> None:
    def stop(_stage: str, done: int, _total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    x = np.random.default_rng(0).standard_normal((9, 2))
    with pytest.raises(KeyboardInterrupt):
        fit_residual(np.ones(9), _random_units(x, 0), Goal(squared=0.0), 99, stop)


def test_a_refit_with_enough_units_is_exact_and_consistent() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((40, 5)), rng.standard_normal(40)
    goal = Goal(per_point=1e-9)
    fit = fit_residual(y, _random_units(x, 1), goal, 80, no_progress)
    better = refit(x, fit, goal)
    assert not fit.reached
    assert better.reached
    assert np.allclose(_value(x, better) + better.residual, y, atol=ROUNDING)


def test_a_refit_with_few_units_is_the_least_squares_solution() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((40, 5)), rng.standard_normal(40)
    fit = fit_residual(y, _random_units(x, 1), Goal(squared=0.0), 10, no_progress)
    units = np.maximum(x @ fit.rows.T, 0)
    best = y - units @ np.linalg.lstsq(units, y)[0]
    found = refit(x, fit, Goal())
    assert found.residual @ found.residual <= fit.residual @ fit.residual
    assert found.residual @ found.residual == pytest.approx(best @ best, rel=0.1)


def test_the_squared_error_is_relative() -> None:
    data = DataSet.from_arrays([[1.0], [2.0]], [3.5, 4.5])
    network = Network((Affine(np.array([[1.0]]), np.zeros(1)),), Value(9.0))
    assert squared_error(network, data) == (2.5**2 + 2.5**2) / (3.5**2 + 4.5**2)
    zero = DataSet.from_arrays([[1.0], [2.0]], [0.0, 0.0], task="real")
    assert squared_error(Network((Affine(np.zeros((1, 1)), np.zeros(1)),), Value(9.0)), zero) == 0
