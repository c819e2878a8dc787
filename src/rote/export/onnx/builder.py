"""Builder: nodes and tensors of a graph, named as they come, each constant stored once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from onnx import GraphProto, NodeProto, TensorProto, helper

from rote.export.onnx.expression import Argument, Constant, Expression, Hole
from rote.export.onnx.tensors import from_array
from rote.network.storage import pack
from rote.typing import Array, DType

__all__ = ["Builder"]

_SCALES = range(-126, 121)
"""Powers of two that DequantizeLinear multiplies by: the scale is a normal float32, which no
runtime flushes to zero, and 255 times it is finite."""


class Builder:
    """Collects the nodes and initializers of one graph.

    Attributes:
        dtype: Arithmetic of the network, float32 or float64.
        graph: What was collected.
    """

    def __init__(self, dtype: DType) -> None:
        self.dtype = dtype
        self.graph = GraphProto(name="rote")
        self._constants: dict[tuple[str, tuple[int, ...], bytes], str] = {}

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
        outputs = outputs or [f"v{len(self.graph.node)}"]
        self.graph.node.append(helper.make_node(op, inputs, outputs, **attributes))
        return outputs[0]

    def constant(self, array: Array) -> str:
        """The name of an initializer that holds this array; equal arrays share one."""
        name, new = self._constant(array)
        self.graph.initializer.extend(new)
        return name

    def integers(self, *values: int) -> str:
        """The name of an int64 vector."""
        return self.constant(np.array(values, dtype=np.int64))

    def weight(self, array: Array, name: str) -> str:
        """Store a weight or bias as it is, or as int8 or uint8 where the file gets smaller.

        Args:
            array: float32 or float64.
            name: Its name in the file.

        Returns:
            The same name, of an initializer or of a dequantized one.
        """
        small = pack(array)
        if small is not None and small.exponent in _SCALES:
            scale = np.array(2.0**small.exponent, dtype=np.float32)
            integers = f"{name}_integers"
            scale_name, new = self._constant(scale, keep=False)
            nodes = GraphProto(initializer=new, node=self._dequantize(integers, scale_name, name))
            overhead = nodes.ByteSize() + len(integers) - len(name)
            if overhead + small.values.nbytes < array.nbytes:
                self.constant(scale)
                self.graph.initializer.append(from_array(small.values, integers))
                self.graph.node.extend(nodes.node)
                return name
        self.graph.initializer.append(from_array(array, name))
        return name

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

    def _constant(self, array: Array, *, keep: bool = True) -> tuple[str, list[TensorProto]]:
        """The name of a constant, and the tensor to store unless it is stored already."""
        tensor = from_array(array, "")
        key = (array.dtype.str, array.shape, tensor.SerializeToString(deterministic=True))
        known = self._constants.get(key)
        if known is not None:
            return known, []
        tensor.name = f"c{len(self._constants)}"
        if keep:
            self._constants[key] = tensor.name
        return tensor.name, [tensor]

    def _dequantize(self, integers: str, scale: str, name: str) -> list[NodeProto]:
        """Integers times 2^e; the scale is a float32, so that float64 takes a cast after it."""
        product = name if self.dtype == "float32" else f"{name}_float"
        nodes = [helper.make_node("DequantizeLinear", [integers, scale], [product])]
        if product != name:
            nodes.append(helper.make_node("Cast", [product], [name], to=TensorProto.DOUBLE))
        return nodes
