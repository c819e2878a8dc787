"""ONNX files made by hand, in the styles of other tools, and run by onnxruntime."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
import pytest
from onnx import ModelProto, TensorProto, helper

from rote.errors import FormatError
from rote.export.onnx import from_bytes, to_bytes
from rote.export.onnx.labels import file_labels
from rote.network import Columns, Decision, Network
from rote.network.serial import digest
from rote.typing import Array

TOLERANCE = {np.dtype(np.float32): 1e-5, np.dtype(np.float64): 1e-13}
"""Of outputs of order 1 that two runtimes sum in different orders, with smooth activations."""


def random(*shape: int, dtype: Any = np.float32) -> Array:
    """Normal numbers, always the same for a shape."""
    return np.random.default_rng(shape).normal(size=shape).astype(dtype)


def model(
    nodes: list[Any],
    constants: dict[str, Array],
    *,
    shape: tuple[Any, ...] = ("batch", 3),
    element: int = TensorProto.FLOAT,
    opset: int = 17,
    outputs: tuple[str, ...] = ("y",),
) -> ModelProto:
    """A model with one input x."""
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("x", element, shape)],
        [helper.make_empty_tensor_value_info(name) for name in outputs],
        [helper.make_tensor(k, helper.np_dtype_to_tensor_dtype(a.dtype), a.shape, a.tobytes(), True)
         for k, a in constants.items()],
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def outputs(file: bytes, x: Array) -> list[Any]:
    """What onnxruntime returns."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: x})  # type: ignore[no-any-return]


def returned(decision: Decision, codes: Array) -> Any:
    """What a runtime returns for codes that were decided."""
    labels = file_labels(decision)
    if not isinstance(decision, Columns):
        return labels[np.minimum(codes, len(labels) - 1)].tolist()
    parts = np.split(labels, np.cumsum([len(own) for own in decision.labels])[:-1])
    return [[p[c] for p, c in zip(parts, row, strict=True)] for row in codes.tolist()]


def read(made: ModelProto, x: Array | None = None, **options: Any) -> Network:
    """Read a model, and see that it computes what onnxruntime computes with it."""
    content = made.SerializeToString()
    network = from_bytes(content, **options)
    given = random(20, 3) if x is None else x
    expected = outputs(content, given)[0]
    found = network.raw(given.reshape(len(given), -1))
    error = np.abs(found - expected).max()
    assert error <= TOLERANCE[found.dtype] * max(1, np.abs(expected).max())
    # What was read is written in Rote's own way and read again.
    assert digest(from_bytes(to_bytes(network))) == digest(network)
    return network


def good() -> ModelProto:
    """A model to be spoilt: x -> Gemm -> h -> Relu -> a -> Gemm -> y."""
    nodes = [
        helper.make_node("Gemm", ["x", "W", "B"], ["h"], name="first", transB=1),
        helper.make_node("Relu", ["h"], ["a"], name="middle"),
        helper.make_node("Gemm", ["a", "V", "C"], ["y"], name="last", transB=1),
    ]
    constants = {"W": random(4, 3), "B": random(4), "V": random(2, 4), "C": random(2)}
    return model(nodes, constants)


def refuse(content: bytes, match: str) -> None:
    """See that a file is refused, on one line."""
    with pytest.raises(FormatError, match=match) as caught:
        from_bytes(content)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500
