"""Folds against folding one layer at a time."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rote.constructions._compact.fold import draw_fold


@given(
    seed=st.integers(0, 2**32 - 1),
    projections=st.integers(2, 8),
    ranges=st.lists(st.integers(2, 60), min_size=3, max_size=8),
    largest=st.integers(1, 3000),
)
def test_parts_are_what_the_folds_leave(
    seed: int, projections: int, ranges: list[int], largest: int
) -> None:
    rng = np.random.default_rng(seed)
    values = 2 * rng.integers(0, largest, (50, projections)) + 1
    fold = draw_fold(values.max(axis=0), tuple(ranges), rng)
    assert fold is not None
    assert (fold.combinations.sum(axis=1) % 2 == 1).all()
    t = values @ fold.combinations.T + fold.shifts
    assert (t % 2 == 1).all()
    for level in range(fold.levels, 0, -1):
        assert (t >= 0).all()
        assert (t <= fold.ranges << (level + 1)).all()
        t = np.abs(t - (fold.ranges << level))
    assert np.array_equal((t.T - 1) // 2, fold(values))
    assert (fold(values) < np.array(ranges)[:, None]).all()
