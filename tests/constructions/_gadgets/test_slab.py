"""Slabs: exact on their block, zero elsewhere, with the largest step that allows it."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rote.constructions._gadgets.slab import Slabs, fit_slabs, slab_units
from rote.constructions._gadgets.two_layer import Frame

RELATIVE = 1e-9
"""Error of a slab over its largest value: roundoff times weights below 10^6."""


def _case(seed: int, n: int, d: int, s: int) -> tuple[Frame, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    blocks = rng.permutation(n)[: (n // s) * s].reshape(-1, s)
    return Frame.of(rng.standard_normal((n, d))), rng.standard_normal(n), blocks


def _exact_values(frame: Frame, slabs: Slabs, k: int, grow: int = 1) -> list[Fraction]:
    """The slab's function at every point in rationals, from h and g; its step ``grow`` times."""
    h = [_product(slabs.normal[k], x) for x in frame.points]
    g = [_product(slabs.slope[k], x) for x in frame.points]
    half = grow / (2 * Fraction(slabs.gain[k]))
    tau = half * Fraction(slabs.height[k])

    def ramp(t: Fraction) -> Fraction:
        return max(t + tau, Fraction(0)) - max(t - tau, Fraction(0))

    return [
        (ramp(a + half * b) - ramp(a - half * b)) / (2 * half) for a, b in zip(h, g, strict=True)
    ]


def _product(row: np.ndarray, x: np.ndarray) -> Fraction:
    return sum((Fraction(a) * Fraction(b) for a, b in zip(row, x, strict=True)), Fraction(0))


@given(seed=st.integers(0, 2**32 - 1), d=st.integers(2, 5), short=st.integers(0, 1))
def test_a_slab_takes_its_values_and_vanishes_elsewhere(seed: int, d: int, short: int) -> None:
    frame, y, blocks = _case(seed, 12, d, d - short)
    slabs = fit_slabs(frame, y, blocks, np.random.default_rng(seed))
    for k, block in enumerate(blocks):
        if slabs.gain[k] > 1e6:
            continue
        value = np.array([float(v) for v in _exact_values(frame, slabs, k)])
        wanted = np.zeros(12)
        wanted[block] = y[block]
        assert np.abs(value - wanted).max() <= RELATIVE * max(1, slabs.height[k])


def test_a_longer_step_breaks_the_slab() -> None:
    frame, y, blocks = _case(3, 12, 3, 3)
    slabs = fit_slabs(frame, y, blocks, np.random.default_rng(0))
    for k, block in enumerate(blocks):
        value = np.array([float(v) for v in _exact_values(frame, slabs, k, grow=2)])
        others = np.delete(value, block)
        assert np.abs(others).max() > 1e-3


@given(seed=st.integers(0, 2**32 - 1), d=st.integers(2, 4))
def test_the_step_is_the_largest_over_all_tilts(seed: int, d: int) -> None:
    frame, y, blocks = _case(seed, 10, d, d)
    slabs = fit_slabs(frame, y, blocks, np.random.default_rng(seed))

    def gain(k: int, tilt: float) -> float:  # the statement, point by point
        most = slabs.height[k] / 2
        for i in set(range(10)) - set(blocks[k]):
            h = float(slabs.normal[k] @ frame.points[i])
            g = float(slabs.slope[k] @ frame.points[i]) + tilt * h
            most = max(most, (slabs.height[k] + abs(g)) / (2 * abs(h)))
        return most

    for k in range(len(blocks)):
        best = gain(k, 0.0)
        assert np.isclose(best, slabs.gain[k], rtol=1e-6)
        for tilt in (0.1, 0.5):
            assert gain(k, tilt * best) >= best * (1 - 1e-9)
            assert gain(k, -tilt * best) >= best * (1 - 1e-9)


def test_units_compute_the_slabs() -> None:
    frame, y, blocks = _case(1, 12, 3, 3)
    slabs = fit_slabs(frame, y, blocks, np.random.default_rng(0))
    units = slab_units(frame, slabs)
    x = frame.points[:, :-1] * frame.scale + frame.centre
    f = np.maximum(x @ units.weight.T + units.bias, 0) @ units.output
    assert len(units.output) == 4 * len(blocks)
    assert np.abs(f - y).max() < RELATIVE * np.abs(slabs.gain).max()


def test_blocks_of_zeros_need_no_units() -> None:
    frame, _, blocks = _case(1, 12, 3, 3)
    slabs = fit_slabs(frame, np.zeros(12), blocks, np.random.default_rng(0))
    assert (slabs.gain == 0).all()
    assert slab_units(frame, slabs).output.size == 0


def test_a_dependent_block_and_a_touching_point_have_infinite_gain() -> None:
    x = np.array([[0, 0, 1], [1, 1, 1], [2, 2, 1], [0, 3, 1], [5, 1, 1], [2, 0, 0], [1, 4, 9.0]])
    y = np.arange(1.0, 8)
    frame = Frame.of(x)
    blocks = np.array([[0, 1, 2], [0, 1, 3]])
    slabs = fit_slabs(frame, y, blocks, np.random.default_rng(0))
    assert np.isinf(slabs.gain).all()
    assert slabs.touching[0] == -1
    assert slabs.touching[1] in (2, 4)
