"""Files: a network as one safetensors file, whose metadata holds its structure as JSON.

The metadata key ``rote`` holds::

    {"format": 1, "dtype": ..., "layers": [...], "decision": {...}, "provenance": {...}}
    affine layer     {"kind": "affine", "activation": [[kind, parameter, units], ...],
                      "exponent": ..., "weight": form, "bias": form}
    residual block   {"kind": "residual", "body": [affine, ...]}

The tensors are named by their place: ``0.weight``, ``0.bias``, inside a block ``1.0.weight``. The
form of a tensor is ``"plain"`` for float32 or float64 as they are, ``["scaled", e]`` for int8 or
uint8 times 2^e, and ``"integers"`` for Python integers, whose last axis holds the bytes of each in
two's complement, lowest first.

A file to read may come from a stranger: sizes are checked against the file before anything is
allocated, and everything else before it is used. There is no code in a file.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy

from rote.errors import FormatError, OptionError
from rote.network import _plain
from rote.network.decision import Decision
from rote.network.layer import Affine, Layer, Residual
from rote.network.network import Network, Provenance
from rote.network.storage import integer_bytes, pack
from rote.typing import Array, DType

__all__ = ["digest", "load", "save", "write_whole"]

_FORMAT = 1
_KEY = "rote"
_DTYPES: dict[str, DType] = {"float32": "float32", "float64": "float64", "exact": "exact"}
_CODES = {"float32": "F32", "float64": "F64"}

_LARGEST_STRUCTURE = 90_000_000
"""Most characters of structure in a file; safetensors reads headers of up to 100 MB."""

_LARGEST_EXPONENT = 1100
"""Largest power of two of a packed tensor in absolute value, beyond every float64. Ours."""


def save(network: Network, path: str | os.PathLike[str]) -> None:
    """Write a network to a file, whole or not at all.

    Args:
        network: The network.
        path: Where to; an existing file is replaced.

    Raises:
        FormatError: A label that has no file form, or more labels than a header holds.
        OSError: The file cannot be written.
    """
    tensors: dict[str, Array] = {}
    structure = {
        "format": _FORMAT,
        "dtype": network.dtype,
        "layers": [_write_layer(k, str(i), tensors) for i, k in enumerate(network.layers)],
        "decision": _plain.write_decision(network.decision),
        "provenance": {
            "construction": network.provenance.construction,
            "seed": network.provenance.seed,
            "data": network.provenance.data,
        },
    }
    text = _plain.write(structure)
    if len(text) > _LARGEST_STRUCTURE:
        raise FormatError(
            f"A file holds a structure of at most {_LARGEST_STRUCTURE} characters, not "
            f"{len(text)}. Use shorter labels."
        )
    write_whole(path, safetensors.numpy.save(tensors, {_KEY: text}))


def load(path: str | os.PathLike[str]) -> Network:
    """Read a network from a file that :func:`save` wrote.

    Args:
        path: The file.

    Returns:
        The network; its :func:`digest` is that of the network saved.

    Raises:
        FormatError: The file is missing, damaged, or not such a network.
    """
    path = Path(path)
    try:
        if not path.is_file():
            raise FormatError("there is no such file.")
        opener: Any = safetensors.safe_open
        with opener(path, "numpy") as file:
            return _read_network(file)
    except (FormatError, OptionError, OSError, safetensors.SafetensorError) as error:
        line = " ".join(str(error).split())
        raise FormatError(f"{path} is not a network of Rote's: {line}") from None


def digest(network: Network) -> str:
    """SHA-256 of what a network computes with: structure and numbers, not where it came from.

    Args:
        network: The network.

    Returns:
        64 hexadecimal digits; equal for networks with the same layers, bits, arithmetic, decision
        and labels. Labels without a file form count by type and repr.

    Raises:
        FormatError: A label is an integer too long for decimal digits.
    """
    tensors: dict[str, Array] = {}
    layers = [_write_layer(k, str(i), tensors, packed=False) for i, k in enumerate(network.layers)]
    structure = _plain.write(
        {
            "dtype": network.dtype,
            "layers": layers,
            "decision": _decision_identity(network.decision),
            "shapes": {name: list(tensor.shape) for name, tensor in tensors.items()},
        }
    )
    h = hashlib.sha256(f"{len(structure)} {structure}".encode())
    for tensor in tensors.values():
        h.update(tensor.astype(tensor.dtype.newbyteorder("<"), copy=False).data)
    return h.hexdigest()


def _decision_identity(decision: Decision) -> dict[str, Any]:
    """The decision as a file would hold it; labels without a file form by type and repr."""
    try:
        return _plain.write_decision(decision)
    except FormatError:
        named = [_named(label) for label in decision.listed or ()]
        return {"kind": type(decision).__name__, "named": named}


def _named(label: Any) -> str:
    """A label by type and representation, or each of a list."""
    if isinstance(label, list):
        return f"[{', '.join(map(_named, label))}]"
    return f"{type(label).__name__} {label!r}"


def write_whole(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file whole or not at all, through a temporary file in the same folder.

    Args:
        path: Where to; an existing file is replaced.
        content: The bytes.

    Raises:
        OSError: The file cannot be written; nothing is left behind.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.part")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _write_layer(
    layer: Layer, name: str, tensors: dict[str, Array], *, packed: bool = True
) -> dict[str, Any]:
    """The plain form of a layer; its tensors are added under their names."""
    if isinstance(layer, Residual):
        body = [
            _write_layer(f, f"{name}.{j}", tensors, packed=packed) for j, f in enumerate(layer.body)
        ]
        return {"kind": "residual", "body": body}
    return {
        "kind": "affine",
        "activation": _plain.activation_runs(layer),
        "exponent": layer.exponent,
        "weight": _write_tensor(layer.weight, f"{name}.weight", tensors, packed=packed),
        "bias": _write_tensor(layer.bias, f"{name}.bias", tensors, packed=packed),
    }


def _write_tensor(tensor: Array, name: str, tensors: dict[str, Array], *, packed: bool) -> Any:
    if tensor.dtype == object:
        width = integer_bytes(tensor)
        content = b"".join(v.to_bytes(width, "little", signed=True) for v in tensor.ravel())
        tensors[name] = np.frombuffer(content, np.uint8).reshape(*tensor.shape, width)
        return "integers"
    small = pack(tensor) if packed else None
    tensors[name] = tensor if small is None else small.values
    return "plain" if small is None else ["scaled", small.exponent]


def _read_network(file: Any) -> Network:
    text = (file.metadata() or {}).get(_KEY)
    if text is None:
        raise FormatError(f"its metadata lacks the key {_KEY!r}.")
    structure = _plain.parse(text)
    if isinstance(structure, dict) and structure.get("format") != _FORMAT:
        raise FormatError(f"the format must be {_FORMAT}. Read it with a newer version of Rote.")
    names = ("format", "dtype", "layers", "decision", "provenance")
    structure = _plain.keys_of(structure, "The structure", *names)
    dtype = _DTYPES.get(_plain.read_text(structure["dtype"], "The dtype"))
    if dtype is None:
        raise FormatError(f"The dtype must be one of {', '.join(_DTYPES)}.")
    layers = _plain.read_list(structure["layers"], "The layers")
    wanted = list(_tensor_names(layers))
    unknown = sorted(set(file.keys()) - set(wanted))
    missing = sorted(set(wanted) - set(file.keys()))
    if unknown or missing:
        name, what = (unknown[0], "an unknown") if unknown else (missing[0], "no")
        raise FormatError(f"The file has {what} tensor {name[:60]!r}.")
    return Network(
        tuple(_read_layer(layer, str(i), file, dtype) for i, layer in enumerate(layers)),
        _plain.read_decision(structure["decision"]),
        dtype,
        _read_provenance(structure["provenance"]),
    )


def _tensor_names(layers: list[Any]) -> Iterator[str]:
    """Names of the tensors that a structure speaks of; odd layers are refused later."""
    for i, layer in enumerate(layers):
        body = layer.get("body") if isinstance(layer, dict) else None
        places = [f"{i}.{j}" for j in range(len(body))] if isinstance(body, list) else [str(i)]
        for place in places:
            yield f"{place}.weight"
            yield f"{place}.bias"


def _read_provenance(value: Any) -> Provenance:
    entry = _plain.keys_of(value, "The provenance", "construction", "seed", "data")
    return Provenance(
        _plain.read_text(entry["construction"], "The construction"),
        _plain.read_integer(entry["seed"], "The seed"),
        _plain.read_text(entry["data"], "The data's digest"),
    )


def _read_layer(value: Any, name: str, file: Any, dtype: DType) -> Layer:
    kind = value.get("kind") if isinstance(value, dict) else None
    if kind == "residual":
        entry = _plain.keys_of(value, f"Layer {name}", "kind", "body")
        body = _plain.read_list(entry["body"], f"The body of layer {name}")
        return Residual(
            tuple(_read_affine(f, f"{name}.{j}", file, dtype) for j, f in enumerate(body))
        )
    return _read_affine(value, name, file, dtype)


def _read_affine(value: Any, name: str, file: Any, dtype: DType) -> Affine:
    names = ("kind", "activation", "exponent", "weight", "bias")
    entry = _plain.keys_of(value, f"Layer {name}", *names)
    if entry["kind"] != "affine":
        raise FormatError(f"Layer {name} must be affine, or a residual block of such layers.")
    weight = _read_tensor(entry["weight"], f"{name}.weight", 2, file, dtype)
    bias = _read_tensor(entry["bias"], f"{name}.bias", 1, file, dtype)
    where = f"The activation of layer {name}"
    return Affine(
        weight,
        bias,
        _plain.read_activations(entry["activation"], len(bias), where),
        _plain.read_integer(entry["exponent"], f"The exponent of layer {name}"),
    )


def _read_tensor(form: Any, name: str, axes: int, file: Any, dtype: DType) -> Array:
    part = file.get_slice(name)
    code, shape = part.get_dtype(), part.get_shape()
    if form == "integers" and dtype == "exact":
        _expect(name, code, shape, ("U8",), axes + 1)
        return _integers(file.get_tensor(name))
    if form == "plain" and dtype != "exact":
        _expect(name, code, shape, (_CODES[dtype],), axes)
        return np.asarray(file.get_tensor(name))
    if isinstance(form, list) and len(form) == 2 and form[0] == "scaled" and dtype != "exact":
        _expect(name, code, shape, ("I8", "U8"), axes)
        exponent = _plain.read_integer(form[1], f"The exponent of {name}")
        return _scaled(file.get_tensor(name), exponent, name, dtype)
    raise FormatError(f"The form of {name} is none that {dtype} has.")


def _expect(name: str, code: str, shape: list[int], codes: tuple[str, ...], axes: int) -> None:
    if code not in codes or len(shape) != axes or 0 in shape:
        raise FormatError(
            f"Tensor {name} must be {' or '.join(codes)} with {axes} axes and not empty, not "
            f"{code} of shape {shape}."
        )


def _integers(content: Array) -> Array:
    width = content.shape[-1]
    data = content.tobytes()
    integers = np.empty(content.shape[:-1], dtype=object)
    integers.ravel()[:] = [
        int.from_bytes(data[k : k + width], "little", signed=True)
        for k in range(0, len(data), width)
    ]
    return integers


def _scaled(values: Array, exponent: int, name: str, dtype: DType) -> Array:
    if abs(exponent) > _LARGEST_EXPONENT:
        raise FormatError(f"The exponent of {name} is beyond every float.")
    with np.errstate(over="ignore", under="ignore"):
        tensor = np.ldexp(values.astype(np.float64), exponent).astype(dtype)
        back = np.ldexp(tensor.astype(np.float64), -exponent)
    if not np.array_equal(back, values):
        raise FormatError(f"Tensor {name} does not fit {dtype}.")
    return tensor
