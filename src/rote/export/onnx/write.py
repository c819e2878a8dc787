"""Write: a network as an ONNX file of plain operators, which any runtime runs.

The input is ``x`` of shape (batch, d) in the network's arithmetic; the outputs are ``output``
(batch, k) and, for classes, ``label`` (batch,), or (batch, k) for several labels of each
point, with the original labels: int64 where all are integers, booleans or integral floats, strings
otherwise.

The opset is 13, the lowest in which onnxruntime has all the kernels used and ReduceSum and Split
take their axes and sizes as in all later ones; the IR version 7 belongs to it. Where weights of
four bits make the file smaller by more than a fiftieth, it is opset 21 with the IR version 10,
unless another is asked for; onnxruntime casts four bits from version 1.23 on.
"""

from __future__ import annotations

import os

import numpy as np
from onnx import (
    ModelProto,
    OperatorSetIdProto,
    StringStringEntryProto,
    TensorProto,
    ValueInfoProto,
    helper,
)

from rote.errors import FormatError
from rote.export.floats import to_float64
from rote.export.onnx.affine import reflected
from rote.export.onnx.builder import Builder, shorten
from rote.export.onnx.decode import decode_form
from rote.export.onnx.graph import LARGEST_FILE, PRODUCER
from rote.export.onnx.labels import annotation
from rote.export.onnx.units import write_activations
from rote.network import _plain
from rote.network.decision import Value
from rote.network.layer import Affine, Layer
from rote.network.network import Network
from rote.network.serial import write_whole
from rote.typing import Opset

__all__ = ["save", "tensor_bytes", "to_bytes"]

_OPSET = 13
_IR_VERSION = 7
_NARROW_OPSET = 21
_NARROW_IR_VERSION = 10

_WORTHWHILE = 0.02
"""Share of the file that weights of four bits must spare. Ours."""

_MOST_WEIGHTS = LARGEST_FILE - (1 << 27)
"""Most bytes of weights; 128 MB are left for all else. Ours."""


def save(network: Network, path: str | os.PathLike[str], opset: Opset | None = None) -> None:
    """Write a network to an ONNX file, whole or not at all.

    Args:
        network: The network; an exact one is written in float64.
        path: Where to; an existing file is replaced.
        opset: As for :func:`to_bytes`.

    Raises:
        PrecisionError: An exact network has a number that float64 does not hold.
        FormatError: The labels have no ONNX form, or the file would be larger than 2 GB.
        OSError: The file cannot be written.
    """
    write_whole(path, to_bytes(network, opset))


def to_bytes(network: Network, opset: Opset | None = None) -> bytes:
    """The ONNX file of a network; the same network gives the same bytes.

    Args:
        network: The network; an exact one is written in float64.
        opset: 13 for any runtime, 21 for weights of four bits where they fit; by default 21 only
            if that makes the file smaller by more than a fiftieth.

    Returns:
        The file.

    Raises:
        PrecisionError: An exact network has a number that float64 does not hold.
        FormatError: The labels have no ONNX form, or the file would be larger than 2 GB.
    """
    return _serialized(network, opset)[0]


def tensor_bytes(network: Network, opset: Opset | None = None) -> tuple[int, tuple[int, ...]]:
    """How an ONNX file divides between its layers' numbers and all else.

    Args:
        network: The network; an exact one is written in float64.
        opset: As for :func:`to_bytes`.

    Returns:
        The bytes of the file; and of the tensors that each layer adds, one that an earlier layer
        stores counted there. The rest are nodes, names, labels and metadata.

    Raises:
        PrecisionError: As for :func:`to_bytes`.
        FormatError: As for :func:`to_bytes`.
    """
    content, counts = _serialized(network, opset)
    return len(content), counts


def _serialized(network: Network, opset: Opset | None) -> tuple[bytes, tuple[int, ...]]:
    """The file, and the bytes of tensors that each layer adds to it."""
    network = to_float64(network)
    builder = Builder(network.dtype)
    content, counts = _form(network, builder)
    worthwhile = builder.spared > _WORTHWHILE * len(content)
    if opset == _NARROW_OPSET or (opset is None and worthwhile):
        return _form(network, Builder(network.dtype, narrow=True))
    return content, counts


def _form(network: Network, builder: Builder) -> tuple[bytes, tuple[int, ...]]:
    """The file in the form that the builder stands for."""
    h, counts = "x", []
    for layer in network.layers:
        stored = len(builder.graph.initializer)
        h = _layer(builder, layer, h)
        counts.append(sum(len(t.raw_data) for t in builder.graph.initializer[stored:]))
    if sum(counts) > _MOST_WEIGHTS:
        raise FormatError("An ONNX file holds at most 2 GB. Save the network as safetensors.")
    builder.graph.node[-1].output[0] = "output"
    element = helper.np_dtype_to_tensor_dtype(np.dtype(network.dtype))
    graph = builder.graph
    graph.input.append(_value("x", element, network.inputs))
    graph.output.append(_value("output", element, network.outputs))
    decode = decode_form(network.decision, network.dtype)
    if decode is not None:
        expression, holes = decode
        builder.expression(expression, "output", holes)
        graph.node[-1].output[0] = "label"
        text = holes["labels"].dtype == object
        columns = network.decision.columns
        axes = (columns,) if columns > 1 else ()
        kind = TensorProto.STRING if text else TensorProto.INT64
        graph.output.append(_value("label", kind, *axes))
    shorten(graph)
    model = ModelProto(
        ir_version=_NARROW_IR_VERSION if builder.narrow else _IR_VERSION,
        opset_import=[
            OperatorSetIdProto(domain="", version=_NARROW_OPSET if builder.narrow else _OPSET)
        ],
        producer_name=PRODUCER,
        graph=graph,
        metadata_props=[
            StringStringEntryProto(key=key, value=value)
            for key, value in _metadata(network).items()
        ],
    )
    return bytes(model.SerializeToString(deterministic=True)), tuple(counts)


def _value(name: str, element: int, *axes: int) -> ValueInfoProto:
    """An input or output with an open number of rows."""
    return helper.make_tensor_value_info(name, element, ["batch", *axes])


def _layer(builder: Builder, layer: Layer, h: str) -> str:
    """Add a layer; returns the name of its values."""
    if isinstance(layer, Affine):
        return _affine(builder, layer, h)
    z = h
    for affine in layer.body:
        z = _affine(builder, affine, z)
    return builder.node("Add", [h, z])


def _affine(builder: Builder, layer: Affine, h: str) -> str:
    """One Gemm; Sub for a constant less each value; for a shared row one product for all units."""
    constant = reflected(layer)
    if constant is not None:
        z = builder.node("Sub", [builder.constant(np.array(constant, builder.dtype)), h])
    elif layer.shared:
        z = builder.node("Add", [builder.product(h, layer.weight), builder.weight(layer.bias)])
    elif np.any(layer.bias != 0) or np.any(np.signbit(layer.bias)):
        z = builder.product(h, layer.weight, builder.weight(layer.bias))
    else:
        z = builder.product(h, layer.weight)
    return write_activations(builder, layer, z)


def _metadata(network: Network) -> dict[str, str]:
    """Where the network came from, and what its graph cannot say."""
    provenance, decision = network.provenance, network.decision
    metadata = {
        "construction": provenance.construction,
        "seed": str(provenance.seed),
        "data": provenance.data,
        "decision": str(_plain.write_decision(decision)["kind"]),
    }
    if isinstance(decision, Value):
        metadata["tolerance"] = repr(float(decision.tolerance))
    annotated = annotation(decision)
    if annotated is not None:
        metadata["labels"] = annotated
    return metadata
