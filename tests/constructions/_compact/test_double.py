"""Folds, two in a layer, beside the integers that they stand for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rote.constructions._compact.double import _steps, double_folds, values_to_fold
from rote.constructions._compact.fold import draw_fold


@given(
    st.lists(st.integers(2, 40), min_size=2, max_size=8),
    st.integers(1, 5000),
    st.booleans(),
    st.integers(0, 99),
)
def test_folds_agree_with_the_integers(
    ranges: list[int], spread: int, slowly: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    projections = 2 * rng.integers(0, spread, (50, len(ranges))) + 1
    largest = projections.max(axis=0)
    fold = draw_fold(largest, tuple(ranges), rng)
    assert fold is not None
    values, whole, levels = values_to_fold(fold, largest)
    layers, tau = double_folds(values, whole, levels, slowly)
    units = (projections - 1) / 2
    for i, layer in enumerate(layers):
        assert i == 0 or not layer[:, -1].any()
        units = np.maximum(units @ layer[:, :-1].T + layer[:, -1], 0)
    parts = (units @ tau.T - 1) / 2
    assert np.array_equal(parts.T, fold(projections))


@pytest.mark.parametrize("slowly", [False, True])
@pytest.mark.parametrize("levels", [[1], [1, 2], [9, 9, 7], [5, 4, 4, 4, 3, 1]])
def test_steps_add_up_to_the_folds(levels: list[int], slowly: bool) -> None:
    steps = _steps(np.array(levels), slowly)
    assert np.array_equal(np.sum(steps, axis=0), levels)
    assert max(step.max() for step in steps) <= 2
    assert len(steps) == -(-(max(levels) + slowly) // 2)
    assert not slowly or steps[0].max() <= 1
