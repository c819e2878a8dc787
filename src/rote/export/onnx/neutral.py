"""Neutral operations: those that pass a batch of rows on as it is, or flatten or cast the input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from rote.export.onnx.constants import attributes_of, constant
from rote.export.onnx.graph import Graph, Node
from rote.export.onnx.tensors import FLOAT_TYPES

__all__ = ["Neutral", "find_neutral", "skip_identities"]


@dataclass(frozen=True, eq=False)
class Neutral:
    """An operation that keeps every number of every row, where it fits.

    Attributes:
        node: The node.
        source: What it is applied to.
        flattens: Whether it makes one row of all axes after the batch.
        width: How long the rows must then be, or None for any length.
        dtype: What it casts to, or None.
    """

    node: Node
    source: str
    flattens: bool = False
    width: int | None = None
    dtype: np.dtype[Any] | None = None


def find_neutral(graph: Graph, name: str, nodes: list[Node]) -> Neutral | None:
    """Find a neutral operation whose result is a given value.

    Args:
        graph: The graph.
        name: The value.
        nodes: The nodes that were read are added here.

    Returns:
        The operation, or None if the value is not made by one.

    Raises:
        FormatError: It changes more than a neutral operation may.
    """
    node = graph.made_by(name)
    if node is None or not node.inputs:
        return None
    nodes.append(node)
    match node.op:
        case "Identity":
            return Neutral(node, node.inputs[0])
        case "Dropout":
            return _dropout(graph, node, nodes)
        case "Flatten":
            if attributes_of(graph, node)["axis"] != 1:
                raise node.error("Rote reads a Flatten from axis 1 only.")
            return Neutral(node, node.inputs[0], flattens=True)
        case "Reshape":
            return _reshape(graph, node, nodes)
        case "Cast":
            dtype = FLOAT_TYPES.get(attributes_of(graph, node).get("to", 0))
            if dtype is None:
                raise node.error("Rote reads casts to float32 and float64 only.")
            return Neutral(node, node.inputs[0], dtype=dtype)
    nodes.pop()
    return None


def skip_identities(graph: Graph, name: str, nodes: list[Node]) -> str:
    """The value behind Identity and Dropout."""
    while (node := graph.made_by(name)) is not None and node.op in {"Identity", "Dropout"}:
        neutral = find_neutral(graph, name, nodes)
        if neutral is None:
            break
        name = neutral.source
    return name


def _dropout(graph: Graph, node: Node, nodes: list[Node]) -> Neutral:
    attributes_of(graph, node)
    parts = [constant(graph, name, nodes) for name in node.inputs[1:] if name]
    training = parts[-1] if len(node.inputs) == 3 else np.zeros(1)
    if any(part is None for part in parts) or training is None or np.any(training):
        raise node.error("the network must be exported for inference, not for training.")
    return Neutral(node, node.inputs[0])


def _reshape(graph: Graph, node: Node, nodes: list[Node]) -> Neutral:
    """To (batch, width): the shape [0, -1], [0, width] or [-1, width]."""
    shape = constant(graph, node.inputs[1], nodes) if len(node.inputs) == 2 else None
    if shape is None or shape.dtype != np.int64 or shape.shape != (2,):
        raise node.error("Rote reads a Reshape to a constant shape (batch, d) only.")
    batch, width = shape.tolist()
    keeps = batch == 0 and not attributes_of(graph, node).get("allowzero", 0)
    if not (width > 0 and (keeps or batch == -1)) and not (width == -1 and keeps):
        raise node.error(f"Rote reads a Reshape to (batch, d), not to {[batch, width]}.")
    return Neutral(node, node.inputs[0], flattens=True, width=width if width > 0 else None)
