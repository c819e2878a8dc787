"""Targets in [-1, 1] and back."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rote.constructions._gadgets.unit_range import unit_range

RELATIVE = 2.0**-50
"""Of the largest target: a difference, a quotient, a product and a sum in float64."""

targets = hnp.arrays(
    np.float64,
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=6),
    elements=st.floats(-1e6, 1e6).filter(lambda v: v == 0 or abs(v) > 1e-6),
)


@given(y=targets)
def test_there_and_back(y: np.ndarray) -> None:
    goal = unit_range(y)
    tau = goal.tau(y)
    assert np.abs(tau).max() <= 1
    back = goal.scale * tau + goal.shift
    assert np.abs(back - y).max() <= RELATIVE * max(np.abs(y).max(), 1)


@given(y=targets)
def test_scales_have_few_bits(y: np.ndarray) -> None:
    goal = unit_range(y)
    mantissa = np.frexp(goal.scale)[0] * 2**13
    assert np.array_equal(mantissa, np.rint(mantissa))


@given(classes=st.integers(2, 4096))
def test_class_codes_use_all_of_the_range_exactly(classes: int) -> None:
    goal = unit_range(np.array([[0.0], [classes - 1.0]]))
    assert goal.scale == goal.shift == (classes - 1) / 2


def test_one_value_is_no_division_by_zero() -> None:
    for value in (0.0, 5.0, -1e-300):
        goal = unit_range(np.array([[value], [value]]))
        assert np.abs(goal.scale * goal.tau(np.array([[value]])) + goal.shift - value) <= 1e-15
