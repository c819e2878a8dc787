"""Replays: what runtimes decide is compared with the data, and a wrong network is found out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, load_from_string

from foreign import model, random
from rote.certify.certificate import Certificate, Claim
from rote.data import DataSet
from rote.errors import DataError, FormatError, OptionError
from rote.export.onnx import from_bytes, save, to_bytes
from rote.export.replay import replay
from rote.network import Affine, ArgMax, Bits, Nearest, Network, Value, serial
from rote.network.activation import GELU, RELU

node = helper.make_node


def table(n: int = 30, classes: int = 3) -> DataSet:
    """Points 0 to n - 1, labelled in turn."""
    x = np.arange(n, dtype=np.float32)[:, None]
    return DataSet.from_arrays(x, np.arange(n) % classes)


def stairs(data: DataSet, dtype: str = "float32") -> Network:
    """One hidden layer of ReLUs through the codes: exact, since all numbers are small integers."""
    x, y = data.points[:, 0].astype(float), data.target.astype(float)
    slopes = np.diff(y) / np.diff(x)
    weights = np.diff(slopes, prepend=0)
    layers = (
        Affine(np.ones((1, 1), dtype), -x[:-1].astype(dtype), RELU),
        Affine(weights[None].astype(dtype), y[:1].astype(dtype)),
    )
    assert data.labels is not None
    return Network(layers, Nearest(data.labels), dtype)


def with_bias(network: Network, change: float) -> Network:
    *first, last = network.affine_layers
    moved = Affine(last.weight, last.bias + np.array(change, last.bias.dtype))
    return Network((*first, moved), network.decision, network.dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_right_network_is_right_everywhere(dtype: str) -> None:
    data = table()
    claim = replay(stairs(data, dtype), data, runtimes=("onnxruntime", "torch"), batches=(1, 7, 64))
    assert claim.name == "replayed"
    assert claim.holds
    assert claim.margin == 0.5
    assert claim.failures.total == 0
    assert claim.reason == ""
    assert claim.arithmetic.startswith("onnxruntime ")
    assert ", torch " in claim.arithmetic
    assert claim.audit == {
        f"{name}, batch {size}, points": 30
        for name in ("onnxruntime", "torch")
        for size in (64, 7, 1)
    }


@given(st.data())
def test_wrong_points_are_named(data: st.DataObject) -> None:
    table_ = table(12)
    labels = table_.target.copy()
    wrong = data.draw(st.sets(st.integers(0, 11), min_size=1))
    for row in wrong:
        labels[row] = (labels[row] + data.draw(st.integers(1, 2))) % 3
    spoilt = DataSet.from_arrays(table_.points, labels)
    claim = replay(stairs(table_), spoilt, batches=(5,))
    assert not claim.holds
    assert claim.failures.total == len(wrong)
    assert claim.failures.rows == tuple(sorted(wrong)[:10])
    assert claim.margin is not None
    assert claim.margin <= -0.5
    assert claim.reason == f"onnxruntime at batch size 5 decides {len(wrong)} points wrongly."


@pytest.mark.parametrize("change", [-0.5, 0.75])
def test_a_wrong_bias_is_found(change: float) -> None:
    data = table()
    claim = replay(with_bias(stairs(data), change), data)
    assert not claim.holds
    assert claim.margin == 0.5 - abs(change)


def test_the_points_of_least_margin_are_run_one_by_one() -> None:
    data = table(40)
    network = stairs(data)
    seen: list[tuple[int, int]] = []
    claim = replay(
        network,
        data,
        limit_batch_1=3,
        progress=lambda stage, done, total: seen.append((done, total)),
    )
    assert claim.holds
    assert claim.audit["onnxruntime, batch 1, points"] == 3
    assert claim.audit["onnxruntime, batch 4096, points"] == 40
    assert seen == [(40, 43), (41, 43), (42, 43), (43, 43)]


def test_a_file_is_run_as_it_is(tmp_path: Path) -> None:
    """The file's own bytes run, not those that Rote would write of what it read."""
    data = table()
    path = tmp_path / "net.onnx"
    save(stairs(data), path)
    assert replay(path, data).holds
    made = load_from_string(path.read_bytes())
    labels = next(t for t in made.graph.initializer if t.data_type == TensorProto.INT64 and
                  np.frombuffer(t.raw_data, np.int64).tolist() == [0, 1, 2])  # fmt: skip
    labels.raw_data = np.array([0, 2, 1]).tobytes()
    path.write_bytes(made.SerializeToString())
    claim = replay(path, data)
    assert claim.failures.total == 20
    serial.save(stairs(data), tmp_path / "net.safetensors")
    assert replay(tmp_path / "net.safetensors", data).holds
    path.write_bytes(b"")
    with pytest.raises(FormatError, match="not an ONNX file"):
        replay(path, data)


