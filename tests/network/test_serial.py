"""Network files: nothing is lost, and nothing in a stranger's file is trusted."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from rote.errors import FormatError
from rote.network import Affine, Nearest, Network, Provenance, Residual
from rote.network.activation import HARD_TANH, RELU, leaky
from rote.network.layer import Layer
from rote.network.serial import digest, load, save, write_whole
from strategies import ALL_ACTIVATIONS, finite_floats, layer_chains, networks

LABELS = np.array(["no", "yes"])


def sample(dtype: str = "float32") -> Network:
    if dtype == "exact":
        weight = np.array([[3, -(10**40)]], dtype=object)
        layers: tuple[Layer, ...] = (Affine(weight, weight[0, :1], RELU, exponent=-5),)
    else:
        layers = (
            Affine(np.array([[0.1, 2.0]], dtype), np.array([1, -2], dtype), (RELU, leaky(0.01))),
            Residual((Affine(np.eye(2, dtype=dtype), np.zeros(2, dtype), HARD_TANH),)),
            Affine(np.array([[0.25, -0.5]], dtype), np.array([0.3], dtype)),
        )
    return Network(layers, Nearest(LABELS), dtype, Provenance("zhang2017", 3, "abc"))


def same_bits(one: Network, other: Network) -> bool:
    pairs = zip(one.affine_layers, other.affine_layers, strict=True)
    return all(
        a.weight.tolist() == b.weight.tolist()
        and a.bias.tolist() == b.bias.tolist()
        and (a.weight.dtype == object or a.weight.tobytes() == b.weight.tobytes())
        and (a.bias.dtype == object or a.bias.tobytes() == b.bias.tobytes())
        and (a.activation, a.exponent) == (b.activation, b.exponent)
        for a, b in pairs
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(networks(activations=ALL_ACTIVATIONS))
def test_a_network_comes_back_as_it_was(tmp_path: Path, network: Network) -> None:
    path = tmp_path / "net.safetensors"
    save(network, path)
    back = load(path)
    assert same_bits(network, back)
    assert [type(k) for k in back.layers] == [type(k) for k in network.layers]
    assert (back.dtype, back.provenance, back.size) == (
        network.dtype,
        network.provenance,
        network.size,
    )
    assert type(back.decision) is type(network.decision)
    if network.decision.labels is None:
        assert back.decision == network.decision or vars(back.decision) == vars(network.decision)
    else:
        before, after = network.decision.listed, back.decision.listed
        assert repr(after) == repr(before)  # types, too
    assert digest(back) == digest(network)
    first = path.read_bytes()
    save(back, path)
    assert path.read_bytes() == first


def test_a_seed_from_numpy(tmp_path: Path) -> None:
    network = dataclasses.replace(sample(), provenance=Provenance("a", np.int64(7)))
    save(network, tmp_path / "net")
    assert load(tmp_path / "net").provenance == Provenance("a", 7)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(layer_chains(2, 1, "float64", elements=finite_floats("float64")))
def test_all_floats_come_back(tmp_path: Path, layers: tuple[Layer, ...]) -> None:
    network = Network(layers, Nearest(LABELS))
    save(network, tmp_path / "net")
    assert same_bits(network, load(tmp_path / "net"))


def test_small_integers_take_a_byte_each(tmp_path: Path) -> None:
    for dtype in ("float32", "float64"):
        weight = (np.arange(-128, 128)[None] / 4).astype(dtype)
        save(
            Network((Affine(weight[:, 1:], weight[0, :1]),), Nearest(LABELS), dtype),
            tmp_path / dtype,
        )
    assert (tmp_path / "float32").stat().st_size == (tmp_path / "float64").stat().st_size


# ---- digest


def test_digest_ignores_provenance_and_packing_only() -> None:
    network = sample()
    one = digest(network)
    assert len(one) == 64
    assert digest(dataclasses.replace(network, provenance=Provenance())) == one
    assert digest(sample()) == one
    assert digest(sample("float64")) != one


def change_bias(network: Network) -> Network:
    last = network.layers[-1]
    bias = np.nextafter(last.bias, np.float32(9), dtype=np.float32)
    layers = (*network.layers[:-1], dataclasses.replace(last, bias=bias))
    return dataclasses.replace(network, layers=layers)


def change_activation(network: Network) -> Network:
    first = dataclasses.replace(network.layers[0], activation=(RELU, leaky(0.25)))
    return dataclasses.replace(network, layers=(first, *network.layers[1:]))


def change_labels(network: Network) -> Network:
    return dataclasses.replace(network, decision=Nearest(np.array(["no", "yes!"])))


def unfold_block(network: Network) -> Network:
    first, block, last = network.layers
    return dataclasses.replace(network, layers=(first, *block.body, last))


@pytest.mark.parametrize("change", [change_bias, change_activation, change_labels, unfold_block])
def test_digest_sees_every_change(change: Callable[[Network], Network]) -> None:
    assert digest(change(sample())) != digest(sample())


def test_digest_tells_labels_of_different_types_apart() -> None:
    layers = sample().layers
    digests = {
        digest(Network(layers, Nearest(np.array(pair, dtype=object)), "float32"))
        for pair in [(0, 1), (0.0, 1.0), (False, True), ("0", "1")]
    }
    assert len(digests) == 4
    small = np.array([0, 1], np.int8)
    assert digest(Network(layers, Nearest(small), "float32")) in digests


def test_labels_without_a_file_form_have_a_digest() -> None:
    layers = sample().layers
    digests = set()
    for pair in [((1, 2), (3, 4)), ((1, 2), (3, 5)), (None, 1), (b"a", b"b"), ("a", "b")]:
        labels = np.empty(2, dtype=object)
        labels[:] = pair
        digests.add(digest(Network(layers, Nearest(labels), "float32")))
    assert len(digests) == 5
    with pytest.raises(FormatError, match="cannot be written"):
        digest(Network(layers, Nearest(np.array([0, 1 << 20_000], dtype=object)), "float32"))


def test_digest_tells_shapes_apart() -> None:
    wide, tall = Affine(np.ones((1, 6)), np.ones(6)), Affine(np.ones((6, 1)), np.ones(6))
    last = Affine(np.ones((1, 6)), np.ones(1))
    assert digest(Network((wide, last), Nearest(LABELS))) != digest(
        Network((tall, last), Nearest(LABELS))
    )


PINNED = {
    "float32": "9f07efc4bf2888ed517e7216ba89a27679e59cc7ee1c59c25536c2006baa80f2",
    "exact": "f4bf92114971be53b385ce5eb396ed7c254e9ec8ecfc0fb1632b888c3b998e5a",
}


@pytest.mark.parametrize("dtype", PINNED)
def test_digest_is_pinned(dtype: str) -> None:
    """Certificates name networks by their digest: a change of the digest orphans them."""
    assert digest(sample(dtype)) == PINNED[dtype]


# ---- labels


@pytest.mark.parametrize(
    "labels",
    [
        [1, 2],
        [-(2**63), 2**63 - 1],
        [2**63, -1],
        [10**40, 0],
        ["a", "b\0"],
        ["", 'ä\n"\\'],
        [False, True],
        [0.1, -1.5],
        [1, "1", 1.5],
    ],
)
def test_labels_keep_value_and_type(tmp_path: Path, labels: list[object]) -> None:
    array = np.empty(2 if len(labels) == 2 else 3, dtype=object)
    array[:] = labels
    network = Network((Affine(np.ones((1, 1)), np.ones(1)),), Nearest(array))
    save(network, tmp_path / "net")
    back = load(tmp_path / "net").decision.labels.tolist()
    assert [(type(v), v) for v in back] == [(type(v), v) for v in labels]


@pytest.mark.parametrize("labels", [[(1, 2), (3, 4)], [None, 1], [b"a", b"b"], [1j, 2j]])
def test_other_labels_are_refused(tmp_path: Path, labels: list[object]) -> None:
    array = np.empty(2, dtype=object)
    array[:] = labels
    network = Network((Affine(np.ones((1, 1)), np.ones(1)),), Nearest(array))
    with pytest.raises(FormatError, match="integers, strings, booleans or floats"):
        save(network, tmp_path / "net")
    assert list(tmp_path.iterdir()) == []


def test_labels_that_have_no_decimal_form(tmp_path: Path) -> None:
    layers = (Affine(np.ones((1, 1)), np.ones(1)),)
    with pytest.raises(FormatError, match="finite labels"):
        save(Network(layers, Nearest(np.array([1.0, np.inf]))), tmp_path / "net")
    with pytest.raises(FormatError, match="cannot be written"):
        save(Network(layers, Nearest(np.array([0, 1 << 20_000], dtype=object))), tmp_path / "net")


# ---- atomic


def test_writing_is_whole_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "net"
    path.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_saving_into_no_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        save(sample(), tmp_path / "missing" / "net")
