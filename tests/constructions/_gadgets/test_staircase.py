"""Staircases: every step is exact on all points, and cuts fall at wide gaps."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rote.constructions._gadgets.staircase import (
    Dependent,
    Staircase,
    climb,
    cut,
    staircase_units,
)
from rote.constructions._gadgets.two_layer import Frame

RELATIVE = 1e-8
"""Error of a staircase over its largest label: roundoff times weights below 10^6."""


def _exact_value(stairs: Staircase, x: np.ndarray) -> Fraction:
    def relu(row: np.ndarray) -> Fraction:
        return max(
            sum((Fraction(a) * Fraction(b) for a, b in zip(row, x, strict=True)), Fraction(0)),
            Fraction(0),
        )

    return sum(
        (
            Fraction(gain) * (relu(over) - relu(under))
            for over, under, gain in zip(stairs.over, stairs.under, stairs.gain, strict=True)
        ),
        Fraction(0),
    )


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 16), d=st.integers(1, 4))
def test_a_staircase_takes_every_label_in_rationals(seed: int, n: int, d: int) -> None:
    rng = np.random.default_rng(seed)
    frame, y = Frame.of(rng.standard_normal((n, d))), rng.standard_normal(n)
    stairs = climb(frame, y, rng.standard_normal(d), -(-n // (d + 1)), d + 1)
    assert isinstance(stairs, Staircase)
    if stairs.gain.max() > 1e6:
        return
    for i in range(n):
        assert abs(_exact_value(stairs, frame.points[i]) - Fraction(y[i])) < RELATIVE


def test_units_compute_the_staircase() -> None:
    rng = np.random.default_rng(0)
    frame, y = Frame.of(rng.standard_normal((30, 3))), rng.standard_normal(30)
    stairs = climb(frame, y, rng.standard_normal(3), 8, 4)
    assert isinstance(stairs, Staircase)
    units = staircase_units(frame, stairs)
    x = frame.points[:, :-1] * frame.scale + frame.centre
    f = np.maximum(x @ units.weight.T + units.bias, 0) @ units.output
    assert len(units.output) == 16
    assert np.abs(f - y).max() < RELATIVE


def test_a_constant_takes_one_step() -> None:
    rng = np.random.default_rng(0)
    frame = Frame.of(rng.standard_normal((12, 2)))
    stairs = climb(frame, np.full(12, 3.0), rng.standard_normal(2), 4, 3)
    assert isinstance(stairs, Staircase)
    assert (stairs.gain[1:] < 1e-9).all()


def test_steps_that_change_a_sign_are_not_taken() -> None:
    rng = np.random.default_rng(1)
    frame, y = Frame.of(rng.standard_normal((40, 4))), rng.standard_normal(40)
    stairs = climb(frame, y, rng.standard_normal(4), 8, 5)
    assert isinstance(stairs, Staircase)
    on = frame.points @ stairs.over.T, frame.points @ stairs.under.T
    tiny = 1e-9
    assert (on[0] * on[1] > -tiny).all()
    # The longest possible: at least one of the two rows passes through a point.
    closest = np.minimum(np.abs(on[0]).min(axis=0), np.abs(on[1]).min(axis=0))
    assert (closest[1:] < tiny).all()


def test_a_dependent_block_is_returned() -> None:
    x = np.array([[0.0, 0], [1, 1], [2, 2], [10, 0], [11, 5], [12, 1]])
    answer = climb(Frame.of(x), np.arange(6.0), np.array([1.0, 0.0]), 2, 3)
    assert isinstance(answer, Dependent)
    assert sorted(answer.block) == [0, 1, 2]


@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 60),
    largest=st.integers(1, 9),
    spare=st.integers(0, 8),
)
def test_cuts_make_the_blocks_asked_for(seed: int, n: int, largest: int, spare: int) -> None:
    blocks = -(-n // max(1, largest - spare))
    heights = np.sort(np.random.default_rng(seed).standard_normal(n))
    sizes = np.diff(cut(heights, blocks, largest))
    assert len(sizes) == blocks
    assert sizes.sum() == n
    assert sizes.min() >= 1
    assert sizes.max() <= largest


def test_cuts_move_to_the_widest_gap_nearby() -> None:
    heights = np.array([0.0, 1, 2, 3, 9, 10, 11, 12, 13, 14])
    assert cut(heights, 2, 7).tolist() == [0, 4, 10]
    assert cut(heights, 2, 5).tolist() == [0, 5, 10]
