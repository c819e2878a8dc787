"""Hyperplanes: one key per row of bits, and none that others replace."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rote.constructions._compact.planes import Planes, _confused, _needed, label_changes


def confused(bits: np.ndarray, codes: np.ndarray) -> bool:
    """Whether any two rows of equal bits have different codes, pair by pair."""
    return any(
        bits[i].tolist() == bits[j].tolist() and codes[i] != codes[j]
        for i in range(len(bits))
        for j in range(i)
    )


@given(n=st.integers(1, 40), planes=st.integers(1, 70), seed=st.integers(0, 99))
def test_one_key_is_left_of_each_row_of_bits(n: int, planes: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    bits = (rng.random((n, planes)) < rng.choice([0.01, 0.5])).astype(np.uint8)
    cut = Planes(np.ones((planes, 1)), np.zeros(planes), 1.0, bits, "float32")
    some, kept = cut.distinct()
    assert np.array_equal(some.bits, bits[kept])
    assert np.array_equal(kept, np.sort(np.unique(bits, axis=0, return_index=True)[1]))


@given(n=st.integers(2, 30), planes=st.integers(1, 9), seed=st.integers(0, 99))
def test_hyperplanes_that_are_left_out_are_not_needed(n: int, planes: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    bits = rng.integers(0, 2, (n, planes)).astype(np.uint8)
    codes = (bits @ rng.integers(0, 2, planes)) % 3
    assert _confused(bits, codes).size == 0
    kept = _needed(bits, codes)
    assert not confused(bits[:, kept], codes)
    for j in kept:
        rest = [k for k in kept if k != j]
        assert not rest or confused(bits[:, rest], codes)


def test_changes_along_a_line() -> None:
    points = np.array([[3.0, 1.0], [1.0, 1.0], [2.0, 1.0], [0.0, 1.0]])
    assert label_changes(points, np.array([0, 0, 1, 1])) == 3
    assert label_changes(points[:, :1], np.array([1, 0, 1, 0])) == 1
    assert label_changes(points + np.eye(4, 2), np.array([1, 0, 1, 0])) == np.inf
