"""Files of strangers: sizes are checked before use, nothing outside is opened."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, reject
from hypothesis import strategies as st
from onnx import ModelProto, TensorProto, helper

from foreign import good, refuse
from rote.errors import FormatError
from rote.export.onnx import from_bytes, load, to_bytes
from rote.network import Network
from strategies import ALL_ACTIVATIONS, FLOAT_DTYPES, networks

FLOAT, DOUBLE, INT64 = TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.INT64

node = helper.make_node


def tensor(made: ModelProto, name: str = "W") -> TensorProto:
    return next(t for t in made.graph.initializer if t.name == name)


def edit(action: Callable[[ModelProto], Any]) -> Callable[[ModelProto], None]:
    def change(made: ModelProto) -> None:
        action(made)

    return change


def stored_elsewhere(made: ModelProto) -> None:
    weight = tensor(made)
    weight.data_location = TensorProto.EXTERNAL
    weight.external_data.add(key="location", value="/etc/passwd")
    weight.ClearField("raw_data")


def half(made: ModelProto) -> None:
    weight = np.frombuffer(tensor(made).raw_data, np.float32).astype(np.float16)
    tensor(made).CopyFrom(
        helper.make_tensor("W", TensorProto.FLOAT16, [4, 3], weight.tobytes(), raw=True)
    )


def with_type(code: int) -> Callable[[ModelProto], None]:
    return edit(lambda m: setattr(tensor(m), "data_type", code))


def with_dims(*dims: int) -> Callable[[ModelProto], None]:
    def change(made: ModelProto) -> None:
        tensor(made).ClearField("dims")
        tensor(made).dims.extend(dims)

    return change


def cycle(made: ModelProto) -> None:
    made.graph.node[0].input[0] = "a"


def wide(made: ModelProto) -> None:
    made.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 2**40


def sparse(made: ModelProto) -> None:
    entry = made.graph.sparse_initializer.add()
    entry.values.CopyFrom(helper.make_tensor("s", FLOAT, [1], [1.0]))


def second_input(made: ModelProto) -> None:
    made.graph.input.append(helper.make_tensor_value_info("z", FLOAT, ["batch", 3]))


def function(made: ModelProto) -> None:
    opset = helper.make_opsetid("", 17)
    made.functions.append(
        helper.make_function("mine", "F", ["p"], ["q"], [node("Relu", ["p"], ["q"])], [opset])
    )


def other_output(made: ModelProto) -> None:
    made.graph.output.append(helper.make_tensor_value_info("h", FLOAT, None))


def both(made: ModelProto) -> None:
    tensor(made).float_data.extend([1.0] * 12)


def not_a_number(made: ModelProto) -> None:
    tensor(made).raw_data = np.full(12, np.nan, np.float32).tobytes()


def twice(made: ModelProto) -> None:
    made.graph.initializer.append(tensor(made))


def renamed(made: ModelProto) -> None:
    made.graph.node[1].output[0] = "h"


CHANGES: dict[str, tuple[Callable[[ModelProto], None], str]] = {
    # Tensors.
    "data outside the file": (stored_elsewhere, "must lie in the file itself"),
    "float16": (half, "float32 and float64 weights, not float16"),
    "bfloat16": (with_type(TensorProto.BFLOAT16), "not bfloat16"),
    "unknown element type": (with_type(99), "not type 99"),
    "no element type": (with_type(0), "not undefined"),
    "complex": (with_type(TensorProto.COMPLEX64), "not complex64"),
    "string weight": (with_type(TensorProto.STRING), "strings cannot be raw|string_data"),
    "integer weight": (
        edit(lambda m: tensor(m).CopyFrom(
            helper.make_tensor("W", INT64, [4, 3], list(range(12))))),
        "must be a float32 matrix, not int64",
    ),
    "shape too large": (with_dims(4, 4), "needs 64 bytes, but there are 48"),
    "shape too small": (with_dims(4, 2), "needs 32 bytes, but there are 48"),
    "shape beyond all memory": (with_dims(2**62, 2**62), "needs .* bytes, but there are 48"),
    "negative shape": (with_dims(-4, -3), "has no meaning"),
    "shape of many axes": (with_dims(*[1] * 30), "has no meaning"),
    "empty weight": (
        edit(lambda m: (with_dims(0, 3)(m), tensor(m).ClearField("raw_data"))),
        "must be a float32 matrix",
    ),
    "data in two places": (both, "lie in float_data, raw_data"),
    "not a number": (not_a_number, r"Node Gemm \('first'\).*finite"),
    "sparse weights": (sparse, "Sparse initializers"),
    "segment": (edit(lambda m: setattr(tensor(m).segment, "begin", 1)), "segments"),
    # Graphs.
    "cycle": (cycle, "in order, without a cycle"),
    "name made twice": (renamed, "a name that is taken"),
    "initializer twice": (twice, "no name of its own"),
    "second input": (second_input, "one input, not 2"),
    "no input": (edit(lambda m: m.graph.ClearField("input")), "one input, not 0"),
    "integer input": (
        edit(lambda m: setattr(m.graph.input[0].type.tensor_type, "elem_type", INT64)),
        "float32 or float64, not int64",
    ),
    "input of one axis": (
        edit(lambda m: m.graph.input[0].type.tensor_type.shape.dim.pop()),
        r"must have shape \(batch, d\)",
    ),
    "input of another width": (wide, "Rows of 3 values are needed, not of 1099511627776"),
    "input that is not flattened": (
        edit(lambda m: m.graph.input[0].type.tensor_type.shape.dim.add()),
        "must be flattened first",
    ),
    "no output": (edit(lambda m: m.graph.ClearField("output")), "outputs with names"),
    "other output": (other_output, "one output and the label decided from it"),
    "unknown output": (edit(lambda m: setattr(m.graph.output[0], "name", "n")), "'n' does not"),
    "constant output": (edit(lambda m: setattr(m.graph.output[0], "name", "C")), "'C' does not"),
    "input as output": (
        edit(lambda m: (setattr(m.graph.output[0], "name", "x"), m.graph.ClearField("node"),
                        m.graph.node.append(node("Relu", ["x"], ["a"])))),
        "does not lead from the input|must have a layer",
    ),
    "node that leads nowhere": (
        edit(lambda m: m.graph.node.append(node("Conv", ["a", "W"], ["n"], name="dead"))),
        r"Node Conv \('dead'\).*does not lead",
    ),
    # Models.
    "function": (function, "functions"),
    "training": (edit(lambda m: m.training_info.add()), "training"),
    "no opset": (edit(lambda m: m.ClearField("opset_import")), "one version of the standard"),
    "two opsets": (edit(lambda m: m.opset_import.add(domain="", version=9)), "one version"),
    "old opset": (edit(lambda m: setattr(m.opset_import[0], "version", 6)), "opsets 7 to"),
    "newer opset": (edit(lambda m: setattr(m.opset_import[0], "version", 99)), "opsets 7 to"),
    "no graph": (edit(lambda m: m.ClearField("graph")), "not an ONNX file"),
    "no nodes": (edit(lambda m: m.graph.ClearField("node")), "not an ONNX file"),
    "metadata twice": (
        edit(lambda m: [m.metadata_props.add(key="k", value="v") for _ in range(2)]),
        "'k' is given twice",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "match"), CHANGES.values(), ids=CHANGES)
def test_spoilt_models_are_refused(change: Callable[[ModelProto], None], match: str) -> None:
    made = good()
    change(made)
    refuse(made.SerializeToString(), match)


def test_other_bytes_are_refused() -> None:
    for content in (b"", b"not a network", b"\x00" * 100, b"PK\x03\x04" + b"z" * 50, b"\xff" * 64):
        refuse(content, "not an ONNX file")


def test_cut_files_are_refused() -> None:
    content = good().SerializeToString()
    for length in range(0, len(content), 7):
        with pytest.raises(FormatError):
            from_bytes(content[:length])


@given(st.data())
def test_damaged_files_are_read_or_refused(data: st.DataObject) -> None:
    """Whatever the damage, the answer is a network or a FormatError, and nothing is warned of."""
    network = data.draw(networks(data.draw(st.sampled_from(FLOAT_DTYPES)), ALL_ACTIVATIONS))
    try:
        content = bytearray(to_bytes(network))
    except FormatError:
        reject()
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] = data.draw(st.integers(0, 255))
    with suppress(FormatError):
        assert isinstance(from_bytes(bytes(content)), Network)


def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    large = tmp_path / "large.onnx"
    with large.open("wb") as file:
        file.truncate(1 << 31)  # takes no room: nothing is written
    for path, match in (
        (tmp_path / "none.onnx", "There is no such file"),
        (tmp_path, "There is no such file"),
        (large, "at most 2 GB"),
    ):
        with pytest.raises(FormatError, match=match) as caught:
            load(path)
        assert str(caught.value).startswith(f"{path}: ")
