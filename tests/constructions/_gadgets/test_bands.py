"""Bands hold their block and no point of the other label, and know how safe they are."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rote.constructions._gadgets.bands import Flat, best_bands, fit_band
from rote.typing import no_progress


def exact_sum(w: np.ndarray, x: np.ndarray) -> Fraction:
    return sum((Fraction(a) * Fraction(b) for a, b in zip(w, x, strict=True)), Fraction(0))


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(2, 20), d=st.integers(1, 5))
def test_a_safe_band_is_right_in_rational_numbers(seed: int, n: int, d: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, d)).astype(np.float32)
    inside = np.arange(n) < max(1, n // 2)
    for block, band in best_bands(Flat.of(x, "float32"), inside, d, 10, rng, no_progress):
        if band.safety <= 1:
            continue
        low, high = Fraction(band.low), Fraction(band.high)
        assert all(low < exact_sum(band.w, x[i].astype(float)) < high for i in block)
        for i in np.flatnonzero(~inside):
            assert not low <= exact_sum(band.w, x[i].astype(float)) <= high


def test_every_point_is_in_one_block_of_the_fewest() -> None:
    rng = np.random.default_rng(0)
    inside = rng.random(200) < 0.5
    flat = Flat.of(rng.standard_normal((200, 7)), "float64")
    blocks = [block for block, _ in best_bands(flat, inside, 7, 5, rng, no_progress)]
    assert sorted(np.concatenate(blocks)) == sorted(np.flatnonzero(inside))
    assert len(blocks) == -(-inside.sum() // 7)


def test_exchanges_raise_the_least_safety() -> None:
    x = np.random.default_rng(0).standard_normal((4000, 40)).astype(np.float32)
    inside = np.arange(4000) % 2 == 0
    least = []
    for sweeps in (0, 20):
        rng = np.random.default_rng(1)
        found = best_bands(Flat.of(x, "float32"), inside, 40, sweeps, rng, no_progress)
        least.append(min(band.safety for _, band in found))
    assert least[0] < 1 < least[1]


def test_a_point_on_the_hyperplane_touches() -> None:
    x = np.array([[0, 0], [2, 2], [1, 1], [5, 3]])
    inside = np.array([True, True, False, False])
    rng = np.random.default_rng(0)
    band = fit_band(Flat.of(x, "float64"), np.array([0, 1]), inside, rng)
    assert band.touching
    assert band.closest == 2
    assert band.safety <= 1


@pytest.mark.parametrize("scale", [1e-20, 1.0, 1e20])
def test_scaled_columns_and_constant_ones_change_nothing(scale: float) -> None:
    rng = np.random.default_rng(0)
    x = np.hstack([rng.standard_normal((50, 3)) * [1, scale, 1], np.full((50, 1), 7.0)])
    flat = Flat.of(x, "float64")
    assert flat.dimension == 3
    found = best_bands(flat, np.arange(50) < 20, 3, 10, rng, no_progress)
    assert min(band.safety for _, band in found) > 1
