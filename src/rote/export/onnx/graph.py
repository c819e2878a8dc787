"""Graph: an ONNX file parsed and checked, before anything in it is interpreted.

A file may come from a stranger. Nothing outside the file is opened, every declared size is
compared with its contents before anything of that size is made, and what is not understood is
refused by name.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError
from onnx import AttributeProto, ModelProto, NodeProto, TensorProto, ValueInfoProto, helper

from rote.errors import FormatError
from rote.export.onnx.tensors import FLOAT_TYPES, check_tensor, element_name, to_array
from rote.typing import Array

__all__ = ["LARGEST_FILE", "PRODUCER", "Graph", "Input", "Node", "parse"]

LARGEST_FILE = (1 << 31) - 1
"""Most bytes of a protocol buffer."""

PRODUCER = "rote"
"""Who a file of Rote's says made it; metadata is read from no other."""

_OPSETS = range(7, 29)
"""Opsets whose operators mean what this reader takes them to mean; broadcasting came with 7."""

_DOMAINS = ("", "ai.onnx")


@dataclass(frozen=True, eq=False)
class Node:
    """One operation.

    Attributes:
        op: Name of the operator.
        name: Name of the node; may be empty.
        inputs: Names of its inputs; an empty name is an absent one.
        outputs: Names of its outputs.
        attributes: Its attributes: numbers, text, lists of these, or tensors.
    """

    op: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]

    def __str__(self) -> str:
        """As messages speak of it: ``Node Conv ('conv1')``, named by its output if it has none."""
        op = self.op if self.op.isidentifier() else repr(self.op[:80])
        return f"Node {op} ({(self.name or ', '.join(self.outputs))[:80]!r})"

    def error(self, why: str) -> FormatError:
        """The error that refuses it."""
        return FormatError(f"{self}: {why}")


@dataclass(frozen=True)
class Input:
    """The one input.

    Attributes:
        name: Its name.
        dtype: float32 or float64.
        shape: Its axes after the batch; None where the file leaves one open.
    """

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int | None, ...]


@dataclass(frozen=True, eq=False)
class Graph:
    """A checked graph, every value of which is computed once and before it is used.

    Attributes:
        opset: Version of the standard operators.
        input: The one input.
        outputs: Names of the outputs.
        nodes: All nodes, in order.
        producers: The node that makes a value, and its position among that node's outputs.
        initializers: Stored tensors, sizes checked.
        producer: Name of the tool that wrote the file.
        metadata: The file's metadata.
    """

    opset: int
    input: Input
    outputs: tuple[str, ...]
    nodes: tuple[Node, ...]
    producers: Mapping[str, tuple[Node, int]]
    initializers: Mapping[str, TensorProto]
    producer: str
    metadata: Mapping[str, str]

    @cached_property
    def most_units(self) -> int:
        """A bound on the units of a layer: each has an entry in some stored tensor."""
        sizes = [math.prod(tensor.dims) for tensor in self.initializers.values()]
        constants = [self.stored(n.outputs[0]) for n in self.nodes if n.op == "Constant"]
        sizes += [int(array.size) for array in constants if array is not None]
        return max(sizes, default=0)

    def made_by(self, name: str) -> Node | None:
        """The node whose first output is this value, if there is one."""
        node, position = self.producers.get(name, (None, 0))
        return node if position == 0 else None

    def stored(self, name: str) -> Array | None:
        """The value of an initializer or of a Constant node, else None."""
        if name in self.initializers:
            return to_array(self.initializers[name], f"Initializer {name[:80]!r}")
        node = self.made_by(name)
        return _constant_value(node) if node is not None and node.op == "Constant" else None


def parse(content: bytes) -> Graph:
    """Parse and check the bytes of an ONNX file.

    Args:
        content: The file.

    Returns:
        Its graph.

    Raises:
        FormatError: It is no ONNX file, or something in it is damaged, unsafe or not read.
    """
    model = ModelProto()
    try:
        model.ParseFromString(content)
    except DecodeError:
        raise FormatError("This is not an ONNX file.") from None
    if not model.HasField("graph") or not model.graph.node or not model.ir_version:
        raise FormatError("This is not an ONNX file: it has no graph.")
    if model.functions or model.training_info:
        what = "functions" if model.functions else "training graphs"
        raise FormatError(f"A model with {what} is not read. Export it with plain operators.")
    graph = model.graph
    if graph.sparse_initializer:
        raise FormatError("Sparse initializers are not read. Export dense weights.")
    initializers: dict[str, TensorProto] = {}
    for tensor in graph.initializer:
        name = _text(tensor.name)
        what = f"Initializer {name[:80]!r}"
        check_tensor(tensor, what)
        if not name or name in initializers:
            raise FormatError(f"{what} has no name of its own.")
        initializers[name] = tensor
    given = _input(graph.input, initializers)
    nodes = tuple(_node(node) for node in graph.node)
    return Graph(
        opset=_opset(model),
        input=given,
        outputs=_outputs(graph.output),
        nodes=nodes,
        producers=_producers(nodes, {given.name, *initializers}),
        initializers=initializers,
        producer=_text(model.producer_name),
        metadata=_metadata(model),
    )


