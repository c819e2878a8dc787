"""Generic ranks: Khatri-Rao products with free slopes against Edmonds' formula."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rote.constructions._gadgets.generic_rank import dependent_rows, free_rank, power_rank
from rote.exact.matrix import rank
from rote.typing import Array

points_of_the_plane = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 1)),
    min_size=1,
    max_size=7,
    unique=True,
).map(np.array)


def union_rank(points: Array, h: int) -> int:
    """The rank of the union of h copies of the affine matroid: min over S of n - |S| + h r(S)."""
    n = len(points)
    lifted = np.hstack([points, np.ones((n, 1), np.int64)])
    subsets = (list(s) for size in range(1, n + 1) for s in combinations(range(n), size))
    return min([n, *(n - len(s) + h * rank(lifted[s]) for s in subsets)])


@given(points=points_of_the_plane, h=st.integers(1, 3))
def test_free_slopes_reach_the_rank_of_the_matroid_union(points: Array, h: int) -> None:
    assert free_rank(points, h, np.random.default_rng(0)) == union_rank(points, h)


@given(points=points_of_the_plane, h=st.integers(1, 2))
def test_dependent_rows_are_dependent_and_found_if_there_are_any(points: Array, h: int) -> None:
    rows = dependent_rows(points, h, np.random.default_rng(0))
    if union_rank(points, h) == len(points):
        assert rows == []
    else:
        assert union_rank(points[rows], h) < len(rows)
        assert union_rank(points[rows[1:]], h) == len(rows) - 1
        assert union_rank(points[rows[:-1]], h) == len(rows) - 1


@pytest.mark.parametrize(
    ("d", "m", "k", "rank_"),
    [(3, 2, 1, 3), (3, 2, 2, 5), (3, 5, 2, 6), (5, 7, 3, 34), (3, 5, 4, 14), (4, 9, 4, 34)],
)
def test_ranks_of_powers(d: int, m: int, k: int, rank_: int) -> None:
    """With the exceptions in which the count is one more than the rank: 35, 15 and 35."""
    assert power_rank(d, m, k) == rank_
