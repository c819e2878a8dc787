"""Affine maps of a graph: Gemm, or MatMul with or without Add, with constant weights."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rote.export.onnx.constants import attributes_of, constant
from rote.export.onnx.graph import Graph, Node
from rote.network.layer import Affine
from rote.typing import Array, DType

__all__ = ["Map", "Reflection", "find_map", "find_reflection", "reflected"]

_FACTORS = range(-16, 17)
"""Powers of two that Gemm may multiply by. Such a factor commutes with every rounding, short of
overflow and underflow; a larger one could bring these near. Ours."""


@dataclass(frozen=True, eq=False)
class Map:
    """An affine map found in a graph.

    Attributes:
        node: The node that makes its result.
        source: The value that it is applied to.
        weight: Shape (out, in), or (1, in) if all units share one row.
        bias: Shape (out,).
    """

    node: Node
    source: str
    weight: Array
    bias: Array


@dataclass(frozen=True, eq=False)
class Reflection:
    """A constant less each value: an affine map whose weight, minus the identity, is not stored.

    Attributes:
        node: The node that makes its result.
        source: The value that it is applied to.
        constant: The constant.
    """

    node: Node
    source: str
    constant: float


def reflected(layer: Affine) -> float | None:
    """The constant of which a layer takes its inputs, if it is a reflection of several values."""
    if not 1 < layer.outputs == layer.inputs or layer.shared:
        return None
    minus = 0 - np.eye(layer.inputs, dtype=layer.weight.dtype)
    bias = np.full_like(layer.bias, layer.bias[0])
    # Compared bit for bit: a negative zero is not the zero that is read back.
    if layer.weight.tobytes() != minus.tobytes() or layer.bias.tobytes() != bias.tobytes():
        return None
    return float(layer.bias[0])


def find_reflection(graph: Graph, dtype: DType, name: str, nodes: list[Node]) -> Reflection | None:
    """Find a reflection whose result is a given value.

    Args:
        graph: The graph.
        dtype: Arithmetic of the network.
        name: The value.
        nodes: The nodes that were read are added here.

    Returns:
        The reflection, or None if the value is not made by one.

    Raises:
        FormatError: The constant is no single number of that dtype.
    """
    node = graph.made_by(name)
    if node is None or node.op != "Sub" or len(node.inputs) != 2:
        return None
    value = constant(graph, node.inputs[0], nodes)
    if value is None:
        return None
    if value.size != 1 or value.ndim > 1 or value.dtype != dtype:
        raise node.error(f"Rote reads a difference only of one {dtype} number less all values.")
    nodes.append(node)
    return Reflection(node, node.inputs[1], float(value.item()))


def find_map(graph: Graph, dtype: DType, name: str, nodes: list[Node]) -> Map | None:
    """Find an affine map whose result is a given value.

    Args:
        graph: The graph.
        dtype: Arithmetic of the network.
        name: The value.
        nodes: The nodes that were read are added here.

    Returns:
        The map, or None if the value is not made by one.

    Raises:
        FormatError: A product that is not of a value with constant weights of that dtype, or a
            factor that is not a power of two.
    """
    node = graph.made_by(name)
    if node is None or node.op not in {"Add", "Gemm", "MatMul"}:
        return None
    if node.op != "Add":
        nodes.append(node)
        source, weight, bias = _product(graph, dtype, node, nodes)
        return Map(node, source, weight, np.zeros(len(weight), dtype) if bias is None else bias)
    return _sum(graph, dtype, node, nodes)


def _sum(graph: Graph, dtype: DType, node: Node, nodes: list[Node]) -> Map | None:
    """A product plus a constant, in either order; None for the sum of two values."""
    if len(node.inputs) != 2:
        raise node.error("it must have two inputs.")
    for value, other in (node.inputs, node.inputs[::-1]):
        bias = constant(graph, other, nodes)
        if bias is None:
            continue
        inner = graph.made_by(value)
        if inner is None or inner.op not in {"Gemm", "MatMul"}:
            raise node.error("Rote reads the sum with a constant only right after a product.")
        nodes.extend([node, inner])
        source, weight, own = _product(graph, dtype, inner, nodes)
        if own is not None:
            raise node.error("Rote reads one bias per product, not two. Export them as their sum.")
        return Map(node, source, weight, _bias(node, bias, len(weight), dtype, shared=True))
    return None


def _product(
    graph: Graph, dtype: DType, node: Node, nodes: list[Node]
) -> tuple[str, Array, Array | None]:
    """The source, weight (out, in) and bias (out,) of Gemm or MatMul."""
    attributes = attributes_of(graph, node)
    if len(node.inputs) not in {2, 3} or (node.op == "MatMul" and len(node.inputs) != 2):
        raise node.error(f"{len(node.inputs)} inputs are not what the operator takes.")
    weight = constant(graph, node.inputs[1], nodes)
    if weight is None or attributes.get("transA", 0):
        raise node.error("Rote reads products of a batch of rows with a constant weight.")
    if weight.dtype != dtype or weight.ndim != 2 or not weight.size:
        raise node.error(
            f"the weight must be a {dtype} matrix, not {weight.dtype} of shape {weight.shape}."
        )
    if node.op == "MatMul":
        return node.inputs[0], weight.T, None
    weight = weight if attributes["transB"] else weight.T
    weight = _times(node, weight, attributes["alpha"], "alpha")
    if len(node.inputs) < 3 or attributes["beta"] == 0:
        if len(node.inputs) == 3:  # a factor 0 leaves it out, but it must still be a constant
            constant(graph, node.inputs[2], nodes)
        return node.inputs[0], weight, None
    bias = constant(graph, node.inputs[2], nodes)
    if bias is None:
        raise node.error("the bias must be constant.")
    bias = _bias(node, bias, len(weight), dtype, shared=False)
    return node.inputs[0], weight, _times(node, bias, attributes["beta"], "beta")


def _times(node: Node, tensor: Array, factor: float, name: str) -> Array:
    """A tensor times a power of two, exactly."""
    if factor == 1:
        return tensor
    mantissa, exponent = math.frexp(factor) if math.isfinite(factor) else (0.0, 0)
    if abs(mantissa) == 0.5 and exponent - 1 in _FACTORS:
        with np.errstate(over="ignore", under="ignore"):
            product: Array = tensor * tensor.dtype.type(factor)
            if np.array_equal(product / tensor.dtype.type(factor), tensor):
                return product
    raise node.error(
        f"Rote reads a factor {name} of 1 or a power of two near it, not {factor:g}, since "
        "multiplying it into the weights rounds. Multiply before exporting."
    )


def _bias(node: Node, bias: Array, units: int, dtype: DType, *, shared: bool) -> Array:
    """A bias of shape (units,); longer if one unit's product is shared."""
    if bias.dtype != dtype:
        raise node.error(f"the bias must be {dtype}, not {bias.dtype}.")
    entries = bias.shape[-1] if bias.ndim else 1
    if bias.ndim > 2 or bias.size != entries or not entries:
        raise node.error(f"a bias of shape {bias.shape} does not fit rows of {units} units.")
    flat = bias.reshape(-1)
    if entries == units or (shared and units == 1):
        return flat
    if entries != 1:
        raise node.error(f"a bias of shape {bias.shape} does not fit rows of {units} units.")
    return np.full(units, flat[0])
