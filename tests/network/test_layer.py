"""Layers: shapes, shared rows, activations per unit, and immutability."""

from __future__ import annotations

import copy
import dataclasses
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rote.errors import OptionError
from rote.network import Affine, Residual
from rote.network.activation import HARD_TANH, IDENTITY, RELU, THRESHOLD
from strategies import ALL_ACTIVATIONS, affine_layers, points, tensors


def integers(*shape: int) -> np.ndarray:
    return np.arange(int(np.prod(shape))).astype(object).reshape(shape)


@given(st.data())
def test_a_layer_is_its_activations_of_its_affine_sums(data: st.DataObject) -> None:
    dtype = data.draw(st.sampled_from(["float32", "float64"]))
    layer = data.draw(affine_layers(3, data.draw(st.integers(1, 5)), dtype, ALL_ACTIVATIONS))
    h = data.draw(points(3, dtype))
    z = h @ np.repeat(layer.weight, layer.outputs // len(layer.weight), axis=0).T + layer.bias
    out = layer(h)
    assert out.dtype == dtype
    each = [a(z[:, j]) for j, a in enumerate(layer.activations)]
    if layer.shared:  # the one dot product may be summed in another order than a matrix product
        z = h @ layer.weight[0]
        each = [a(z + b) for a, b in zip(layer.activations, layer.bias, strict=True)]
    close = {"rtol": 1e-4, "atol": 1e-4} if dtype == "float32" else {"rtol": 1e-9, "atol": 1e-9}
    steps = [a.kind == "threshold" for a in layer.activations]  # may jump by a rounding
    smooth = [j for j, step in enumerate(steps) if not step]
    np.testing.assert_allclose(out[:, smooth], np.stack(each, axis=1)[:, smooth], **close)


def test_a_shared_row_computes_one_dot_product() -> None:
    layer = Affine(np.array([[1.0, 2.0]]), np.array([0.0, -3.0, 5.0]), (RELU, RELU, IDENTITY))
    assert layer.shared
    assert (layer.inputs, layer.outputs, layer.weight.size) == (2, 3, 2)
    assert layer(np.array([[1.0, 1.0], [-4.0, 0.0]])).tolist() == [[3, 0, 8], [0, 0, 1]]
    assert not Affine(np.ones((1, 2)), np.ones(1)).shared


def test_runs_and_activations() -> None:
    layer = Affine(np.ones((4, 1)), np.ones(4), (RELU, RELU, IDENTITY, RELU))
    assert layer.runs() == [(RELU, slice(0, 2)), (IDENTITY, slice(2, 3)), (RELU, slice(3, 4))]
    assert layer.activations == (RELU, RELU, IDENTITY, RELU)
    same = Affine(np.ones((2, 1)), np.ones(2), (RELU, RELU))
    assert same.activation == RELU
    assert same.runs() == [(RELU, slice(0, 2))]
    assert Affine(np.ones((2, 1)), np.ones(2), (IDENTITY, IDENTITY)).linear
    assert not Affine(np.ones((2, 1)), np.ones(2), [IDENTITY, RELU]).linear


def test_residual_adds_its_input() -> None:
    body = (Affine(np.array([[1.0, -1.0]]), np.zeros(1), RELU), Affine(np.ones((2, 1)), np.ones(2)))
    block = Residual(list(body))
    assert isinstance(block.body, tuple)
    assert (block.inputs, block.outputs) == (2, 2)
    assert block(np.array([[3.0, 1.0], [0.0, 2.0]])).tolist() == [[6, 4], [1, 3]]


@pytest.mark.parametrize("dtype", ["float32", "float64", "exact"])
def test_weights_cannot_be_changed_through_any_reference(dtype: str) -> None:
    make = integers if dtype == "exact" else lambda *shape: np.ones(shape, dtype)
    weight, bias = make(2, 3), make(2)
    hidden = weight.view()
    hidden.flags.writeable = False  # a read-only view of memory that its owner can write to
    layer = Affine(hidden, bias)
    before = layer.weight.tolist(), layer.bias.tolist()
    weight[:] = weight + 1
    bias[:] = bias + 1
    assert (layer.weight.tolist(), layer.bias.tolist()) == before
    copies = [copy.copy(layer), copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))]
    for other in [layer, *copies, dataclasses.replace(layer, activation=RELU)]:
        assert (other.weight.tolist(), other.bias.tolist()) == before
        for array in (other.weight, other.bias, other.weight.T, other.weight[:]):
            with pytest.raises(ValueError, match="read-only"):
                array[...] = 0
            with pytest.raises(ValueError, match="WRITEABLE"):
                array.flags.writeable = True
        with pytest.raises(dataclasses.FrozenInstanceError):
            other.weight = weight  # type: ignore[misc]