def test_files_of_other_tools_are_run(tmp_path: Path) -> None:
    """Raw outputs only, a fixed batch size, an input of several axes."""
    points = np.unique(random(50, 6).round(2), axis=0)
    weight, bias = random(3, 6), random(3)
    codes = (points @ weight.T + bias).argmax(axis=1)
    data = DataSet.from_arrays(points, np.array(["a", "b", "c"])[codes])
    gemm = node("Gemm", ["f", "W", "B"], ["y"], transB=1)
    nodes = [node("Flatten", ["x"], ["f"], axis=1), gemm]
    path = tmp_path / "net.onnx"
    for shape in (("batch", 2, 3), (4, 2, 3), ("batch", 6)):
        made = model(nodes, {"W": weight, "B": bias}, shape=shape)
        path.write_bytes(made.SerializeToString())
        network = from_bytes(path.read_bytes(), labels=data.labels)
        claim = replay(path, data, network=network, runtimes=("onnxruntime", "torch"))
        assert claim.holds, claim.reason
        sizes = [key for key in claim.audit if key.startswith("onnxruntime")]
        if shape[0] == 4:
            assert sizes == ["onnxruntime, batch 4, points"]
        else:
            assert len(sizes) == 2


def test_a_code_as_the_label_is_understood(tmp_path: Path) -> None:
    points, weight = np.eye(3, dtype=np.float32), np.eye(3, dtype=np.float32)
    nodes = [
        node("Gemm", ["x", "W"], ["y"], transB=1),
        node("ArgMax", ["y"], ["code"], axis=1, keepdims=0),
    ]
    path = tmp_path / "net.onnx"
    path.write_bytes(model(nodes, {"W": weight}, outputs=("code",)).SerializeToString())
    data = DataSet.from_arrays(points, np.array([7, 8, 9]))
    network = from_bytes(path.read_bytes(), labels=[7, 8, 9])
    claim = replay(path, data, network=network)
    assert claim.holds
    assert claim.margin is None
    other = from_bytes(path.read_bytes(), labels=[7, 9, 8])
    assert replay(path, data, network=other).failures.total == 2


def test_real_targets_are_compared_within_the_tolerance() -> None:
    x = np.arange(5.0)[:, None]
    data = DataSet.from_arrays(x, np.stack([x[:, 0], -x[:, 0]], 1) + 0.25, task="real")
    layer = Affine(np.array([[1.0], [-1.0]]), np.zeros(2))
    claim = replay(Network((layer,), Value(0.5)), data, runtimes=("onnxruntime", "torch"))
    assert claim.holds
    assert claim.margin == 0.25
    assert not replay(Network((layer,), Value(0.25)), data).holds


def test_labels_of_all_kinds_are_compared_by_value() -> None:
    x = np.eye(3)
    for labels in ([True, False, True], [0.5, 1.5, -2.0], ["b", "a", "c"], [-1, "x", 2.5]):
        array = np.array(labels, dtype=object if labels[0] == -1 else None)
        data = DataSet.from_arrays(x, array, task="classes")
        assert data.labels is not None
        assert data.codes is not None
        layer = Affine(data.codes[None].astype(float), np.zeros(1))
        network = Network((layer,), Nearest(data.labels))
        assert replay(network, data, runtimes=("onnxruntime", "torch")).holds
        reordered = Network(
            (Affine(len(data.labels) - 1 - layer.weight, layer.bias),), Nearest(data.labels[::-1])
        )
        assert replay(reordered, data, runtimes=("onnxruntime", "torch")).holds


def test_a_label_that_the_network_does_not_know_is_wrong() -> None:
    data = DataSet.from_arrays(np.eye(3), [0, 1, 2])
    network = Network((Affine(np.array([[0.0, 1.0, 1.0]]), np.zeros(1)),), Nearest(np.arange(2)))
    assert replay(network, data).failures.rows == (2,)


