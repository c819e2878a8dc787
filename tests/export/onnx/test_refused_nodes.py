"""Graphs of strangers: every node is understood, or refused by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper

from foreign import good, random, refuse
from rote.export.onnx import from_bytes

FLOAT, DOUBLE, INT64 = TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.INT64

node = helper.make_node


def test_the_model_that_is_spoilt_below_is_good() -> None:
    assert from_bytes(good().SerializeToString()).size.widths == (4,)


def replaced(op: str, count: int = 1, **attributes: Any) -> Callable[[ModelProto], None]:
    """Puts another operator in the place of Relu."""

    def change(made: ModelProto) -> None:
        outputs = ["a"] + [f"a{k}" for k in range(1, count)]
        made.graph.node[1].CopyFrom(node(op, ["h"], outputs, name="middle", **attributes))

    return change


def constant(array: np.ndarray, *nodes: Any) -> Callable[[ModelProto], None]:
    """Puts nodes from h to a in the place of Relu, which may use the constant K."""

    def change(made: ModelProto) -> None:
        first, _, last = list(made.graph.node)
        del made.graph.node[:]
        made.graph.node.extend([first, *nodes, last])
        made.graph.initializer.append(
            helper.make_tensor(
                "K",
                helper.np_dtype_to_tensor_dtype(array.dtype),
                array.shape,
                array.tobytes(),
                raw=True,
            )
        )

    return change


def first(**attributes: Any) -> Callable[[ModelProto], None]:
    """Gives the first Gemm other attributes."""

    def change(made: ModelProto) -> None:
        made.graph.node[0].CopyFrom(
            node("Gemm", ["x", "W", "B"], ["h"], name="first", **{"transB": 1, **attributes})
        )

    return change


def softmax(made: ModelProto) -> None:
    made.graph.node.append(node("Softmax", ["y"], ["p"], name="soft", axis=1))
    made.graph.output[0].name = "p"


def subgraph(made: ModelProto) -> None:
    graph = helper.make_graph([], "g", [], [])
    made.graph.node[1].CopyFrom(
        node("If", ["h"], ["a"], name="middle", then_branch=graph, else_branch=graph)
    )


CHANGES: dict[str, tuple[Callable[[ModelProto], None], str]] = {
    # Operators.
    "Conv": (replaced("Conv"), r"Node Conv \('middle'\): Rote reads Gemm"),
    "BatchNormalization": (replaced("BatchNormalization"), "Fold it into the layer before it"),
    "Softmax": (softmax, r"Node Softmax \('soft'\).*Export the network without it"),
    "Elu": (replaced("Elu"), "Node Elu"),
    "Gelu with tanh": (replaced("Gelu", approximate="tanh"), "Node Gelu"),
    "operator of another domain": (replaced("Relu", domain="com.microsoft"), "standard operators"),
    "operator with line breaks": (replaced("Bad\nOp"), r"Node 'Bad\\nOp'"),
    "subgraph": (subgraph, "attribute '(then|else)_branch' is of a type that is not read"),
    "leaky slope above 1": (replaced("LeakyRelu", alpha=1.5), "Node LeakyRelu.*slope"),
    "slope that is no number": (replaced("LeakyRelu", alpha="steep"), "'alpha' has the wrong type"),
    "unknown attribute": (replaced("Relu", gain=2.0), "no attribute 'gain'"),
    "relu up to 6": (
        constant(np.float32(6), node("Clip", ["h", "", "K"], ["a"])),
        "Node Clip",
    ),
    "bound of another layer": (
        constant(np.float32(-1), node("Clip", ["h", "K", "h"], ["a"])),
        "Node Clip",
    ),
    "fractional power": (
        constant(np.float32(0.5), node("Pow", ["h", "K"], ["a"])),
        "power of an activation must be an integer",
    ),
    "power of each unit": (
        constant(np.ones(4, np.float32), node("Pow", ["h", "K"], ["a"])),
        "Node Pow",
    ),
    "greater or equal": (
        constant(
            np.float32(0),
            node("GreaterOrEqual", ["h", "K"], ["g"]),
            node("Cast", ["g"], ["a"], to=FLOAT),
        ),
        "GreaterOrEqual",
    ),
    "training dropout": (
        constant(np.array(True), node("Dropout", ["h", "", "K"], ["a"])),
        "for inference",
    ),
    "dropout's mask": (
        lambda m: m.graph.node[1].CopyFrom(node("Dropout", ["h"], ["d", "a"])),
        "'a' does not come from the input",
    ),
    # Products.
    "factor that rounds": (first(alpha=0.1), "factor alpha of 1 or a power of two"),
    "huge factor": (first(alpha=2.0**100), "factor alpha"),
    "factor that is not finite": (first(alpha=float("nan")), "factor alpha"),
    "transposed input": (first(transA=1), "Node Gemm"),
    "product of two values": (
        constant(np.float32(1), node("MatMul", ["h", "h"], ["a"])),
        "with a constant weight",
    ),
    "product from the left": (
        constant(random(4, 4), node("MatMul", ["K", "h"], ["a"])),
        "with a constant weight",
    ),
    "vector as weight": (
        constant(random(4), node("MatMul", ["h", "K"], ["a"])),
        r"must be a float32 matrix, not float32 of shape \(4,\)",
    ),
    "weight of another type": (
        constant(random(4, 4, dtype=np.float64), node("MatMul", ["h", "K"], ["a"])),
        "must be a float32 matrix, not float64",
    ),
    "bias per point": (
        constant(
            random(4, 1),
            node("Constant", [], ["U"], value=helper.make_tensor("", FLOAT, [4, 4], [1.0] * 16)),
            node("MatMul", ["h", "U"], ["p"]),
            node("Add", ["p", "K"], ["a"]),
        ),
        r"a bias of shape \(4, 1\) does not fit",
    ),
    "sum with a constant": (
        constant(random(4), node("Add", ["h", "K"], ["a"])),
        "one bias per product",
    ),
    "sum after an activation": (
        constant(random(4), node("Relu", ["h"], ["r"]), node("Add", ["r", "K"], ["a"])),
        "only right after a product",
    ),
    "scaled layer": (constant(random(4), node("Mul", ["h", "K"], ["a"])), "Node Mul"),
    "sum of two branches": (
        constant(
            random(3, 4), node("MatMul", ["x", "K"], ["b"]), node("Add", ["h", "b"], ["a"])
        ),
        r"only as x \+ body\(x\)",
    ),
    "doubling": (constant(random(1), node("Add", ["h", "h"], ["a"])), "a body only"),
    "block in a block": (
        constant(
            random(4, 4),
            node("MatMul", ["h", "K"], ["i"]),
            node("MatMul", ["i", "K"], ["j"]),
            node("Add", ["i", "j"], ["k"]),
            node("Add", ["h", "k"], ["a"]),
        ),
        "no residual block within another",
    ),
    "block that widens by broadcasting": (
        constant(
            random(4, 1), node("MatMul", ["h", "K"], ["i"]), node("Add", ["h", "i"], ["a"])
        ),
        "must return as many values as it takes",
    ),
    "weight of another width": (constant(random(3, 4), node("MatMul", ["h", "K"], ["a"])), "3"),
    # Shapes.
    "reshape to other rows": (
        constant(np.array([-1, 2]), node("Reshape", ["h", "K"], ["a"])),
        "Rows of 2 values are needed, not of 4",
    ),
    "reshape to one row": (
        constant(np.array([1, -1]), node("Reshape", ["h", "K"], ["a"])),
        r"not to \[1, -1\]",
    ),
    "flatten everything": (replaced("Flatten", axis=0), "from axis 1 only"),
    "cast to integers": (replaced("Cast", to=INT64), "casts to float32 and float64 only"),
    "cast to another float": (replaced("Cast", to=DOUBLE), "a network has one type"),
    "columns left out": (
        constant(np.array([0, 1]), node("Gather", ["h", "K"], ["g"], axis=1),
                 node("Concat", ["g", "g"], ["a"], axis=1)),
        "all columns of one layer",
    ),
    "columns from the end": (
        constant(np.array([0, 1, 2, -1]), node("Gather", ["h", "K"], ["g"], axis=1),
                 node("Concat", ["g"], ["a"], axis=1)),
        "constant columns, counted from 0",
    ),
    "columns of another layer": (
        constant(
            np.array([0, 1]),
            node("Gather", ["h", "K"], ["g"], axis=1),
            node("Relu", ["h"], ["r"]),
            node("Gather", ["r", "K"], ["s"], axis=1),
            node("Concat", ["g", "s"], ["a"], axis=1),
        ),
        "all columns of one layer",
    ),
    "endless columns": (
        constant(
            np.array([2**50, 1]),
            node("Split", ["h", "K"], ["p", "q"], axis=1),
            node("Concat", ["p", "q"], ["a"], axis=1),
        ),
        "holds no layer of",
    ),
    "sizes that are no integers": (
        constant(
            np.array([2.0, 2.0]),
            node("Split", ["h", "K"], ["p", "q"], axis=1),
            node("Concat", ["p", "q"], ["a"], axis=1),
        ),
        "sizes must be constant",
    ),
    "concatenated points": (
        constant(np.array([0]), node("Concat", ["h", "h"], ["a"], axis=0)),
        "Node Concat",
    ),
    # Quantized weights.
    "scale that rounds": (
        constant(
            np.float32(0.1),
            node("Constant", [], ["q"], value=helper.make_tensor(
                "", TensorProto.INT8, [4, 4], list(range(16)))),
            node("DequantizeLinear", ["q", "K"], ["D"]),
            node("MatMul", ["h", "D"], ["a"]),
        ),
        "not float32 numbers exactly",
    ),
    "cast that rounds": (
        constant(
            random(4, 4, dtype=np.float64),
            node("Cast", ["K"], ["D"], to=FLOAT),
            node("MatMul", ["h", "D"], ["a"]),
        ),
        "it rounds a weight",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "match"), CHANGES.values(), ids=CHANGES)
def test_spoilt_models_are_refused(change: Callable[[ModelProto], None], match: str) -> None:
    made = good()
    change(made)
    refuse(made.SerializeToString(), match)
