"""Bands hold their block and no point of the other label, and know how safe they are."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rote.constructions._gadgets.bands import Band, fit_bands
from rote.constructions._gadgets.flat import Flat


def exact_sum(w: np.ndarray, x: np.ndarray) -> Fraction:
    return sum((Fraction(a) * Fraction(b) for a, b in zip(w, x, strict=True)), Fraction(0))


@given(
    seed=st.integers(0, 2**32 - 1),
    outside=st.integers(1, 12),
    inside=st.integers(1, 12),
    d=st.integers(1, 5),
    size=st.integers(1, 5),
    integers=st.booleans(),
)
def test_a_safe_band_is_right_in_rational_numbers(
    seed: int, outside: int, inside: int, d: int, size: int, integers: bool
) -> None:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((outside + inside, d)).astype(np.float32)
    if integers:  # many points on one hyperplane
        x = np.unique(np.rint(2 * x), axis=0)
        outside = min(outside, len(x) - 1)
        if outside < 1:
            return
    flat = Flat.of(x, "float32")
    members = rng.permutation(np.arange(outside, len(x)))
    blocks = np.array_split(members, -(-len(members) // min(size, flat.dimension)))
    for block, band in zip(blocks, fit_bands(flat, blocks, outside, rng), strict=True):
        assert band.closest < outside
        if band.safety <= 1:
            continue
        low, high = Fraction(band.low), Fraction(band.high)
        heights = [exact_sum(band.w, row.astype(float)) for row in x]
        assert all(low < heights[i] < high for i in block)
        assert not any(low <= heights[i] <= high for i in range(outside))
        assert not {low, high} & set(heights)


def slow_twin(flat: Flat, band: Band, block: np.ndarray, outside: int) -> tuple[float, int]:
    """The safety of a band and the closest point outside, one point at a time."""
    ratios = []
    for i, x in enumerate(flat.points):
        t = float(band.w @ x)
        size = float(np.abs(band.w) @ np.abs(x)) + max(abs(band.low), abs(band.high))
        bound = size * flat.bound.slope[i] + flat.bound.offset[i]
        room = min(t - band.low, band.high - t)
        sign = room if i in block else -room if i < outside else abs(room)
        ratios.append(sign / bound)
    return min(ratios), int(np.argmin(ratios[:outside]))


@pytest.mark.parametrize("size", [2, 6])
def test_safety_is_the_least_ratio_of_distance_to_rounding(size: int) -> None:
    x = np.random.default_rng(0).standard_normal((60, 6)).astype(np.float32)
    flat, rng = Flat.of(x, "float32"), np.random.default_rng(1)
    blocks = np.array_split(np.arange(30, 60), 30 // size)
    for block, band in zip(blocks, fit_bands(flat, blocks, 30, rng), strict=True):
        safety, closest = slow_twin(flat, band, block, 30)
        assert band.safety == pytest.approx(safety, rel=1e-6)  # sums in another order
        assert band.closest == closest


def test_a_band_through_a_point_of_the_other_label_is_unsafe() -> None:
    x = np.array([[1, 1], [5, 3], [0, 0], [2, 2]])
    rng = np.random.default_rng(0)
    (band,) = fit_bands(Flat.of(x, "float64"), [np.array([2, 3])], 2, rng)
    assert band.closest == 0
    assert band.safety <= 1


def test_points_are_pushed_away_where_a_block_leaves_freedom() -> None:
    x = np.random.default_rng(0).standard_normal((4000, 40)).astype(np.float32)
    flat, rng = Flat.of(x, "float32"), np.random.default_rng(1)
    unsafe = {}
    for size in (36, 40):
        blocks = np.array_split(np.arange(2000, 3440), 1440 // size)
        bands = fit_bands(flat, blocks, 2000, rng)
        unsafe[size] = sum(band.safety <= 1 for band in bands)
    assert unsafe[36] == 0 < unsafe[40]