def test_codes_beyond_the_last_label_are_wrong() -> None:
    data = DataSet.from_arrays(np.eye(3), [0, 1, 2])
    weight = np.array([[0.0, 1.0, 1.0], [0.0, 0.0, 1.0]])
    claim = replay(Network((Affine(weight, np.zeros(2)),), Bits(np.arange(3))), data)
    # The runtime returns the last label for code 3, but its raw output decides no label.
    assert claim.failures.rows == (2,)


def test_outputs_that_overflow_are_wrong() -> None:
    data = DataSet.from_arrays(np.array([[1e30], [1.0]], np.float32), [1, 0])
    layers = (
        Affine(np.array([[1e30]], np.float32), np.zeros(1, np.float32)),
        Affine(np.array([[1.0], [-1.0]], np.float32), np.zeros(2, np.float32)),
    )
    claim = replay(Network(layers, ArgMax(np.arange(2)), "float32"), data)
    assert not claim.holds
    assert claim.margin is None or claim.margin < 0


def test_a_network_without_a_file_is_not_available() -> None:
    layer = Affine(np.array([[2**53 + 1]], object), np.array([0], object))
    data = DataSet.from_arrays([[1.0], [2.0]], [0, 1])
    claim = replay(Network((layer,), Nearest(np.arange(2)), "exact"), data)
    assert not claim.holds
    assert not claim.available
    assert "safetensors" in claim.reason


def test_a_runtime_that_refuses_is_quoted(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """onnxruntime has no float64 kernel of Gelu; a failed claim says so, and nothing is printed."""
    nodes = [node("Gemm", ["x", "W"], ["h"], transB=1), node("Gelu", ["h"], ["y"])]
    made = model(nodes, {"W": np.eye(2)}, shape=("batch", 2), element=TensorProto.DOUBLE, opset=20)
    path = tmp_path / "net.onnx"
    path.write_bytes(made.SerializeToString())
    network = from_bytes(path.read_bytes())
    assert network.affine_layers[0].activation == GELU
    data = DataSet.from_arrays(np.eye(2), [0, 1])
    claim = replay(path, data, runtimes=("onnxruntime", "torch"))
    assert not claim.holds
    assert claim.available
    assert claim.reason.startswith("onnxruntime does not run the network: ")
    assert "\n" not in claim.reason
    assert claim.audit["torch, batch 4096, points"] == 2
    assert capfd.readouterr() == ("", "")


def test_misuse() -> None:
    data = table()
    network = stairs(data)
    with pytest.raises(OptionError, match="Runtime 'onxruntime' is unknown"):
        replay(network, data, runtimes=("onxruntime",))
    for options in ({"runtimes": ()}, {"batches": ()}, {"batches": (0,)}):
        with pytest.raises(OptionError, match="at least one runtime"):
            replay(network, data, **options)
    with pytest.raises(DataError, match="takes 1 features, but the data have 2"):
        replay(network, DataSet.from_arrays(np.eye(2), [0, 1]))
    with pytest.raises(OptionError, match=r"decides labels\. Read the data with task='classes'"):
        replay(network, DataSet.from_arrays([[1.0], [2.0]], [0.5, 1.5]))
    real = Network((Affine(np.ones((2, 1)), np.zeros(2)),), Value(0.5))
    with pytest.raises(DataError, match="has 2 outputs, but the data have 1 targets"):
        replay(real, DataSet.from_arrays([[1.0], [2.0]], [0.5, 1.5]))
    with pytest.raises(OptionError, match=r"decides real values\. Read the data with task='real'"):
        replay(real, data)


def test_the_claim_fits_a_certificate() -> None:
    data = table()
    claims = {"replayed": replay(stairs(data), data)}
    certificate = Certificate("n", data.digest, data.n, data.d, 0, None, "float32", 0, claims)
    again = Certificate.from_json(certificate.to_json())
    assert again == certificate
    assert isinstance(again.claims["replayed"], Claim)


def test_the_file_that_runs_is_the_file_that_is_saved(tmp_path: Path) -> None:
    data = table()
    path = tmp_path / "net.onnx"
    save(stairs(data), path)
    assert path.read_bytes() == to_bytes(stairs(data))
