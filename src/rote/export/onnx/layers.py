"""Layers: from the raw output of a graph back to its input, and forth again as layers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from onnx import TensorProto

from rote.errors import FormatError, OptionError
from rote.export.onnx.affine import Map, Reflection, find_map, find_reflection
from rote.export.onnx.graph import Graph, Node
from rote.export.onnx.neutral import Neutral, find_neutral, skip_identities
from rote.export.onnx.units import find_activation
from rote.export.stack import Stack
from rote.network.activation import Activation
from rote.network.layer import Layer
from rote.typing import DType

__all__ = ["arithmetic", "read_layers"]

_READ = (
    "Rote reads Gemm, MatMul, Add, residual blocks x + body(x), and the activations ReLU, leaky "
    "ReLU, hard tanh, threshold, tanh, sigmoid, GELU, SiLU, softplus, sine and powers"
)

_REPAIRS = {
    "BatchNormalization": "Fold it into the layer before it.",
    "LogSoftmax": "Export the network without it; the largest output stays the largest.",
    "Softmax": "Export the network without it; the largest output stays the largest.",
}


@dataclass(frozen=True, eq=False)
class _Units:
    """Activations, and the node that makes their result."""

    node: Node
    activation: Activation | tuple[Activation, ...]


@dataclass(frozen=True, eq=False)
class _Block:
    """A residual block: its Add, and the steps of its body."""

    node: Node
    body: tuple[_Step, ...]


_Step: TypeAlias = Map | Reflection | Neutral | _Units | _Block


def arithmetic(graph: Graph) -> DType:
    """The arithmetic of a graph: its input's, unless the input is cast first."""
    casts = [n for n in graph.nodes if n.op == "Cast" and n.inputs == (graph.input.name,)]
    rounded = len(casts) == 1 and casts[0].attributes.get("to") == TensorProto.FLOAT
    return "float32" if rounded or graph.input.dtype == np.float32 else "float64"


def read_layers(graph: Graph, raw: str, dtype: DType, nodes: list[Node]) -> tuple[Layer, ...]:
    """The layers between the input of a graph and a value.

    Args:
        graph: The graph.
        raw: The value.
        dtype: The graph's arithmetic.
        nodes: The nodes that were read are added here.

    Returns:
        The layers; an activation that follows no affine map gets one with the identity matrix.

    Raises:
        FormatError: Something between them is not read.
    """
    steps = _Walk(graph, dtype, nodes).back(raw, graph.input.name)
    shape = graph.input.shape
    width = None if None in shape else math.prod(v for v in shape if v is not None)
    return tuple(_Forth(graph, dtype).stack(steps, Stack(dtype, width)).layers)


class _Walk:
    """Walks from a value back to what it is computed from."""

    def __init__(self, graph: Graph, dtype: DType, nodes: list[Node]) -> None:
        self.graph = graph
        self.dtype = dtype
        self.nodes = nodes
        self.places = {id(node): k for k, node in enumerate(graph.nodes)}

    def back(self, name: str, start: str, join: Node | None = None) -> tuple[_Step, ...]:
        """The steps from one value to another, in order.

        Args:
            name: The later value.
            start: The earlier one.
            join: The Add behind a residual block if these steps are its body.

        Returns:
            The steps.
        """
        steps: list[_Step] = []
        while name != start:
            step, name = self.step(name, join)
            steps.append(step)
        return tuple(reversed(steps))

    def step(self, name: str, join: Node | None) -> tuple[_Step, str]:
        """The last step to a value, and what it is applied to."""
        node = self.graph.made_by(name)
        if node is None:
            if join is not None and name == self.graph.input.name:
                raise join.error("Rote reads the sum of two values only as x + body(x).")
            raise FormatError(f"The value {name[:80]!r} does not come from the input.")
        units = find_activation(self.graph, self.dtype, name, self.nodes)
        if units is not None:
            return _Units(node, units[0]), units[1]
        found = (
            find_neutral(self.graph, name, self.nodes)
            or find_map(self.graph, self.dtype, name, self.nodes)
            or find_reflection(self.graph, self.dtype, name, self.nodes)
        )
        if found is not None:
            return found, found.source
        if node.op != "Add":
            raise node.error(f"{_READ}. {_REPAIRS.get(node.op, '')}".rstrip())
        if join is not None:
            raise node.error("Rote reads no residual block within another.")
        return self.block(node)

    def block(self, node: Node) -> tuple[_Block, str]:
        """A residual block, and what it is applied to."""
        self.nodes.append(node)
        # The body is computed from the value that it is added to, hence after it.
        early, late = sorted(
            (skip_identities(self.graph, name, self.nodes) for name in node.inputs),
            key=self.place,
        )
        body = self.back(late, early, node)
        if not body:
            raise node.error("Rote reads x + body(x) with a body only.")
        return _Block(node, body), early

    def place(self, name: str) -> int:
        """Where in the file a value is computed."""
        node = self.graph.made_by(name)
        return -1 if node is None else self.places[id(node)]


class _Forth:
    """Stacks up layers, with every width, type and shape followed from the input on."""

    def __init__(self, graph: Graph, dtype: DType) -> None:
        self.dtype = dtype
        self.input = graph.input
        self.flat = len(graph.input.shape) == 1
        self.held = graph.input.dtype

    def stack(self, steps: Sequence[_Step], stack: Stack) -> Stack:
        """Add the layers that these steps make to a stack."""
        for step in steps:
            try:
                if isinstance(step, Neutral):
                    self.neutral(step, stack)
                    continue
                self.check_rows(step.node)
                if isinstance(step, Map):
                    stack.add_map(step.weight, step.bias)
                elif isinstance(step, Reflection):
                    stack.add_reflection(step.constant)
                elif isinstance(step, _Units):
                    stack.add_activation(step.activation)
                else:
                    stack.add_block(self.stack(step.body, stack.body()))
            except OptionError as error:
                raise step.node.error(str(error)) from None
        return stack

    def neutral(self, step: Neutral, stack: Stack) -> None:
        """Follow an operation that keeps the numbers; only the input may be rounded."""
        if step.dtype is not None:
            if step.dtype != self.held and (stack.layers or step.dtype != self.dtype):
                raise step.node.error(f"a network has one type; this casts to {step.dtype}.")
            self.held = step.dtype
        self.flat = self.flat or step.flattens
        if step.width is not None:
            stack.check_width(step.width)

    def check_rows(self, node: Node) -> None:
        """Refuse a layer of anything but rows in the network's arithmetic."""
        if not self.flat:
            raise node.error(f"the input {self.input.name[:80]!r} must be flattened first.")
        if self.held != self.dtype:
            raise node.error(f"it takes {self.held}, but the network is {self.dtype}.")
