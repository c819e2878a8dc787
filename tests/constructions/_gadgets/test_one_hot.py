"""Unit vectors from numbers near class codes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rote.constructions._gadgets.one_hot import SLACK, edges, one_hot
from rote.network import Activation, ArgMax, Network
from rote.network.activation import HARD_TANH, RELU, leaky
from rote.network.exact import evaluate
from rote.typing import DType

ROUNDING = {"float32": 1e-3, "float64": 1e-12}
"""Of ReLUs: sums of numbers below 6 x 50, four of them."""


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("activation", [HARD_TANH, RELU, leaky(0.25)], ids=str)
@given(classes=st.integers(1, 50), seed=st.integers(0, 2**32 - 1))
def test_numbers_within_a_third_give_unit_vectors(
    activation: Activation, shared: bool, dtype: DType, classes: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    codes = np.arange(classes)
    v = codes + rng.uniform(-SLACK, SLACK, classes) * (1 - 2**-20)
    hidden, out = one_hot(classes, activation, shared=shared, dtype=dtype)
    units = edges(classes, shared=shared) * (1 if activation == HARD_TANH else 2)
    assert (hidden.outputs, out.outputs) == (units, classes)
    got = out(hidden(v[:, None].astype(dtype)))
    if activation == HARD_TANH:
        assert (got == np.eye(classes)).all()
    else:
        np.testing.assert_allclose(got, np.eye(classes), rtol=0, atol=ROUNDING[dtype])


@pytest.mark.parametrize("shared", [True, False])
def test_relus_are_exactly_one_hot_without_rounding(shared: bool) -> None:
    network = Network(one_hot(7, RELU, shared=shared, dtype="float64"), ArgMax(np.arange(7)))
    v = np.arange(7.0) + np.array([0.25, -0.25, 0.3, -0.3, 0.0, 0.33, -0.33])
    assert (evaluate(network, v[:, None]) == np.eye(7, dtype=int)).all()
