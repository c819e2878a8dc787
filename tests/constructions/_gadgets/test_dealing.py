"""Dealing: every point in one block of the fewest, or of more where points share hyperplanes."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rote.constructions._gadgets.dealing import deal_bands
from rote.constructions._gadgets.flat import Flat
from rote.typing import no_progress


def test_every_point_is_in_one_block_of_the_fewest() -> None:
    rng = np.random.default_rng(0)
    inside = rng.random(200) < 0.5
    flat = Flat.of(rng.standard_normal((200, 7)), "float64")
    blocks = [block for block, _ in deal_bands(flat, inside, 7, 5, rng, no_progress)]
    assert sorted(np.concatenate(blocks)) == sorted(np.flatnonzero(inside))
    assert len(blocks) == -(-inside.sum() // 7)


def test_exchanges_mend_blocks_without_making_more() -> None:
    x = np.random.default_rng(0).standard_normal((4000, 40)).astype(np.float32)
    inside = np.arange(4000) % 2 == 0
    blocks = []
    for sweeps in (0, 20):
        rng = np.random.default_rng(1)
        found = deal_bands(Flat.of(x, "float32"), inside, 40, sweeps, rng, no_progress)
        assert min(band.safety for _, band in found) > 1
        blocks.append(len(found))
    assert blocks[1] == 2000 // 40 < blocks[0]


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(2, 60), d=st.integers(1, 4))
def test_small_integers_are_all_dealt_and_all_bands_are_safe(seed: int, n: int, d: int) -> None:
    rng = np.random.default_rng(seed)
    x = np.unique(rng.integers(0, 4, (n, d)), axis=0)
    inside = np.arange(len(x)) < len(x) // 2
    stages: list[tuple[int, int]] = []
    found = deal_bands(
        Flat.of(x, "float64"),
        inside,
        d,
        10,
        rng,
        lambda _, done, total: stages.append((done, total)),
    )
    assert sorted(i for block, _ in found for i in block) == list(np.flatnonzero(inside))
    assert all(band.safety > 1 and not inside[band.closest] for _, band in found)
    assert not inside.any() or stages[-1] == (inside.sum(), inside.sum())


def test_points_on_a_line_are_dealt_one_by_one() -> None:
    x = np.arange(12)[:, None] * np.array([[1, 2, 3]])
    rng = np.random.default_rng(0)
    found = deal_bands(Flat.of(x, "float64"), np.arange(12) % 2 == 0, 3, 10, rng, no_progress)
    assert [len(block) for block, _ in found] == [1] * 6


def test_a_point_that_no_float_tells_from_another_is_left_unsafe() -> None:
    x = np.array([[1.0], [np.nextafter(np.float32(1), np.float32(2))], [3.0]], np.float32)
    inside = np.array([False, True, False])
    rng = np.random.default_rng(0)
    ((block, band),) = deal_bands(Flat.of(x, "float32"), inside, 1, 10, rng, no_progress)
    assert (block.tolist(), band.closest) == ([1], 0)
    assert band.safety <= 1
