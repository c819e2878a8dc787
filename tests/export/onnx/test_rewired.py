"""Graphs that were rewired at random: what is read is what runs, or it is refused."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from onnx import ModelProto, load_from_string

from foreign import outputs, returned
from rote.errors import FormatError
from rote.export.onnx import from_bytes, to_bytes
from rote.network import Affine, Network, Value
from rote.network.activation import HARD_TANH, IDENTITY, RELU, THRESHOLD, leaky
from rote.typing import Array
from strategies import FLOAT_DTYPES, decisions, layer_chains, tensors

OPERATORS = ("Add", "Clip", "Gemm", "Identity", "MatMul", "Max", "Mul", "Relu", "Sign", "Sub")


def rewire(made: ModelProto, data: st.DataObject) -> None:
    """Change an input, an operator, an attribute, an output or the order of nodes."""
    nodes = made.graph.node
    node: Any = data.draw(st.sampled_from(list(nodes)))
    values = [name for n in nodes for name in n.output] + [t.name for t in made.graph.initializer]
    match data.draw(st.integers(0, 4)):
        case 0 if node.input:
            place = data.draw(st.integers(0, len(node.input) - 1))
            node.input[place] = data.draw(st.sampled_from([*values, "x"]))
        case 1:
            node.op_type = data.draw(st.sampled_from(OPERATORS))
        case 2 if node.attribute:
            attribute = data.draw(st.sampled_from(list(node.attribute)))
            attribute.i = data.draw(st.integers(-1, 2))
        case 3 if len(node.input) > 1:
            node.input[0], node.input[1] = node.input[1], node.input[0]
        case 4:
            made.graph.output[0].name = data.draw(st.sampled_from(values))


@given(st.data())
@settings(max_examples=150)  # most rewired graphs are refused, and quickly
def test_rewired_graphs_run_as_they_are_read(data: st.DataObject) -> None:
    dtype = data.draw(st.sampled_from(FLOAT_DTYPES))
    decision, k = data.draw(decisions())
    kinds = (IDENTITY, RELU, HARD_TANH, THRESHOLD, leaky(0.25))
    # Sums of small integers and quarters do not round, so that runtimes cannot differ.
    small = st.integers(-3, 3).map(float)
    layers = data.draw(layer_chains(2, k, dtype, kinds, elements=small, max_layers=2))
    try:
        made = load_from_string(to_bytes(Network(layers, decision, dtype)))
    except FormatError:
        reject()
    for _ in range(data.draw(st.integers(1, 2))):
        rewire(made, data)
    content = made.SerializeToString()
    with suppress(FormatError):
        network = from_bytes(content)
        x = data.draw(tensors((4, network.inputs), dtype, small))
        check(content, network, x)


def check(content: bytes, network: Network, x: Array) -> None:
    """See that onnxruntime finds what was read, if it runs the file."""
    try:
        found = outputs(content, x)
    except Exception as error:
        if "onnxruntime" in type(error).__module__:  # it refuses the file, which does no harm
            return
        raise
    raw = network.raw(x)
    for value in found:
        if value.dtype.kind == "f":
            np.testing.assert_array_equal(value, raw)
        elif network.decision.labels is not None:
            codes = network.decision.decide(raw)
            plain = (
                np.minimum(codes, len(network.decision.labels) - 1) if codes.ndim == 1 else codes
            )
            assert value.tolist() in (returned(network.decision, codes), plain.tolist())


def test_the_check_above_can_fail() -> None:
    one = Network((Affine(np.eye(2), np.zeros(2)),), Value(0.5))
    other = Network((Affine(np.eye(2), np.ones(2)),), Value(0.5))
    with pytest.raises(AssertionError):
        check(to_bytes(one), other, np.zeros((1, 2)))
