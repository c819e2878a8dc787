"""Slots: every point in its place, phantoms where they disturb least."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rote.constructions._gadgets.slots import deal

positions = st.lists(st.integers(-1000, 1000), min_size=1, max_size=30, unique=True).map(
    lambda values: np.array(sorted(values), dtype=np.float64)
)


@given(c=positions, p=st.integers(1, 9), spare=st.integers(0, 9))
def test_each_point_has_one_slot_and_phantoms_fill_the_rest(c, p: int, spare: int) -> None:
    q = -(-len(c) // p) + spare
    slots = deal(c, p, q)
    groups = slots.groups(0, p)
    assert sorted(groups.point[groups.point >= 0].tolist()) == list(range(len(c)))
    assert (groups.at[groups.point >= 0] == c[groups.point[groups.point >= 0]]).all()
    counts = (groups.point >= 0).sum(axis=1)
    assert counts.max() - counts.min() <= 1


@given(c=positions, p=st.integers(1, 9), spare=st.integers(0, 9))
def test_groups_are_disjoint_and_run_back_and_forth(c, p: int, spare: int) -> None:
    q = -(-len(c) // p) + spare
    slots = deal(c, p, q)
    groups = slots.groups(0, p)
    assert (np.diff(slots.knots) > 0).all()
    assert (groups.at > slots.knots[:-1, None]).all()
    assert (groups.at < slots.knots[1:, None]).all()
    step = np.diff(groups.at, axis=1) * np.where(np.arange(p) % 2 == 0, 1, -1)[:, None]
    assert (step >= 0).all()


@given(c=positions, p=st.integers(1, 9), spare=st.integers(0, 9))
def test_distances_are_those_to_the_next_point_of_the_group(c, p: int, spare: int) -> None:
    q = -(-len(c) // p) + spare
    slots = deal(c, p, q)
    groups = slots.groups(0, p)
    for j in range(p):
        points = groups.at[j][groups.point[j] >= 0]
        for k in range(q):
            here = groups.at[j, k]
            left, right = points[points < here], points[points > here]
            assert groups.left[j, k] == (here - left.max() if left.size else np.inf)
            assert groups.right[j, k] == (right.min() - here if right.size else np.inf)


def test_given_ends_are_kept_and_empty_groups_share_the_right_end() -> None:
    slots = deal(np.array([1.0, 2.0]), 4, 1, low=0.0, high=5.0)
    assert slots.knots.tolist() == [0.0, 1.5, 3.0, 4.0, 5.0]
    assert slots.groups(0, 4).point.ravel().tolist() == [0, 1, -1, -1]


def test_phantoms_stand_in_the_widest_gap() -> None:
    slots = deal(np.array([0.0, 1.0, 9.0, 10.0]), 1, 6)
    groups = slots.groups(0, 1)
    assert groups.at.tolist() == [[0.0, 1.0, 5.0, 5.0, 9.0, 10.0]]
    assert groups.point.tolist() == [[0, 1, -1, -1, 2, 3]]


@given(c=positions, p=st.integers(1, 9), spare=st.integers(0, 3), closed=st.booleans())
def test_groups_can_be_taken_a_few_at_a_time(c, p: int, spare: int, closed: bool) -> None:
    ends = {"low": float(c[0]) - 3, "high": float(c[-1]) + 5} if closed else {}
    slots = deal(c, p, -(-len(c) // p) + spare, **ends)
    whole = slots.groups(0, p)
    for start in range(p):
        some = slots.groups(start, min(start + 2, p))
        for name in ("width", "at", "y", "point", "left", "right"):
            assert np.array_equal(getattr(some, name), getattr(whole, name)[some.part])
    if closed:
        assert (whole.left[0] <= whole.at[0] - ends["low"]).all()
        assert (whole.right[-1] <= ends["high"] - whole.at[-1]).all()
