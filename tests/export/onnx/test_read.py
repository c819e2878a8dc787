"""ONNX files of other tools: what they compute is what is read."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper

from foreign import model, random, read
from rote.errors import FormatError
from rote.export.onnx import from_bytes
from rote.network import ArgMax, Residual
from rote.network.activation import (
    GELU,
    HARD_TANH,
    IDENTITY,
    RELU,
    SIGMOID,
    SILU,
    SIN,
    SOFTPLUS,
    TANH,
    THRESHOLD,
    Activation,
    leaky,
    power,
)
from rote.typing import Array

FLOAT, DOUBLE = TensorProto.FLOAT, TensorProto.DOUBLE

node = helper.make_node

W, B, V, C = random(4, 3), random(4), random(2, 4), random(2)
AFFINE = {"W": W, "B": B, "V": V, "C": C}


def hidden(*between: Any, opset: int = 17, **constants: Array) -> ModelProto:
    """Gemm, nodes from h to a, Gemm."""
    nodes = [
        node("Gemm", ["x", "W", "B"], ["h"], transB=1),
        *between,
        node("Gemm", ["a", "V", "C"], ["y"], transB=1),
    ]
    return model(nodes, {**AFFINE, **constants}, opset=opset)


def test_the_style_of_newer_pytorch_is_read() -> None:
    """Opset 20, one operator per activation, metadata at every node, unused domains imported."""
    made = hidden(node("Gelu", ["h"], ["a"], name="node_gelu", approximate="none"), opset=20)
    made.opset_import.append(helper.make_opsetid("pkg.onnxscript.torch_lib.common", 1))
    for entry in made.graph.node:
        entry.doc_string = "File 'net.py', line 3"
        entry.metadata_props.add(key="namespace", value=": torch.nn.Sequential")
    made.graph.value_info.append(helper.make_tensor_value_info("h", FLOAT, ["batch", 4]))
    made.producer_name, made.producer_version = "pytorch", "2.9"
    assert read(made).affine_layers[0].activation == GELU


def test_the_style_of_keras_is_read() -> None:
    nodes = [
        node("MatMul", ["x", "m/dense/MatMul:0"], ["m/dense/MatMul"]),
        node("Add", ["m/dense/MatMul", "m/dense/bias:0"], ["m/dense/BiasAdd"]),
        node("Relu", ["m/dense/BiasAdd"], ["m/dense/Relu"]),
        node("MatMul", ["m/dense/Relu", "m/out/MatMul:0"], ["m/out/MatMul"]),
        node("Add", ["m/out/bias:0", "m/out/MatMul"], ["m/out/BiasAdd"]),
        node("Identity", ["m/out/BiasAdd"], ["y"]),
    ]
    made = model(
        nodes,
        {
            "m/dense/MatMul:0": np.ascontiguousarray(W.T),
            "m/dense/bias:0": B,
            "m/out/MatMul:0": np.ascontiguousarray(V.T),
            "m/out/bias:0": C.reshape(1, 2),
        },
        shape=("unk__6", 3),
    )
    network = read(made)
    first, last = network.affine_layers
    assert (first.weight.tobytes(), last.bias.tobytes()) == (W.tobytes(), C.tobytes())


def test_the_style_of_scikit_learn_is_read() -> None:
    """A float64 input that is cast first, and the code of the label as an output of its own."""
    nodes = [
        node("Cast", ["x"], ["cast_input"], to=FLOAT),
        node("MatMul", ["cast_input", "U"], ["mul"]),
        node("Add", ["mul", "B"], ["add"]),
        node("Relu", ["add"], ["a"]),
        node("Gemm", ["a", "V", "C"], ["y"], transB=1),
        node("ArgMax", ["y"], ["code"], axis=1, keepdims=0),
        node("Gather", ["classes", "code"], ["label"]),
    ]
    constants = {**AFFINE, "U": np.ascontiguousarray(W.T), "classes": np.array([7, 9])}
    del constants["W"]
    made = model(nodes, constants, element=DOUBLE, outputs=("y", "label"))
    network = read(made, random(20, 3, dtype=np.float64))
    assert network.dtype == "float32"
    assert isinstance(network.decision, ArgMax)
    assert network.decision.labels.tolist() == [7, 9]


def test_a_code_as_the_only_label_takes_the_labels_given() -> None:
    nodes = [
        node("Gemm", ["x", "V", "C"], ["y"], transB=1),
        node("ArgMax", ["y"], ["label"], axis=-1, keepdims=0),
    ]
    made = model(nodes, {"V": random(2, 3), "C": C}, outputs=("label",))
    content = made.SerializeToString()
    given = from_bytes(content, labels=["no", "yes"]).decision
    assert isinstance(given, ArgMax)
    assert given.labels.tolist() == ["no", "yes"]
    assert from_bytes(content).decision.labels.tolist() == [0, 1]  # type: ignore[union-attr]


@pytest.mark.parametrize("alpha", [1.0, -1.0, 0.25, 8.0])
@pytest.mark.parametrize("beta", [1.0, -2.0, 0.0])
@pytest.mark.parametrize("trans", [0, 1])
def test_factors_that_are_powers_of_two_are_folded(alpha: float, beta: float, trans: int) -> None:
    weight = W if trans else np.ascontiguousarray(W.T)
    nodes = [node("Gemm", ["x", "W", "B"], ["y"], transB=trans, alpha=alpha, beta=beta)]
    network = read(model(nodes, {"W": weight, "B": B}))
    assert np.array_equal(network.affine_layers[0].weight, alpha * W)
    assert np.array_equal(network.affine_layers[0].bias, beta * B)


@pytest.mark.parametrize("bias", [np.float32(0.5), B[:1], B[None], B[None, :1]], ids=np.shape)
def test_biases_are_broadcast(bias: Array) -> None:
    nodes = [node("Gemm", ["x", "W", "b"], ["y"], transB=1)]
    network = read(model(nodes, {"W": W, "b": np.asarray(bias)}))
    assert network.affine_layers[0].bias.tolist() == np.resize(bias, 4).tolist()


def test_one_column_with_many_biases_is_a_shared_row() -> None:
    nodes = [node("MatMul", ["x", "u"], ["p"]), node("Add", ["p", "b"], ["y"])]
    network = read(model(nodes, {"u": random(3, 1), "b": random(7)}))
    assert network.affine_layers[0].shared
    assert network.outputs == 7


def test_gemm_without_bias_may_get_one_after_it() -> None:
    nodes = [node("Gemm", ["x", "W"], ["p"], transB=1), node("Add", ["B", "p"], ["y"])]
    network = read(model(nodes, {"W": W, "B": B}))
    assert network.affine_layers[0].bias.tolist() == B.tolist()


def scalar(value: float) -> Array:
    return np.array(value, dtype=np.float32)


FORMS: list[tuple[Activation, list[Any], dict[str, Array], int]] = [
    (RELU, [node("Relu", ["h"], ["a"])], {}, 7),
    (leaky(0.01), [node("LeakyRelu", ["h"], ["a"])], {}, 13),
    (leaky(0.3), [node("LeakyRelu", ["h"], ["a"], alpha=0.3)], {}, 17),
    (leaky(0.25), [node("Mul", ["q", "h"], ["s"]), node("Max", ["s", "h"], ["a"])],
     {"q": scalar(0.25)}, 17),
    (HARD_TANH, [node("Clip", ["h", "lo", "hi"], ["a"])], {"lo": scalar(-1), "hi": scalar(1)}, 17),
    (HARD_TANH, [node("Clip", ["h"], ["a"], min=-1.0, max=1.0)], {}, 9),
    (THRESHOLD, [node("Greater", ["h", "o"], ["g"]), node("Cast", ["g"], ["a"], to=FLOAT)],
     {"o": scalar(0)}, 17),
    (THRESHOLD, [node("Sign", ["h"], ["g"]), node("Relu", ["g"], ["a"])], {}, 17),
    (TANH, [node("Tanh", ["h"], ["a"])], {}, 17),
    (SIGMOID, [node("Sigmoid", ["h"], ["a"])], {}, 17),
    (SILU, [node("Sigmoid", ["h"], ["g"]), node("Mul", ["g", "h"], ["a"])], {}, 17),
    (SOFTPLUS, [node("Softplus", ["h"], ["a"])], {}, 17),
    (SIN, [node("Sin", ["h"], ["a"])], {}, 17),
    (power(2), [node("Mul", ["h", "h"], ["a"])], {}, 17),
    (power(2), [node("Pow", ["h", "k"], ["a"])], {"k": np.array(2, dtype=np.int64)}, 17),
    (power(3), [node("Pow", ["h", "k"], ["a"])], {"k": np.array([3], dtype=np.float32)}, 17),
    (GELU, [node("Gelu", ["h"], ["a"])], {}, 20),
    (GELU, [node("Div", ["h", "r"], ["s"]), node("Erf", ["s"], ["e"]),
            node("Add", ["e", "i"], ["f"]),
            node("Mul", ["h", "f"], ["g"]), node("Mul", ["g", "o"], ["a"])],
     {"r": scalar(2**0.5), "i": scalar(1), "o": scalar(0.5)}, 17),
    (GELU, [node("Mul", ["h", "r"], ["s"]), node("Erf", ["s"], ["e"]),
            node("Add", ["i", "e"], ["f"]),
            node("Mul", ["o", "h"], ["g"]), node("Mul", ["g", "f"], ["a"])],
     {"r": scalar(0.5**0.5), "i": scalar(1), "o": scalar(0.5)}, 17),
]  # fmt: skip


@pytest.mark.parametrize(("activation", "nodes", "constants", "opset"), FORMS)
def test_forms_of_activations_are_read(
    activation: Activation, nodes: list[Any], constants: dict[str, Array], opset: int
) -> None:
    network = read(hidden(*nodes, opset=opset, **constants))
    assert [f.activation for f in network.affine_layers] == [activation, IDENTITY]


def test_constants_may_be_nodes_cast_transposed_or_dequantized() -> None:
    integers = np.arange(-6, 6, dtype=np.int8).reshape(4, 3)
    nodes = [
        node("Constant", [], ["B64"], value=helper.make_tensor("", DOUBLE, [4], [1, 2, 3, 4])),
        node("Cast", ["B64"], ["B"], to=FLOAT),
        node("Constant", [], ["C"], value_floats=[0.5, -0.5]),
        node("DequantizeLinear", ["q", "scale", "zero"], ["W"], axis=0),
        node("Gemm", ["x", "W", "B"], ["h"], transB=1),
        node("Transpose", ["Vt"], ["V"], perm=[1, 0]),
        node("Gemm", ["h", "V", "C"], ["y"], transB=1),
    ]  # fmt: skip
    scale = np.array([1, 0.5, 2, 0.25], np.float32)
    zero = np.array([1, 0, -3, 2], np.int8)
    constants = {"q": integers, "scale": scale, "zero": zero, "Vt": np.ascontiguousarray(V.T)}
    network = read(model(nodes, constants))
    first, last = network.affine_layers
    expected = (integers - zero[:, None].astype(int)) * scale[:, None]
    assert first.weight.tolist() == expected.tolist()
    assert first.bias.tolist() == [1, 2, 3, 4]
    assert last.weight.tobytes() == V.tobytes()


def test_typed_fields_are_read_like_raw_ones() -> None:
    made = model([node("Gemm", ["x", "W", "B"], ["y"], transB=1)], {"B": B})
    made.graph.initializer.append(helper.make_tensor("W", FLOAT, W.shape, W.ravel().tolist()))
    assert read(made).affine_layers[0].weight.tobytes() == W.tobytes()


def test_operations_that_do_nothing_are_passed_over() -> None:
    nodes = [
        node("Reshape", ["x", "shape"], ["r"]),
        node("Cast", ["r"], ["c"], to=FLOAT),
        node("Gemm", ["c", "W", "B"], ["h"], transB=1),
        node("Dropout", ["h", "ratio", "training"], ["d", "mask"]),
        node("Flatten", ["d"], ["f"], axis=1),
        node("Relu", ["f"], ["a"]),
        node("Reshape", ["a", "rows"], ["s"]),
        node("Gemm", ["s", "V", "C"], ["y"], transB=1),
    ]
    constants = {
        **AFFINE,
        "shape": np.array([-1, 3]),
        "rows": np.array([0, -1]),
        "ratio": scalar(0.5),
        "training": np.array(False),
    }
    network = read(model(nodes, constants))
    assert [f.activation for f in network.affine_layers] == [RELU, IDENTITY]


def test_a_difference_is_read_of_one_number_less_all() -> None:
    nodes = [node("Gemm", ["x", "W", "B"], ["h"], transB=1), node("Sub", ["one", "h"], ["y"])]
    network = read(model(nodes, {"W": W, "B": B, "one": scalar(1.0)}))
    assert np.array_equal(network.affine_layers[1].weight, -np.eye(4))
    assert np.array_equal(network.affine_layers[1].bias, np.ones(4))
    with pytest.raises(FormatError, match="one float32 number"):
        read(model(nodes, {"W": W, "B": B, "one": random(4)}))


@pytest.mark.parametrize("order", [("h", "z"), ("z", "h")])
def test_residual_blocks_are_read_in_either_order(order: tuple[str, str]) -> None:
    nodes = [
        node("Gemm", ["x", "W", "B"], ["h"], transB=1),
        node("Identity", ["h"], ["same"]),
        node("Gemm", ["same", "U", "B"], ["u"], transB=1),
        node("Relu", ["u"], ["z"]),
        node("Add", list(order), ["y"]),
    ]
    network = read(model(nodes, {"W": W, "B": B, "U": random(4, 4)}))
    assert isinstance(network.layers[1], Residual)
    assert network.layers[1].body[0].activation == RELU


def test_activations_of_some_units_are_read_from_any_columns() -> None:
    nodes = [
        node("Gemm", ["x", "W", "B"], ["h"], transB=1),
        node("Gather", ["h", "first"], ["p"], axis=1),
        node("Gather", ["h", "rest"], ["q"], axis=-1),
        node("Relu", ["q"], ["r"]),
        node("Concat", ["p", "r"], ["c"], axis=-1),
        node("Gather", ["c", "back"], ["y"], axis=1),
    ]
    constants = {
        "W": W,
        "B": B,
        "first": np.array([3]),
        "rest": np.array([0, 2, 1]),
        "back": np.array([1, 3, 2, 0]),
    }
    network = read(model(nodes, constants))
    assert network.affine_layers[0].activation == (RELU, RELU, RELU, IDENTITY)


def test_old_files_list_initializers_among_the_inputs() -> None:
    made = model([node("Gemm", ["x", "W", "B"], ["y"], transB=1)], {"W": W, "B": B}, opset=8)
    made.ir_version = 3
    for name, array in (("W", W), ("B", B)):
        made.graph.input.append(helper.make_tensor_value_info(name, FLOAT, array.shape))
    assert read(made).inputs == 3
