"""ReLU forms compute what threshold networks do, and their certificates hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rote.certify import verify
from rote.constructions import make
from rote.data import DataSet
from rote.errors import OptionError, PrecisionError
from rote.network import Affine, Network, Sign
from rote.network.activation import RELU, THRESHOLD
from rote.network.relu_form import relu_form
from rote.typing import DType

LABELS = np.array([0, 1])


def step(weight: float, bias: float, dtype: DType = "float64") -> Network:
    first = Affine(
        np.array([[weight], [1.0]], dtype), np.array([bias, 0.0], dtype), (THRESHOLD, RELU)
    )
    return Network(
        (first, Affine(np.ones((1, 2), dtype), np.array([-0.5], dtype))), Sign(LABELS), dtype
    )


@pytest.mark.parametrize("key", ["baum1988", "rajput2021", "rajput2021-two-layers", "dirksen2024"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_certificates_carry_over(key: str, dtype: DType) -> None:
    rng = np.random.default_rng(0)
    data = DataSet.from_arrays(rng.standard_normal((120, 6)), rng.integers(0, 3, 120))
    network = make(key).build(data, dtype=dtype)
    form = relu_form(network, data.points)
    kinds = {a.kind for layer in form.affine_layers for a, _ in layer.runs()}
    assert kinds <= {"relu", "identity"}
    assert np.array_equal(form.raw(data.points), network.raw(data.points))
    certificate = verify(form, data)
    assert certificate.certified
    assert certificate.claims["portable"].audit["largest_error"] == 0.0


@given(weight=st.floats(0.01, 100), bias=st.floats(-10, 10), seed=st.integers(0, 2**32 - 1))
def test_any_margin_is_enough(weight: float, bias: float, seed: int) -> None:
    network = step(weight, bias)
    x = np.random.default_rng(seed).uniform(-9, 9, (20, 1))
    form = relu_form(network, x)
    assert np.array_equal(form.raw(x), network.raw(x))


def test_integer_units_cost_no_layer() -> None:
    x = np.arange(-5.0, 6.0)[:, None]
    form = relu_form(step(2.0, 0.5), x)
    assert form.size.widths == (3,)
    assert np.array_equal(form.raw(x), step(2.0, 0.5).raw(x))
    assert relu_form(step(0.3, 0.1), x).size.widths == (2, 1 + 1)


def test_a_network_that_ends_with_thresholds_gets_an_output_layer() -> None:
    x = np.arange(-3.0, 3.0)[:, None]
    last = Network((Affine(np.ones((1, 1)), np.array([0.5]), THRESHOLD),), Sign(LABELS))
    assert np.array_equal(relu_form(last, x).raw(x), last.raw(x))


def test_a_margin_of_zero_is_refused_with_the_point() -> None:
    with pytest.raises(PrecisionError, match="point 2 does") as caught:
        relu_form(step(1.0, 0.0), np.array([[1.0], [2.0], [0.0]]))
    assert caught.value.rows == (2,)


def test_weights_beyond_float32_are_refused() -> None:
    with pytest.raises(PrecisionError, match="dtype='float64'"):
        relu_form(step(1e30, 0.0, "float32"), np.array([[1e-40], [1.0]]))


def test_exact_networks_are_refused() -> None:
    layer = Affine(np.array([[1]], object), np.array([0], object), THRESHOLD)
    with pytest.raises(OptionError, match="not exact ones"):
        relu_form(Network((layer,), Sign(LABELS), "exact"), [[1]])
