"""Tensors of an ONNX file: numpy arrays to and from the stored form, with every size checked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from onnx import TensorProto

from rote.errors import FormatError
from rote.typing import Array

__all__ = [
    "ELEMENT_TYPES",
    "FLOAT_TYPES",
    "check_tensor",
    "element_name",
    "from_array",
    "from_small_integers",
    "to_array",
]

_MOST_AXES = 8
"""Most axes of a tensor that is read. Ours."""

FLOAT_TYPES: dict[int, np.dtype[Any]] = {
    TensorProto.FLOAT: np.dtype(np.float32),
    TensorProto.DOUBLE: np.dtype(np.float64),
}
"""Element types of networks."""

ELEMENT_TYPES: dict[int, np.dtype[Any]] = {
    TensorProto.FLOAT: np.dtype("<f4"),
    TensorProto.DOUBLE: np.dtype("<f8"),
    TensorProto.INT8: np.dtype("<i1"),
    TensorProto.UINT8: np.dtype("<u1"),
    TensorProto.INT16: np.dtype("<i2"),
    TensorProto.UINT16: np.dtype("<u2"),
    TensorProto.INT32: np.dtype("<i4"),
    TensorProto.INT64: np.dtype("<i8"),
    TensorProto.BOOL: np.dtype("?"),
}
"""Element types that are read, besides strings."""

_TYPED_FIELDS: dict[int, str] = {
    TensorProto.FLOAT: "float_data",
    TensorProto.DOUBLE: "double_data",
    TensorProto.INT64: "int64_data",
    TensorProto.STRING: "string_data",
}
"""Where the entries lie if not in ``raw_data``; smaller types lie in ``int32_data``."""


def element_name(code: int) -> str:
    """The name of an element type: ``float``, ``bfloat16``, or ``type 99`` if it has none."""
    if code in TensorProto.DataType.values():
        return str(TensorProto.DataType.Name(code)).lower()
    return f"type {code}"


def from_array(array: Array, name: str) -> TensorProto:
    """The stored form of an array: raw bytes, lowest first; strings as UTF-8.

    Args:
        array: Numbers, or Python strings (dtype object).
        name: Its name in the file.

    Returns:
        The tensor.

    Raises:
        FormatError: A string that is not valid Unicode.
    """
    tensor = TensorProto(name=name, dims=array.shape)
    if array.dtype == object:
        tensor.data_type = TensorProto.STRING
        try:
            tensor.string_data.extend(v.encode() for v in array.ravel().tolist())
        except UnicodeEncodeError:
            raise FormatError("A label is not valid Unicode. Rename it.") from None
        return tensor
    dtype = array.dtype.newbyteorder("<")
    tensor.data_type = next(code for code, known in ELEMENT_TYPES.items() if known == dtype)
    tensor.raw_data = array.astype(dtype, copy=False).tobytes()
    return tensor


def from_small_integers(array: Array, name: str) -> TensorProto:
    """The stored form of integers from -8 to 7, two in a byte, the first one low.

    Args:
        array: int8.
        name: Its name in the file.

    Returns:
        The tensor.
    """
    halves = np.append(array.ravel(), np.zeros(array.size % 2, np.int8)).astype(np.uint8) & 15
    tensor = TensorProto(name=name, dims=array.shape, data_type=TensorProto.INT4)
    tensor.raw_data = (halves[::2] | halves[1::2] << 4).tobytes()
    return tensor


def check_tensor(tensor: TensorProto, what: str) -> None:
    """Refuse a tensor of an unread type, stored elsewhere, or whose size is not its contents'.

    Args:
        tensor: The stored form.
        what: What it is, for messages: ``Initializer 'w'``.

    Raises:
        FormatError: It cannot be read.
    """
    if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data:
        raise FormatError(
            f"{what}: the data must lie in the file itself, not beside it. Export with "
            "external_data=False."
        )
    if tensor.HasField("segment"):
        raise FormatError(f"{what}: a tensor in segments is not read.")
    code = tensor.data_type
    if code not in ELEMENT_TYPES and code not in {TensorProto.STRING, TensorProto.INT4}:
        raise FormatError(
            f"{what}: Rote reads float32 and float64 weights, not {element_name(code)}. "
            "Export the network in float32."
        )
    dims = list(tensor.dims)
    if len(dims) > _MOST_AXES or any(d < 0 for d in dims):
        raise FormatError(f"{what}: the shape {dims[:_MOST_AXES]} has no meaning.")
    declared = math.prod(dims)
    field = _TYPED_FIELDS.get(code, "int32_data")
    filled = [
        name
        for name in ("float_data", "double_data", "int32_data", "int64_data", "uint64_data",
                     "string_data", "raw_data")
        if len(getattr(tensor, name))
    ]  # fmt: skip
    if len(filled) > 1 or not set(filled) <= {field, "raw_data"}:
        raise FormatError(f"{what}: its entries lie in {', '.join(filled)}, not in {field}.")
    if "raw_data" in filled:
        if code == TensorProto.STRING:
            raise FormatError(f"{what}: strings cannot be raw.")
        found, unit = len(tensor.raw_data), "bytes"
        wanted = -(-declared // 2)
        if code != TensorProto.INT4:
            wanted = declared * ELEMENT_TYPES[code].itemsize
    else:
        found, wanted, unit = len(getattr(tensor, field)), declared, "entries"
    if found != wanted:
        raise FormatError(
            f"{what}: the declared shape {dims} needs {wanted} {unit}, but there are {found}."
        )


def to_array(tensor: TensorProto, what: str) -> Array:
    """The entries of a tensor that :func:`check_tensor` accepted.

    Args:
        tensor: The stored form.
        what: What it is, for messages.

    Returns:
        A read-only array in the native byte order; strings as Python strings (dtype object).

    Raises:
        FormatError: A string that is not UTF-8, or a number out of its type's range.
    """
    shape = tuple(tensor.dims)
    if tensor.data_type == TensorProto.STRING:
        return _strings(tensor.string_data, what).reshape(shape)
    if tensor.data_type == TensorProto.INT4:
        return _small_integers(tensor, what).reshape(shape)
    dtype = ELEMENT_TYPES[tensor.data_type]
    if tensor.raw_data:
        array = np.frombuffer(tensor.raw_data, dtype)
        if dtype.kind == "b" and np.any(array.view(np.uint8) > 1):
            raise FormatError(f"{what}: a boolean must be 0 or 1.")
    else:
        field = _TYPED_FIELDS.get(tensor.data_type, "int32_data")
        wide = np.array(getattr(tensor, field), dtype=dtype if field != "int32_data" else np.int32)
        array = wide.astype(dtype)
        if not np.array_equal(array, wide, equal_nan=dtype.kind == "f"):
            raise FormatError(f"{what}: a number does not fit {dtype.name}.")
    native = array.astype(dtype.newbyteorder("="), copy=False).reshape(shape)
    native.flags.writeable = False
    return native


def _small_integers(tensor: TensorProto, what: str) -> Array:
    """Integers from -8 to 7 as int8, of whose stored bytes each holds two."""
    if tensor.int32_data:
        raise FormatError(f"{what}: integers of four bits must be raw.")
    pairs = np.frombuffer(tensor.raw_data, np.uint8)
    halves = np.stack([pairs & 15, pairs >> 4], axis=1).ravel()[: math.prod(tensor.dims)]
    integers: Array = ((halves ^ 8).astype(np.int8) - 8).astype(np.int8)
    integers.flags.writeable = False
    return integers


def _strings(content: Sequence[bytes], what: str) -> Array:
    array = np.empty(len(content), dtype=object)
    try:
        array[:] = [entry.decode() for entry in content]
    except UnicodeDecodeError:
        raise FormatError(f"{what}: a string must be UTF-8.") from None
    return array
