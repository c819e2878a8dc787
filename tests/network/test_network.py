"""Networks: chains, batches, dtypes and refusals."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import rote.network.network as module
from rote.errors import OptionError, PrecisionError
from rote.network import Affine, ArgMax, Nearest, Network, Residual, Value
from rote.network.activation import HARD_TANH, RELU, TANH, THRESHOLD
from rote.network.exact import evaluate
from strategies import ALL_ACTIVATIONS, FLOAT_DTYPES, networks, points, tame_floats, tensors

LABELS = np.array(["no", "yes"])


def linear(outputs: int, inputs: int, dtype: str = "float64") -> Affine:
    return Affine(np.ones((outputs, inputs), dtype), np.zeros(outputs, dtype))


@pytest.mark.parametrize("dtype", FLOAT_DTYPES)
@given(st.data())
def test_raw_keeps_the_dtype_and_predict_decides_it(dtype: str, data: st.DataObject) -> None:
    network = data.draw(networks(dtype, ALL_ACTIVATIONS))
    x = data.draw(points(network.inputs, dtype))
    raw = network.raw(x)
    assert raw.dtype == dtype
    assert raw.shape == (len(x), network.outputs)
    for layer in network.affine_layers:  # no activation widens what it is given
        h = np.full((2, layer.inputs), 0.5, dtype)
        assert layer(h).dtype == dtype
    if np.isfinite(raw).all():
        assert network.predict(x).tolist() == network.decision.label(raw).tolist()


@given(st.data())
def test_raw_is_exact_on_small_integers(data: st.DataObject) -> None:
    small = st.integers(-3, 3).map(float)
    body = (
        Affine(data.draw(tensors((2, 3), "float32", small)), np.ones(2, np.float32), RELU),
        Affine(data.draw(tensors((3, 2), "float32", small)), np.zeros(3, np.float32), HARD_TANH),
    )
    first = Affine(data.draw(tensors((1, 2), "float32", small)), np.arange(3, dtype="f4"), RELU)
    last = Affine(data.draw(tensors((1, 3), "float32", small)), np.zeros(1, "f4"), THRESHOLD)
    network = Network((first, Residual(body), last), Value(0.5), "float32")
    x = data.draw(tensors((4, 2), "float32", small))
    assert network.raw(x).tolist() == evaluate(network, x).tolist()


@given(st.data())
def test_batches_agree_with_single_points(data: st.DataObject) -> None:
    """On small integers, where no order of summation rounds."""
    small = st.integers(-3, 3).map(float)
    layers = tuple(
        Affine(data.draw(tensors((k, 3), "float64", small)), np.zeros(k), RELU) for k in (3, 2)
    )
    network = Network(layers, Value(0.5))
    x = data.draw(tensors((7, 3), "float64", small))
    whole = network.raw(x)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_BATCH_NUMBERS", 6)
        assert network.batch == 2
        assert network.raw(x).tolist() == whole.tolist()
    assert np.concatenate([network.raw(row[None]) for row in x]).tolist() == whole.tolist()


def test_no_points() -> None:
    network = Network((linear(1, 2),), Nearest(LABELS))
    assert network.raw(np.empty((0, 2))).shape == (0, 1)
    assert network.predict(np.empty((0, 2))).tolist() == []


def test_points_are_rounded_to_the_dtype() -> None:
    network = Network((linear(1, 1, "float32"),), Value(0.5), "float32")
    assert network.raw(np.array([[0.1]]))[0, 0] == np.float32(0.1)
    assert network.raw([[1], [2]]).tolist() == [[1.0], [2.0]]
    assert network.raw(np.array([[True]])).tolist() == [[1.0]]


def test_properties() -> None:
    block = Residual((linear(4, 2), linear(2, 4)))
    network = Network([linear(2, 3), block, linear(1, 2)], Nearest(LABELS))
    assert isinstance(network.layers, tuple)
    assert (network.inputs, network.outputs) == (3, 1)
    assert [f.outputs for f in network.affine_layers] == [2, 4, 2, 1]
    assert network.batch == (1 << 20) // 4
    assert network.piecewise_linear
    smooth = dataclasses.replace(linear(1, 2), activation=TANH)
    assert not Network((linear(2, 3), smooth), Nearest(LABELS)).piecewise_linear


@pytest.mark.parametrize("dtype", FLOAT_DTYPES)
def test_overflow_is_named(dtype: str) -> None:
    large = np.full((1, 1), np.finfo(dtype).max)
    network = Network((Affine(large, np.zeros(1, dtype)),) * 2, Nearest(LABELS), dtype)
    x = np.array([[0.0], [2.0], [0.0], [3.0]])
    assert np.isinf(network.raw(x)[:, 0]).tolist() == [False, True, False, True]
    with pytest.raises(PrecisionError, match=f"row 1 is not in {dtype}") as caught:
        network.predict(x)
    assert caught.value.rows == (1, 3)


def test_points_beyond_float32() -> None:
    network = Network((linear(1, 1, "float32"),), Value(0.5), "float32")
    with pytest.raises(PrecisionError, match="row 0"):
        network.predict(np.array([[1e300]]))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"layers": ()}, "at least one"),
        ({"layers": ("relu",)}, "affine layers or residual blocks"),
        ({"layers": (linear(2, 3), linear(1, 3))}, "Layer 1 takes 3 values, but layer 0 returns 2"),
        ({"dtype": "float16"}, "dtype must be one of float32, float64, exact, not 'float16'"),
        ({"dtype": "float32"}, "Layer 0 has dtype float64, not the network's float32"),
        ({"dtype": "exact"}, "not the network's object"),
        ({"decision": ArgMax(LABELS)}, "'argmax' needs 2 outputs, not 1"),
    ],
)
def test_meaningless_networks(changes: dict[str, object], message: str) -> None:
    good = {"layers": (linear(1, 3),), "decision": Nearest(LABELS), "dtype": "float64"}
    with pytest.raises(OptionError, match=message):
        Network(**good | changes)


def test_layers_of_another_dtype_inside_a_block() -> None:
    block = Residual((linear(2, 2), linear(2, 2, "float32")))
    with pytest.raises(OptionError, match="Layer 1 has dtype float32"):
        Network((linear(2, 3), block, linear(1, 2)), Nearest(LABELS))


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.ones(3), "shape \\(n, 3\\), not \\(3,\\)"),
        (np.ones((2, 4)), "shape \\(n, 3\\), not \\(2, 4\\)"),
        ([["a", "b", "c"]], "must be numbers"),
        (np.ones((1, 3), complex), "must be numbers, not complex128"),
    ],
)
def test_bad_points(x: object, message: str) -> None:
    network = Network((linear(1, 3),), Nearest(LABELS))
    with pytest.raises(OptionError, match=message):
        network.raw(x)


def test_exact_networks_have_no_float_outputs() -> None:
    weight = np.array([[1]], dtype=object)
    network = Network((Affine(weight, weight[0]),), Nearest(LABELS), "exact")
    with pytest.raises(OptionError, match=r"use rote\.network\.exact"):
        network.predict(np.ones((1, 1)))


def test_tame_floats_are_floats_of_their_dtype() -> None:
    """What the strategies promise: float32 examples are float32 numbers."""

    @given(tame_floats("float32"))
    def check(value: float) -> None:
        assert float(np.float32(value)) == value

    check()