def _text(value: str | bytes) -> str:
    """A text of the file; what is no UTF-8 comes as bytes."""
    if isinstance(value, bytes):
        raise FormatError(f"A name in the file must be UTF-8, not {value[:40]!r}.")
    return value


def _opset(model: ModelProto) -> int:
    versions: set[int] = {entry.version for entry in model.opset_import if entry.domain in _DOMAINS}
    if len(versions) != 1:
        raise FormatError("The model must name one version of the standard operators.")
    (version,) = versions
    if version not in _OPSETS:
        raise FormatError(
            f"Rote reads opsets {_OPSETS[0]} to {_OPSETS[-1]}, not {version}. Export the network "
            "with another opset_version."
        )
    return version


def _input(values: Iterable[ValueInfoProto], initializers: Mapping[str, TensorProto]) -> Input:
    # Old exporters list every initializer among the inputs, as a default.
    inputs = [value for value in values if _text(value.name) not in initializers]
    if len(inputs) != 1:
        names = ", ".join(repr(value.name[:40]) for value in inputs[:4]) or "none"
        raise FormatError(f"The network must have one input, not {len(inputs)} ({names}).")
    (value,) = inputs
    kind = value.type.tensor_type
    dtype = FLOAT_TYPES.get(kind.elem_type)
    if not value.name or not value.type.HasField("tensor_type") or dtype is None:
        raise FormatError(
            f"The input {value.name[:80]!r} must be a tensor of float32 or float64, not "
            f"{element_name(kind.elem_type)}."
        )
    axes = kind.shape.dim
    if len(axes) < 2:
        raise FormatError(f"The input {value.name[:80]!r} must have shape (batch, d).")
    shape = tuple(axis.dim_value if axis.HasField("dim_value") else None for axis in axes[1:])
    if any(size is not None and size < 1 for size in shape):
        raise FormatError(f"The input {value.name[:80]!r} has an axis without length.")
    return Input(value.name, dtype, shape)


def _outputs(values: Iterable[ValueInfoProto]) -> tuple[str, ...]:
    names = tuple(_text(value.name) for value in values)
    if not names or len(set(names)) != len(names):
        raise FormatError("The network must have outputs with names of their own.")
    return names


def _node(node: NodeProto) -> Node:
    attributes: dict[str, Any] = {}
    inputs = [_text(name) for name in node.input]
    while inputs and not inputs[-1]:  # an absent optional input at the end
        inputs.pop()
    outputs = tuple(_text(name) for name in node.output)
    made = Node(_text(node.op_type), _text(node.name), tuple(inputs), outputs, attributes)
    if _text(node.domain) not in _DOMAINS:
        raise made.error(f"Rote reads standard operators only, not those of {node.domain[:80]!r}.")
    for attribute in node.attribute:
        if _text(attribute.name) in attributes:
            raise made.error(f"the attribute {attribute.name[:80]!r} is given twice.")
        if attribute.ref_attr_name:
            raise made.error(f"the attribute {attribute.name[:80]!r} refers to a function's.")
        attributes[attribute.name] = _attribute(made, attribute)
    return made


def _attribute(node: Node, attribute: AttributeProto) -> Any:
    if attribute.type not in {
        AttributeProto.FLOAT,
        AttributeProto.INT,
        AttributeProto.STRING,
        AttributeProto.TENSOR,
        AttributeProto.FLOATS,
        AttributeProto.INTS,
        AttributeProto.STRINGS,
    }:
        raise node.error(f"the attribute {attribute.name[:80]!r} is of a type that is not read.")
    value = helper.get_attribute_value(attribute)
    if isinstance(value, TensorProto):
        check_tensor(value, f"{node}: attribute {attribute.name[:80]!r}")
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return value


def _producers(nodes: Iterable[Node], available: Iterable[str]) -> dict[str, tuple[Node, int]]:
    """Who makes which value; names are made once, and before they are used."""
    known = set(available)
    producers: dict[str, tuple[Node, int]] = {}
    for node in nodes:
        for name in node.inputs:
            if name and name not in known:
                raise node.error(
                    f"its input {name[:80]!r} is computed by no earlier node. The nodes must be "
                    "in order, without a cycle."
                )
        for position, name in enumerate(node.outputs):
            if name in known:
                raise node.error(f"its output {name[:80]!r} has a name that is taken.")
            if name:
                known.add(name)
                producers[name] = (node, position)
    return producers


def _constant_value(node: Node) -> Array:
    if len(node.attributes) != 1:
        raise node.error("a constant must have one value.")
    ((key, value),) = node.attributes.items()
    match key:
        case "value":
            return to_array(value, str(node))
        case "value_float" | "value_floats":
            return np.array(value, dtype=np.float32)
        case "value_int" | "value_ints":
            return np.array(value, dtype=np.int64)
        case _:
            raise node.error(f"a constant given by {key[:80]!r} is not read.")


def _metadata(model: ModelProto) -> dict[str, str]:
    metadata: dict[str, str] = {}
    for entry in model.metadata_props:
        if _text(entry.key) in metadata:
            raise FormatError(f"The metadata {entry.key[:80]!r} is given twice.")
        metadata[entry.key] = _text(entry.value)
    return metadata
