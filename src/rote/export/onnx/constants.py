"""Constants: values that a graph computes from stored tensors alone, without rounding."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
from onnx import TensorProto, defs, helper

from rote.export.onnx.graph import Graph, Node
from rote.export.onnx.tensors import ELEMENT_TYPES
from rote.typing import Array

__all__ = ["attributes_of", "constant"]


def attributes_of(graph: Graph, node: Node) -> dict[str, Any]:
    """A node's attributes, with the defaults of its operator where it gives none.

    Args:
        graph: The graph, for its opset.
        node: The node.

    Returns:
        Attributes by name.

    Raises:
        FormatError: An attribute that the operator does not have, or of another type.
    """
    types, defaults = _attributes(node.op, graph.opset)
    for name, value in node.attributes.items():
        if name not in types:
            raise node.error(f"the operator has no attribute {name[:80]!r} in opset {graph.opset}.")
        if not isinstance(value, types[name]):
            raise node.error(f"the attribute {name!r} has the wrong type.")
    return {**defaults, **node.attributes}


def constant(graph: Graph, name: str, nodes: list[Node]) -> Array | None:
    """The value of a constant.

    Args:
        graph: The graph.
        name: Name of the value.
        nodes: The nodes that make it are added here.

    Returns:
        A stored tensor, perhaps dequantized, transposed or cast; None if this is no constant.

    Raises:
        FormatError: It is one, but computing it would round.
    """
    chain: list[Node] = []
    while (value := graph.stored(name)) is None:
        node = graph.made_by(name)
        if node is None or node.op not in _FOLDS or not node.inputs:
            return None
        chain.append(node)
        name = node.inputs[0]
    source = graph.made_by(name)
    nodes.extend([*chain, source] if source is not None else chain)
    for node in reversed(chain):
        value = _FOLDS[node.op](graph, node, value, nodes)
    return value


def _identity(_: Graph, node: Node, value: Array, __: list[Node]) -> Array:
    if len(node.inputs) != 1:
        raise node.error("it must have one input.")
    return value


def _transpose(graph: Graph, node: Node, value: Array, _: list[Node]) -> Array:
    permutation = attributes_of(graph, node).get("perm", list(range(value.ndim))[::-1])
    if sorted(permutation) != list(range(value.ndim)):
        raise node.error(f"{permutation} is no permutation of {value.ndim} axes.")
    return value.transpose(permutation)


def _cast(graph: Graph, node: Node, value: Array, _: list[Node]) -> Array:
    dtype = ELEMENT_TYPES.get(attributes_of(graph, node).get("to", TensorProto.UNDEFINED))
    if dtype is None or dtype.kind not in "fi" or value.dtype.kind not in "fiu":
        raise node.error("Rote folds casts of numbers to numbers only.")
    with np.errstate(over="ignore", invalid="ignore"):
        cast = value.astype(dtype.newbyteorder("="))
        exact = np.array_equal(cast.astype(value.dtype), value)
    if not exact:
        raise node.error("it rounds a weight. Export weights in the type they are used in.")
    return cast


def _dequantize(graph: Graph, node: Node, value: Array, nodes: list[Node]) -> Array:
    """(value - zero point) * scale, which a runtime may also multiply in after summing."""
    attributes = attributes_of(graph, node)
    stored = [_stored(graph, name, nodes) for name in node.inputs[1:]]
    scale = stored[0] if stored else None
    zero = stored[1] if len(stored) > 1 else np.zeros((), value.dtype)
    if value.dtype.kind not in "iu" or value.dtype.itemsize > 2:
        raise node.error(f"Rote reads quantized weights of 8 or 16 bits, not {value.dtype}.")
    if scale is None or scale.dtype != np.float32 or zero is None or zero.dtype != value.dtype:
        raise node.error("the scale must be a stored float32, the zero point of the weight's type.")
    if attributes.get("block_size", 0) or attributes.get("output_dtype", 0) not in {
        0,
        TensorProto.FLOAT,
    }:
        raise node.error("Rote reads one scale for the tensor or per axis, to float32.")
    axis = attributes.get("axis", 1)
    shift, factor = (_along(node, part, value, axis).astype(np.float64) for part in (zero, scale))
    exact = (value - shift) * factor  # at most 17 and 24 bits: no rounding in float64
    with np.errstate(over="ignore", under="ignore"):
        product = exact.astype(np.float32)
    if not np.array_equal(product, exact):
        raise node.error(
            "integers times the scale are not float32 numbers exactly, so runtimes may differ. "
            "Export the network without quantization."
        )
    return product


def _stored(graph: Graph, name: str, nodes: list[Node]) -> Array | None:
    """A stored tensor that is not folded further; its node, if it has one, is added."""
    value, node = graph.stored(name), graph.made_by(name)
    if value is not None and node is not None:
        nodes.append(node)
    return value


def _along(node: Node, part: Array, value: Array, axis: int) -> Array:
    """A scalar as it is, a vector along its axis."""
    if part.size == 1 and part.ndim <= 1:
        return part.reshape(())
    if part.ndim != 1 or not -value.ndim <= axis < value.ndim or len(part) != value.shape[axis]:
        raise node.error(f"a scale of {part.shape} does not fit a weight of {value.shape}.")
    shape = [1] * value.ndim
    shape[axis] = len(part)
    return part.reshape(shape)


_FOLDS: dict[str, Callable[[Graph, Node, Array, list[Node]], Array]] = {
    "Cast": _cast,
    "DequantizeLinear": _dequantize,
    "Identity": _identity,
    "Transpose": _transpose,
}


_PYTHON_TYPES: dict[Any, type] = {
    defs.OpSchema.AttrType.FLOAT: float,
    defs.OpSchema.AttrType.INT: int,
    defs.OpSchema.AttrType.STRING: str,
    defs.OpSchema.AttrType.INTS: list,
}


@cache
def _attributes(op: str, opset: int) -> tuple[Mapping[str, type], Mapping[str, Any]]:
    """Types and defaults of an operator's attributes."""
    try:
        schema = defs.get_schema(op, opset, "")
    except defs.SchemaError:
        return {}, {}
    types, defaults = {}, {}
    for name, attribute in schema.attributes.items():
        types[name] = _PYTHON_TYPES.get(attribute.type, type(None))
        if attribute.default_value.name:
            value = helper.get_attribute_value(attribute.default_value)
            defaults[name] = value.decode() if isinstance(value, bytes) else value
    return types, defaults
