"""Powers of two on the inputs change nothing once they are in the weights."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rote.errors import OptionError, PrecisionError
from rote.network import Affine, Residual
from rote.network.activation import HARD_TANH, RELU
from rote.network.exact import evaluate_layers
from rote.network.rescale import for_scaled_inputs
from strategies import layer_chains, tame_floats, tensors


@given(st.data())
def test_the_layers_compute_the_same_without_rounding(data: st.DataObject) -> None:
    inputs = data.draw(st.integers(1, 3))
    layers = data.draw(layer_chains(inputs, 2, "float64"))
    exponents = np.array(data.draw(st.lists(st.integers(-300, 300), min_size=3, max_size=3)))
    exponents = exponents[:inputs]
    X = data.draw(tensors((4, inputs), "float64", tame_floats("float64")))
    try:
        scaled = for_scaled_inputs(layers, exponents)
    except OptionError:
        blocks = [layer for layer in layers if isinstance(layer, Residual)]
        assert not all(block.body[-1].linear for block in blocks)
        return
    before, after = evaluate_layers(layers, X), evaluate_layers(scaled, np.ldexp(X, exponents))
    assert np.array_equal(before, after)
    assert [layer.outputs for layer in scaled] == [layer.outputs for layer in layers]


def test_what_the_dtype_cannot_hold_is_refused() -> None:
    layers = (Affine(np.array([[0.1]], np.float32), np.zeros(1, np.float32)),)
    for_scaled_inputs(layers, [100])
    for exponent in (130, -135):
        with pytest.raises(PrecisionError, match="Rescale the features"):
            for_scaled_inputs(layers, [exponent])


def test_a_block_must_return_scaled_values() -> None:
    one = Affine(np.ones((1, 1)), np.ones(1), HARD_TANH)
    with pytest.raises(OptionError, match="must end linearly"):
        for_scaled_inputs((Residual((one,)), one), [1])
    two = Residual((Affine(np.ones((2, 1)), np.ones(2), RELU), Affine(np.ones((1, 2)), np.ones(1))))
    scaled = for_scaled_inputs((two, one), [3])
    assert evaluate_layers(scaled, np.array([[8.0]])) == evaluate_layers((two, one), [[1.0]])
