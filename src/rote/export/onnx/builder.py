"""Builder: nodes and tensors of a graph, named as they come, each constant stored once.

A small network can have a hundred nodes, so names are short: they would outweigh its weights.
"""

from __future__ import annotations

import hashlib
import itertools
import string
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from onnx import GraphProto, TensorProto, helper

from rote.export.onnx.expression import Argument, Constant, Expression, Hole
from rote.export.onnx.tensors import from_array, from_small_integers
from rote.network.storage import Packed, pack
from rote.typing import Array, DType

__all__ = ["Builder", "shorten"]

_SCALES = range(-126, 121)
"""Powers of two that DequantizeLinear multiplies by: the scale is a normal float32, which no
runtime flushes to zero, and 255 times it is finite."""


class Builder:
    """Collects the nodes and initializers of one graph.

    Attributes:
        dtype: Arithmetic of the network, float32 or float64.
        narrow: Whether integers of four bits are stored in four bits; this needs opset 21.
        spared: Bytes that this spares, or would spare.
        graph: What was collected.
    """

    def __init__(self, dtype: DType, *, narrow: bool = False) -> None:
        self.dtype = dtype
        self.narrow = narrow
        self.spared = 0
        self.graph = GraphProto(name="rote")
        self._constants: dict[tuple[str, tuple[int, ...], bytes], str] = {}
        self._weights: dict[tuple[tuple[int, ...], bytes], str] = {}
        self._names = _short_names()

    def node(
        self, op: str, inputs: list[str], outputs: list[str] | None = None, **attributes: Any
    ) -> str:
        """Add a node.

        Args:
            op: Name of the operator.
            inputs: Names of its inputs.
            outputs: Names of its outputs; one new name by default.
            **attributes: Its attributes.

        Returns:
            The name of the first output.
        """
        outputs = outputs or [next(self._names)]
        self.graph.node.append(helper.make_node(op, inputs, outputs, **attributes))
        return outputs[0]

    def constant(self, array: Array) -> str:
        """The name of an initializer that holds this array; equal arrays share one."""
        name, new = self._constant(array)
        self._keep(array, name)
        self.graph.initializer.extend(new)
        return name

    def integers(self, *values: int) -> str:
        """The name of an int64 vector."""
        return self.constant(np.array(values, dtype=np.int64))

    def product(self, h: str, weight: Array, bias: str | None = None) -> str:
        """Add a Gemm: values times a weight of shape (out, in), plus a bias."""
        rest = [] if bias is None else [bias]
        small = pack(weight)
        if small is not None and small.exponent != 0:
            # Runtimes fuse DequantizeLinear into a product whose weight is (in, out), and round.
            return self.node("Gemm", [h, self.weight(weight), *rest], transB=1)
        # Stored as (in, out), a weight saves every product an attribute.
        return self.node("Gemm", [h, self.weight(np.ascontiguousarray(weight.T)), *rest])

    def weight(self, array: Array) -> str:
        """Store a weight or bias as it is, or as int8 or uint8 where the file gets smaller.

        Args:
            array: float32 or float64; equal ones are stored once.

        Returns:
            The name of an initializer, or of one that is cast or dequantized.
        """
        key = (array.shape, hashlib.sha256(array.tobytes()).digest())
        if key not in self._weights:
            self._weights[key] = self._new_weight(array)
        return self._weights[key]

    def _new_weight(self, array: Array) -> str:
        name = next(self._names)
        small = pack(array)
        if small is not None and small.exponent in _SCALES:
            integers = next(self._names)
            part = self._widened(small.exponent, integers, name)
            if part.ByteSize() + len(integers) - len(name) + small.values.nbytes < array.nbytes:
                for tensor in part.initializer:
                    self._keep(_scale(small.exponent), tensor.name)
                stored = self._stored(small, integers)
                self.graph.initializer.extend([*part.initializer, stored])
                self.graph.node.extend(part.node)
                return name
        self.graph.initializer.append(from_array(array, name))
        return name

    def _stored(self, small: Packed, name: str) -> TensorProto:
        """Integers in eight bits, or in four where that is asked for and enough."""
        values = small.values
        # Runtimes take four bits for a cast, but not all dequantize them right.
        fits = small.exponent == 0 and values.min() >= -8 and values.max() <= 7
        self.spared += values.size // 2 if fits else 0
        if fits and self.narrow:
            return from_small_integers(values.astype(np.int8), name)
        return from_array(values, name)

    def expression(
        self,
        expression: Expression,
        argument: str,
        holes: Mapping[str, Array],
    ) -> str:
        """Add the nodes of an expression, one that occurs twice only once.

        Args:
            expression: What to add.
            argument: Name of the value that it is applied to.
            holes: What its holes stand for; a scalar where a hole is an attribute.

        Returns:
            The name of the result.
        """
        done: dict[Expression, str] = {}

        def add(e: Expression) -> str:
            if e not in done:
                done[e] = new(e)
            return done[e]

        def new(e: Expression) -> str:
            if isinstance(e, Argument):
                return argument
            if isinstance(e, Hole):
                return self.constant(holes[e.name])
            if isinstance(e, Constant):
                dtype = np.int64 if e.kind == "int" else self.dtype
                return self.constant(np.array(e.value, dtype=dtype))
            attributes: dict[str, Any] = {
                key: float(holes[value.name]) if isinstance(value, Hole) else value
                for key, value in e.attributes
            }
            return self.node(e.name, [add(part) for part in e.inputs], **attributes)

        return add(expression)

    def _constant(self, array: Array) -> tuple[str, list[TensorProto]]:
        """The name of a constant, and the tensor to store unless it is stored already."""
        known = self._constants.get(_key(array))
        if known is not None:
            return known, []
        name = next(self._names)
        return name, [from_array(array, name)]

    def _keep(self, array: Array, name: str) -> None:
        """Let equal constants use this name."""
        self._constants[_key(array)] = name

    def _widened(self, exponent: int, integers: str, name: str) -> GraphProto:
        """Nodes that make floats of integers times 2^e, and the scale if it is not stored yet."""
        element = helper.np_dtype_to_tensor_dtype(np.dtype(self.dtype))
        if exponent == 0:
            return GraphProto(node=[helper.make_node("Cast", [integers], [name], to=element)])
        scale, new = self._constant(_scale(exponent))
        # The scale is a float32, so that float64 takes a cast after it.
        product = name if self.dtype == "float32" else next(self._names)
        nodes = [helper.make_node("DequantizeLinear", [integers, scale], [product])]
        if product != name:
            nodes.append(helper.make_node("Cast", [product], [name], to=element))
        return GraphProto(initializer=new, node=nodes)


