"""Unit vectors from numbers near class codes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rote.constructions._gadgets.clamp import Clamp
from rote.constructions._gadgets.clamp_composition import CompositionClamp
from rote.constructions._gadgets.clamp_difference import DifferenceClamp
from rote.constructions._gadgets.clamp_hard_tanh import HardTanhClamp
from rote.constructions._gadgets.one_hot import SLACK, edges, one_hot
from rote.network import ArgMax, Network
from rote.network.activation import leaky
from rote.network.exact import evaluate
from rote.typing import DType

CLAMPS: tuple[Clamp, ...] = (
    HardTanhClamp(even=False),
    CompositionClamp(even=False),
    DifferenceClamp(even=False),
    DifferenceClamp(False, leaky(0.25)),
)
ROUNDING = {"float32": 1e-3, "float64": 1e-12}
"""Of ReLUs: sums of numbers below 6 x 50, four of them."""


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("clamp", CLAMPS, ids=str)
@given(classes=st.integers(1, 50), seed=st.integers(0, 2**32 - 1))
def test_numbers_within_a_third_give_unit_vectors(
    clamp: Clamp, shared: bool, dtype: DType, classes: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    codes = np.arange(classes)
    v = codes + rng.uniform(-SLACK, SLACK, classes) * (1 - 2**-20)
    layers = one_hot(classes, clamp, shared=shared, dtype=dtype)
    units = edges(classes, shared=shared) * clamp.rule.second
    assert [layer.outputs for layer in layers] == [units] * clamp.rule.repeat + [classes]
    got = v[:, None].astype(dtype)
    for layer in layers:
        got = layer(got)
    if clamp.saturates:
        assert (got == np.eye(classes)).all()
    else:
        np.testing.assert_allclose(got, np.eye(classes), rtol=0, atol=ROUNDING[dtype])


@pytest.mark.parametrize("shared", [True, False])
def test_relus_are_exactly_one_hot_without_rounding(shared: bool) -> None:
    network = Network(one_hot(7, CLAMPS[2], shared=shared, dtype="float64"), ArgMax(np.arange(7)))
    v = np.arange(7.0) + np.array([0.25, -0.25, 0.3, -0.3, 0.0, 0.33, -0.33])
    assert (evaluate(network, v[:, None]) == np.eye(7, dtype=int)).all()
