"""Goals: slacks are those of the decision, and rows say how to settle them."""

from __future__ import annotations

import numpy as np
import pytest

from rote.constructions._training.goals import Equal, Margins
from rote.network import ArgMax, Decision, Nearest, Sign

CASES = [(Sign(np.arange(2)), 1), (ArgMax(np.arange(4)), 4), (Nearest(np.arange(3)), 1)]


@pytest.mark.parametrize(("decision", "k"), CASES, ids=["sign", "argmax", "nearest"])
def test_points_are_right_exactly_if_their_slacks_are_positive(decision: Decision, k: int) -> None:
    rng = np.random.default_rng(0)
    assert decision.labels is not None
    codes = rng.integers(0, len(decision.labels), 200)
    outputs = rng.normal(1, 1, (200, k))
    slack = Margins.of(decision, k, codes, 1.0, 0.5).slack(outputs)
    assert ((slack > 0).all(axis=1) == (decision.decide(outputs) == codes)).all()


@pytest.mark.parametrize(("decision", "k"), CASES, ids=["sign", "argmax", "nearest"])
def test_a_row_is_settled_by_the_change_it_asks_for(decision: Decision, k: int) -> None:
    rng = np.random.default_rng(1)
    assert decision.labels is not None
    codes = rng.integers(0, len(decision.labels), 30)
    goal = Margins.of(decision, k, codes, 0.25, 0.2)
    outputs = rng.normal(0, 1, (30, k))
    rows = goal.rows(outputs)
    assert len(rows.residual) == np.count_nonzero(goal.slack(outputs) < 0.25) > 0
    for i, u, r in zip(rows.points, rows.functional, rows.residual, strict=True):
        before = goal.slack(outputs)[i]
        after = goal.slack(outputs + np.outer(np.arange(30) == i, u * r / (u @ u)))[i]
        assert np.isclose(after, 0.25).sum() > np.isclose(before, 0.25).sum()


def test_targets_ask_for_the_difference_in_every_output() -> None:
    targets = np.array([[1.0, 2.0], [3.0, 4.0]])
    goal = Equal(targets, 0.1)
    rows = goal.rows(np.zeros((2, 2)))
    assert rows.residual.tolist() == [1, 2, 3, 4]
    assert rows.points.tolist() == [0, 0, 1, 1]
    assert rows.square == 30
    assert not goal.reached(np.zeros((2, 2)))
    assert goal.reached(0.91 * targets)
