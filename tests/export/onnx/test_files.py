"""ONNX files of Rote's are small, whole, and refused where they would be too large."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto

from foreign import outputs as run
from rote.errors import FormatError
from rote.export.onnx import from_bytes, load, save, to_bytes
from rote.network import Affine, ArgMax, Nearest, Network, Value
from rote.network.activation import IDENTITY, RELU, TANH
from rote.network.serial import digest
from rote.typing import Array, DType
from strategies import FLOAT_DTYPES


def two_layers(weight: Array, dtype: DType) -> Network:
    units = len(weight)
    layers = (
        Affine(weight.astype(dtype), np.zeros(units, dtype), RELU),
        Affine(np.full((1, units), 0.1, dtype), np.zeros(1, dtype)),
    )
    return Network(layers, Nearest(np.array([0, 1])), dtype)


@pytest.mark.parametrize("dtype", FLOAT_DTYPES)
@pytest.mark.parametrize("exponent", [-130, -126, -3, 0, 5, 120])
def test_small_integers_take_a_byte_each(dtype: DType, exponent: int) -> None:
    rng = np.random.default_rng(0)
    weight = np.ldexp(rng.integers(-128, 128, (50, 40)).astype(np.float64), exponent)
    if dtype == "float32" and exponent == 120:
        weight = np.clip(weight, -1e38, 1e38)
        weight = np.ldexp(np.trunc(np.ldexp(weight, -120)), 120)
    network = two_layers(weight, dtype)
    content = to_bytes(network)
    assert digest(from_bytes(content)) == digest(network)
    stored = onnx.load_from_string(content).graph.initializer
    packed = any(tensor.data_type in {TensorProto.INT8, TensorProto.UINT8} for tensor in stored)
    # A scale below 2^-126 would be a subnormal float32, which some runtimes read as zero.
    assert packed == (exponent >= -126)
    itemsize = np.dtype(dtype).itemsize
    overhead = len(content) - 50 * itemsize - weight.size * (1 if packed else itemsize)
    assert 0 < overhead < 1200


def test_bytes_are_saved_only_where_nodes_cost_less() -> None:
    few = to_bytes(two_layers(np.ones((3, 3)), "float32"))
    assert b"DequantizeLinear" not in few
    assert len(few) < 1000


@pytest.mark.parametrize("dtype", FLOAT_DTYPES)
def test_small_integers_run_without_any_difference(dtype: DType) -> None:
    rng = np.random.default_rng(0)
    weight = rng.integers(-128, 128, (64, 32)) / 8
    layers = (
        Affine(weight.astype(dtype), rng.integers(0, 255, 64).astype(dtype), RELU),
        Affine(rng.integers(0, 256, (3, 64)).astype(dtype), np.zeros(3, dtype)),
    )
    network = Network(layers, ArgMax(np.arange(3)), dtype)
    content = to_bytes(network)
    assert content.count(b"DequantizeLinear") + content.count(b"Cast") >= 2
    x = rng.integers(-8, 8, (100, 32)).astype(dtype)
    np.testing.assert_array_equal(run(content, x)[0], network.raw(x))


@pytest.mark.parametrize("columns", [("runs", 2), ("alternating", 3)])
def test_mixed_activations_take_few_nodes(columns: tuple[str, int]) -> None:
    kind, kinds = columns
    chosen = (RELU, TANH, IDENTITY)[:kinds]
    units = 30
    each = [chosen[j * kinds // units if kind == "runs" else j % kinds] for j in range(units)]
    rng = np.random.default_rng(0)
    layer = Affine(rng.normal(size=(units, 4)), rng.normal(size=units), tuple(each))
    network = Network((layer,), Value(1.0), "float64")
    content = to_bytes(network)
    nodes = [node.op_type for node in onnx.load_from_string(content).graph.node]
    assert len(nodes) <= 3 + 2 * kinds
    assert ("Split" in nodes) == (kind == "runs")
    x = rng.normal(size=(20, 4))
    np.testing.assert_allclose(run(content, x)[0], network.raw(x), rtol=1e-14)
    assert digest(from_bytes(content)) == digest(network)


def test_a_shared_row_is_one_product() -> None:
    layer = Affine(np.ones((1, 5)), np.arange(4.0), RELU)
    content = to_bytes(Network((layer,), Value(1.0)))
    graph = onnx.load_from_string(content).graph
    assert [n.op_type for n in graph.node if n.op_type != "Cast"] == ["Gemm", "Add", "Relu"]
    assert from_bytes(content).layers[0].weight.shape == (1, 5)  # type: ignore[union-attr]


@pytest.mark.parametrize("exponent", [-7, 0, 4])
def test_runtimes_do_not_round_packed_products(exponent: int) -> None:
    rng = np.random.default_rng(0)
    weight = np.ldexp(rng.integers(-128, 128, (100, 76)), exponent).astype(np.float32)
    network = Network((Affine(weight, np.zeros(100, np.float32)),), Value(1.0), "float32")
    x = rng.integers(0, 200, (30, 76)).astype(np.float32)
    assert np.array_equal(run(to_bytes(network), x)[0], x @ weight.T)


def test_a_file_is_written_and_read(tmp_path: Path) -> None:
    network = two_layers(np.eye(3), "float32")
    path = tmp_path / "net.onnx"
    path.write_bytes(b"before")
    save(network, path)
    assert [p.name for p in tmp_path.iterdir()] == ["net.onnx"]
    assert path.read_bytes() == to_bytes(network)
    assert digest(load(path)) == digest(network)


def test_files_beyond_2_gb_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rote.export.onnx.write._MOST_WEIGHTS", 1000)
    assert to_bytes(two_layers(np.full((10, 10), 0.3), "float32"))
    with pytest.raises(FormatError, match="at most 2 GB"):
        to_bytes(two_layers(np.full((20, 20), 0.3), "float32"))