def test_arrays_that_are_already_immutable_are_not_copied() -> None:
    layer = Affine(np.ones((2, 3)), np.ones(2))
    assert dataclasses.replace(layer, activation=RELU).weight is layer.weight


def test_columns_in_memory_order() -> None:
    weight = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    layer = Affine(weight, np.zeros(2))
    assert layer.weight.flags.c_contiguous
    assert np.array_equal(layer.weight, weight)


@given(st.data())
def test_exact_layers_keep_their_integers(data: st.DataObject) -> None:
    weight = data.draw(tensors((2, 2), "exact"))
    layer = Affine(weight, weight[0], THRESHOLD, exponent=np.int64(-3))
    assert layer.weight.tolist() == weight.tolist()
    assert (layer.exponent, type(layer.exponent)) == (-3, int)


BAD = {
    "one axis": ({"weight": np.ones(3)}, "shape \\(out, in\\)"),
    "empty": ({"weight": np.ones((0, 3)), "bias": np.ones(0)}, "none empty"),
    "rows": ({"weight": np.ones((3, 3))}, "one row, or one per bias \\(2\\), not 3"),
    "two dtypes": ({"weight": np.ones((2, 3), np.float32)}, "one dtype"),
    "integers": ({"weight": np.ones((2, 3), int), "bias": np.ones(2, int)}, "not int64"),
    "half": ({"weight": np.ones((2, 3), "f2"), "bias": np.ones(2, "f2")}, "not float16"),
    "NaN": ({"weight": np.full((2, 3), np.nan)}, "must be finite"),
    "infinite": ({"bias": np.array([0, np.inf])}, "must be finite"),
    "exponent": ({"exponent": 1}, "Only exact layers"),
    "floats in an exact layer": (
        {"weight": np.full((2, 3), 0.5, object), "bias": integers(2)},
        "Python integers",
    ),
    "booleans in an exact layer": (
        {"weight": np.full((2, 3), True, object), "bias": integers(2)},
        "Python integers",
    ),
    "large exponent": (
        {"weight": integers(2, 3), "bias": integers(2), "exponent": 1 << 21},
        "must lie within 1048576",
    ),
    "activations": ({"activation": (RELU,)}, "as many activations, not 1"),
    "names": ({"activation": ("relu", "relu")}, "must be rote.network.Activation"),
}


@pytest.mark.parametrize(("changes", "message"), BAD.values(), ids=BAD)
def test_meaningless_layers(changes: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        Affine(**{"weight": np.ones((2, 3)), "bias": np.ones(2)} | changes)


def test_meaningless_blocks() -> None:
    wide = Affine(np.ones((3, 2)), np.ones(3))
    with pytest.raises(OptionError, match="at least one"):
        Residual(())
    with pytest.raises(OptionError, match="as many values as it takes, not 3 for 2"):
        Residual((wide,))
    with pytest.raises(OptionError, match="Layer 1 takes 2 values, but layer 0 returns 3"):
        Residual((wide, wide))
    with pytest.raises(OptionError, match="needs affine layers"):
        Residual((Residual((Affine(np.ones((1, 1)), np.ones(1)),)),))  # type: ignore[arg-type]


def test_exact_layers_have_no_float_outputs() -> None:
    with pytest.raises(OptionError, match=r"rote\.network\.exact"):
        Affine(integers(2, 3), integers(2), HARD_TANH)(np.ones((1, 3)))
