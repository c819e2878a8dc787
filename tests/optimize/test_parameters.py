"""Gradients against finite differences, for every activation and kind of layer."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rote.errors import OptionError
from rote.network import Affine, Network, Residual, Value
from rote.network.activation import HARD_TANH, RELU, THRESHOLD, leaky, power
from rote.optimize.parameters import Parameters
from rote.typing import Floats
from strategies import SMOOTH, networks, points

STEP = 1e-6
CLOSE = 1e-5
"""Of central differences with that step, relative to the largest entry."""

ACTIVATIONS = (*SMOOTH, RELU, HARD_TANH, leaky(0.25), power(2), power(3))


def by_differences(model: Parameters, X: Floats) -> Floats:
    """The Jacobian, one parameter after the other."""
    columns = []
    for k in range(len(model.theta)):
        step = np.zeros_like(model.theta)
        step[k] = STEP
        above, below = model.outputs(model.theta + step, X), model.outputs(model.theta - step, X)
        columns.append((above - below) / (2 * STEP))
    return np.stack(columns, axis=1)


@given(data=st.data())
@settings(max_examples=60)
def test_gradients_are_limits_of_differences(data: st.DataObject) -> None:
    network = data.draw(
        networks("float64", ACTIVATIONS, decision=Value(1.0), outputs=1, max_layers=3)
    )
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    model = Parameters(network)
    model.theta = model.theta + 0.1 * rng.standard_normal(len(model.theta))  # away from kinks
    X = rng.standard_normal((3, network.inputs))
    jacobian, slow = model.jacobian(model.theta, X), by_differences(model, X)
    scale = max(np.abs(jacobian).max(), np.abs(model.outputs(model.theta, X)).max(), 1)
    near = np.abs(jacobian - slow) <= CLOSE * scale**2
    assert near.mean() > 0.9  # a kink within the step may spoil one point
    y = rng.standard_normal(3)
    error = model.outputs(model.theta, X) - y
    np.testing.assert_allclose(
        model.gradient(model.theta, X, y), jacobian.T @ error / 3, rtol=1e-9, atol=1e-9 * scale**2
    )


@given(data=st.data())
@settings(max_examples=20)
def test_own_parameters_give_the_networks_own_outputs(data: st.DataObject) -> None:
    network = data.draw(networks("float64", ACTIVATIONS, decision=Value(1.0), outputs=1))
    X = data.draw(points(network.inputs))
    model = Parameters(network)
    assert len(model.theta) == network.size.parameters
    assert (model.outputs(model.theta, X) == network.raw(X)[:, 0]).all()


def test_a_shared_row_and_a_residual_block() -> None:
    """f = relu(u x + b1) + relu(u x + b2) behind h + v relu(w h): derivatives by hand."""
    block = Residual(
        (Affine(np.array([[2.0]]), np.array([0.0]), RELU), Affine(np.array([[3.0]]), np.zeros(1)))
    )
    shared = Affine(np.array([[0.5]]), np.array([1.0, 2.0]), RELU)
    out = Affine(np.array([[1.0, 4.0]]), np.zeros(1))
    model = Parameters(Network((block, shared, out), Value(1.0)))
    jacobian = model.jacobian(model.theta, np.array([[1.0]]))
    # h = 1 + 3 * 2 = 7; each of the two units has slope 0.5 in h; their sums are 4.5 and 5.5.
    want = [2.5 * 3, 2.5 * 3, 2.5 * 2, 2.5, 5 * 7.0, 1.0, 4.0, 4.5, 5.5, 1.0]
    assert jacobian.tolist() == [want]


def test_networks_without_a_gradient_are_refused() -> None:
    two = Affine(np.ones((2, 1)), np.zeros(2))
    with pytest.raises(OptionError, match="one output, not 2"):
        Parameters(Network((two,), Value(1.0)))
    step = Affine(np.ones((1, 1)), np.zeros(1), THRESHOLD)
    with pytest.raises(OptionError, match="Threshold units"):
        Parameters(Network((step,), Value(1.0)))