def shorten(graph: GraphProto) -> None:
    """Rename all values but inputs and outputs, those that occur most often the shortest."""
    names = Counter(
        name
        for names in ([tensor.name for tensor in graph.initializer], *_of_nodes(graph))
        for name in names
    )
    for value in (*graph.input, *graph.output):
        names.pop(value.name, None)
    new = dict(zip((name for name, _ in names.most_common()), _short_names(), strict=False))
    for tensor in graph.initializer:
        tensor.name = new[tensor.name]
    for names_of_node in _of_nodes(graph):
        names_of_node[:] = [new.get(name, name) for name in names_of_node]


def _of_nodes(graph: GraphProto) -> list[Any]:
    """The lists of inputs and of outputs of all nodes."""
    return [names for node in graph.node for names in (node.input, node.output)]


def _scale(exponent: int) -> Array:
    return np.array(2.0**exponent, dtype=np.float32)


def _key(array: Array) -> tuple[str, tuple[int, ...], bytes]:
    tensor = from_array(array, "")
    return array.dtype.str, array.shape, tensor.SerializeToString(deterministic=True)


def _short_names() -> Iterator[str]:
    """Names of one letter, then of a letter and other signs, without those of the interface."""
    following = string.ascii_letters + string.digits
    for length in itertools.count():
        for first, *rest in itertools.product(string.ascii_letters, *[following] * length):
            name = "".join((first, *rest))
            if name not in {"x", "output", "label"}:
                yield name
