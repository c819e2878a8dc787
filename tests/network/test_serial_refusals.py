"""Network files from strangers: nothing is trusted, and every refusal is one line."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from rote.errors import FormatError
from rote.network import Affine, Nearest, Network, Provenance, Residual
from rote.network.activation import HARD_TANH, RELU, leaky
from rote.network.layer import Layer
from rote.network.serial import digest, load, save

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


def parts(network: Network, folder: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    path = folder / "good"
    save(network, path)
    with safetensors.safe_open(path, "numpy") as file:
        structure = json.loads(file.metadata()["rote"])
    return safetensors.numpy.load_file(path), structure


def refuse(folder: Path, tensors: dict[str, np.ndarray], structure: Any, match: str) -> None:
    path = folder / "bad"
    text = structure if isinstance(structure, str) else json.dumps(structure)
    safetensors.numpy.save_file(tensors, path, {"rote": text})
    with pytest.raises(FormatError, match=match) as caught:
        load(path)
    message = str(caught.value)
    assert message.startswith(f"{path} is not a network of Rote's: ")
    assert "\n" not in message
    assert len(message) < len(str(path)) + 400


def setting(*place: Any) -> Callable[[Any], None]:
    """Sets the value at a place in a structure; the last entry is the value."""
    *keys, last, value = place

    def change(structure: Any) -> None:
        for key in keys:
            structure = structure[key]
        structure[last] = value

    return change


ACTIVATION = ("layers", 0, "activation")
CHANGES = {
    "newer format": (setting("format", 2), "format must be 1"),
    "dtype": (setting("dtype", "float16"), "dtype must be one of float32, float64, exact"),
    "dtype that is no text": (setting("dtype", ["float32"]), "dtype must be a string"),
    "wrong dtype": (setting("dtype", "float64"), "must be F64"),
    "wrong arithmetic": (setting("dtype", "exact"), "none that exact has"),
    "unknown key": (setting("code", "x"), "The structure has the unknown key 'code'"),
    "unknown key in a layer": (setting("layers", 0, "hook", 1), "Layer 0 has the unknown key"),
    "unknown kind": (setting("layers", 0, "kind", "conv"), "Layer 0 must be affine"),
    "layer that is no object": (setting("layers", 0, 7), "no tensor|Layer 0 must be"),
    "layers that are no list": (setting("layers", {}), "layers must be a list"),
    "no layers": (setting("layers", []), "unknown tensor"),
    "activation": (setting(*ACTIVATION, [["swish", 0, 2]]), "unknown kind 'swish'"),
    "activation that is a list": (setting(*ACTIVATION, [[["relu"], 0, 2]]), "unknown kind"),
    "activation's parameter": (setting(*ACTIVATION, [["relu", 1, 2]]), "takes no parameter"),
    "slope": (setting(*ACTIVATION, [["leaky", 0.1, 2]]), "rounds it"),
    "power": (setting(*ACTIVATION, [["power", 1e9, 2]]), "from 1 to 1024"),
    "endless units": (setting(*ACTIVATION, [["relu", 0, 10**15]]), "must cover 2 units, not 1000"),
    "negative units": (
        setting(*ACTIVATION, [["relu", 0, 3], ["relu", 0, -1]]),
        "units must be at least 1",
    ),
    "units that are true": (setting(*ACTIVATION, [["relu", 0, True]]), "must be an integer"),
    "infinite parameter": (
        setting(*ACTIVATION, [["relu", 10**400, 2]]),
        "must be finite, not an integer of 1329 bits",
    ),
    "exponent of floats": (setting("layers", 0, "exponent", 1), "Only exact layers"),
    "form": (setting("layers", 0, "weight", "pickle"), "The form of 0.weight"),
    "scale": (setting("layers", 0, "bias", ["scaled", 1200]), "beyond every float"),
    "scale that underflows": (setting("layers", 0, "bias", ["scaled", -150]), "does not fit"),
    "scale that overflows": (setting("layers", 0, "bias", ["scaled", 128]), "does not fit"),
    "packed as plain": (setting("layers", 0, "bias", "plain"), "0.bias must be F32"),
    "decision": (setting("decision", {"kind": "vote"}), "must be one of argmax, bits, nearest"),
    "decision that is no object": (setting("decision", "nearest"), "must be one of argmax"),
    "decision with too much": (setting("decision", "tolerance", 1), "unknown key 'tolerance'"),
    "decision that does not fit": (setting("decision", "kind", "argmax"), "needs 2 outputs"),
    "no labels": (setting("decision", "labels", []), "needs labels of shape"),
    "repeated labels": (setting("decision", "labels", ["a", "a"]), "must be different"),
    "rows of one label": (setting("decision", "labels", [["a"], ["b"]]), "needs labels of shape"),
    "ragged rows": (setting("decision", "labels", [["a", 1], ["b"]]), "rows of the same number"),
    "empty rows": (setting("decision", "labels", [[], []]), "rows of the same number"),
    "a row and a label": (setting("decision", "labels", [["a", 1], "b"]), "rows of the same"),
    "a label and a row": (setting("decision", "labels", ["b", ["a", 1]]), "Labels must be"),
    "labels that are lists": (setting("decision", "labels", [["a", []], ["b", 1]]), "must be"),
    "equal rows": (setting("decision", "labels", [["a", 1], ["a", 1]]), "must be different"),
    "columns without lists": (
        setting("decision", {"kind": "columns", "labels": ["a", "b"]}),
        "A column of labels must be a list",
    ),
    "one column": (
        setting("decision", {"kind": "columns", "labels": [["a", "b"]]}),
        "two columns or more",
    ),
    "columns of rows": (
        setting("decision", {"kind": "columns", "labels": [["a", "b"], [["c", 1]]]}),
        "Labels must be",
    ),
    "columns that do not fit": (
        setting("decision", {"kind": "columns", "labels": [["a", "b"], ["c"]]}),
        "needs 2 outputs",
    ),
    "labels that are null": (setting("decision", "labels", [None, 1]), "Labels must be"),
    "tolerance": (setting("decision", {"kind": "value", "tolerance": 0}), "positive and finite"),
    "seed": (setting("provenance", "seed", 1.5), "seed must be an integer"),
    "provenance": (setting("provenance", "data", None), "must be a string, not None"),
}


@pytest.mark.parametrize(("change", "match"), CHANGES.values(), ids=CHANGES)
def test_odd_structures_are_refused_by_name(
    tmp_path: Path, change: Callable[[Any], None], match: str
) -> None:
    tensors, structure = parts(sample(), tmp_path)
    change(structure)
    refuse(tmp_path, tensors, structure, match)


@pytest.mark.parametrize("key", ["format", "dtype", "layers", "decision", "provenance"])
def test_missing_keys_are_refused_by_name(tmp_path: Path, key: str) -> None:
    tensors, structure = parts(sample(), tmp_path)
    del structure[key]
    refuse(tmp_path, tensors, structure, "format" if key == "format" else f"lacks the key '{key}'")


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "must be JSON"),
        ("{", "must be JSON"),
        ("[1]", "must be an object, not a list of 1"),
        ("[" * 100_000, "nested without end"),
        ('{"format": 1, "format": 1}', "a key is repeated"),
        ('{"format": NaN}', "NaN is not a number"),
        ('{"format": 1, "dtype": ' + "9" * 5000 + "}", "must be JSON: Exceeds the limit"),
    ],
)
def test_what_is_no_structure(tmp_path: Path, text: str, match: str) -> None:
    tensors, _ = parts(sample(), tmp_path)
    refuse(tmp_path, tensors, text, match)


def test_tensors_that_do_not_belong(tmp_path: Path) -> None:
    tensors, structure = parts(sample(), tmp_path)
    refuse(tmp_path, tensors | {"extra": np.ones(3)}, structure, "unknown tensor 'extra'")
    missing = {k: v for k, v in tensors.items() if k != "1.0.bias"}
    refuse(tmp_path, missing, structure, "no tensor '1.0.bias'")
    refuse(tmp_path, tensors | {"0.weight": np.ones(2, "f4")}, structure, "with 2 axes")
    refuse(tmp_path, tensors | {"0.weight": np.ones((0, 2), "f4")}, structure, "not empty")
    refuse(tmp_path, tensors | {"0.weight": np.ones((1, 2), "f8")}, structure, "must be F32")
    nan = np.full((1, 2), np.nan, "f4")
    refuse(tmp_path, tensors | {"0.weight": nan}, structure, "must be finite")
    wide = np.ones((1, 3), "f4")
    refuse(tmp_path, tensors | {"2.weight": wide}, structure | {}, "2.weight|takes 3 values")


def test_exact_files(tmp_path: Path) -> None:
    tensors, structure = parts(sample("exact"), tmp_path)
    assert tensors["0.weight"].shape == (1, 2, 17)
    flat = tensors | {"0.weight": tensors["0.weight"][..., 0]}
    refuse(tmp_path, flat, structure, "with 3 axes")
    refuse(tmp_path, tensors | {"0.bias": np.ones((1, 0), "u1")}, structure, "not empty")
    structure["layers"][0]["exponent"] = 1 << 40
    refuse(tmp_path, tensors, structure, "must lie within 1048576")


def test_other_safetensors(tmp_path: Path) -> None:
    path = tmp_path / "other"
    safetensors.numpy.save_file({"w": np.ones(3)}, path)
    with pytest.raises(FormatError, match="lacks the key 'rote'"):
        load(path)


def header(text: str, data: bytes = b"", length: int | None = None) -> bytes:
    encoded = text.encode()
    return struct.pack("<Q", len(encoded) if length is None else length) + encoded + data


HUGE = (
    '{"0.weight": {"dtype": "F64", "shape": [1000000000000], "data_offsets": [0, 8000000000000]}}'
)
DAMAGED = {
    "empty": b"",
    "no header": b"\0" * 7,
    "header longer than the file": header("{}", length=1 << 20),
    "endless header": header("{}", length=(1 << 64) - 1),
    "tensor longer than the file": header(HUGE),
    "shape that overflows": header(
        '{"w": {"dtype": "F64", "shape": [4294967296, 4294967296, 2], "data_offsets": [0, 8]}}',
        b"\0" * 8,
    ),
    "bytes beyond the tensors": header("{}", b"\0" * 9),
    "overlapping tensors": header(
        '{"a": {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]},'
        ' "b": {"dtype": "U8", "shape": [4], "data_offsets": [2, 6]}}',
        b"\0" * 6,
    ),
    "pickle": b"\x80\x04K\x01.",
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_sizes_are_checked_against_the_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad"
    path.write_bytes(content)
    with pytest.raises(FormatError, match="is not a network of Rote's"):
        load(path)


def test_no_file(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(FormatError, match="there is no such file"):
            load(path)


@pytest.mark.parametrize("dtype", ["float32", "exact"])
def test_a_damaged_file_is_refused_or_is_another_network(tmp_path: Path, dtype: str) -> None:
    """Every cut and many changed bytes: a FormatError, or a network with its own digest."""
    path = tmp_path / "net"
    save(sample(dtype), path)
    good, wanted = path.read_bytes(), digest(sample(dtype))
    rng = np.random.default_rng(0)
    lines: list[str] = []
    for position in rng.permutation(len(good))[:300]:
        bad = bytearray(good)
        bad[position] ^= 1 << int(rng.integers(8))
        for content in (bytes(bad), good[:position]):
            path.write_bytes(content)
            try:
                other = load(path)
            except FormatError as error:
                lines.append(str(error))
            else:
                unseen = other.provenance != sample(dtype).provenance
                assert digest(other) != wanted or unseen or content == good
    assert len(lines) > 300
    assert not any("\n" in line for line in lines)
