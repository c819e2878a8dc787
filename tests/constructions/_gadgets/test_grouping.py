"""Groupings: every point in one block, and exchanges never raise the weights."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rote.constructions._gadgets.grouping import best_grouping
from rote.constructions._gadgets.two_layer import Frame
from rote.typing import no_progress


@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 40),
    size=st.integers(1, 4),
    sweeps=st.integers(0, 3),
)
def test_every_member_is_in_one_block_and_no_block_is_too_large(
    seed: int, n: int, size: int, sweeps: int
) -> None:
    rng = np.random.default_rng(seed)
    frame = Frame.of(rng.standard_normal((n, 4)))
    y = rng.standard_normal(n)
    members = np.flatnonzero(rng.random(n) < 0.7)
    if not members.size:
        members = np.arange(n)
    grouping = best_grouping(frame, y, members, size, sweeps, rng, no_progress)
    blocks = [grouping.block(k) for k in range(len(grouping.table))]
    assert sorted(np.concatenate(blocks)) == members.tolist()
    assert len(blocks) == -(-len(members) // size)
    assert max(map(len, blocks)) <= size
    for k, block in enumerate(blocks):  # each slab belongs to its block
        assert grouping.slabs.height[k] == np.abs(y[block]).max()
        if np.isfinite(grouping.slabs.gain[k]):
            assert np.abs(frame.points[block] @ grouping.slabs.normal[k]).max() < 1e-9


@pytest.mark.parametrize(("n", "d"), [(200, 5), (203, 4)])
def test_sweeps_lower_the_largest_weight(n: int, d: int) -> None:
    rng = np.random.default_rng(0)
    frame = Frame.of(rng.standard_normal((n, d)))
    y = rng.standard_normal(n)
    gains = [
        best_grouping(
            frame, y, np.arange(n), d, sweeps, np.random.default_rng(1), no_progress
        ).slabs.gain
        for sweeps in (0, 12)
    ]
    assert gains[1].max() < gains[0].max() / 4
    assert np.square(gains[1]).sum() < np.square(gains[0]).sum()
