"""Decisions and metadata of files that are almost Rote's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from onnx import ModelProto, helper, load_from_string, numpy_helper

from foreign import refuse
from rote.export.onnx import from_bytes, to_bytes
from rote.network import Affine, ArgMax, Bits, Columns, Decision, Nearest, Network, Sign, Value


def written(decision: Decision, k: int) -> ModelProto:
    layer = Affine(np.eye(k, 3), np.zeros(k))
    return load_from_string(to_bytes(Network((layer,), decision)))


def constant_of(made: ModelProto, shape: tuple[int, ...], kind: str) -> Any:
    """The one constant besides the weights that has this shape and kind."""
    weights = {name for n in made.graph.node if n.op_type == "Gemm" for name in n.input}
    (found,) = (
        tensor
        for tensor in made.graph.initializer
        if tensor.name not in weights
        and tuple(tensor.dims) == shape
        and numpy_helper.to_array(tensor).dtype.kind == kind
    )
    return found


def put(shape: tuple[int, ...], kind: str, value: Any) -> Callable[[ModelProto], None]:
    def change(made: ModelProto) -> None:
        tensor = constant_of(made, shape, kind)
        name, before = tensor.name, numpy_helper.to_array(tensor)
        array = np.asarray(value, dtype=before.dtype)
        tensor.CopyFrom(numpy_helper.from_array(array, name))

    return change


def metadata(key: str, value: str) -> Callable[[ModelProto], None]:
    def change(made: ModelProto) -> None:
        for entry in made.metadata_props:
            if entry.key == key:
                made.metadata_props.remove(entry)
        made.metadata_props.add(key=key, value=value)

    return change


def attribute(op: str, name: str, value: int) -> Callable[[ModelProto], None]:
    def change(made: ModelProto) -> None:
        (entry,) = (n for n in made.graph.node if n.op_type == op)
        kept = [a for a in entry.attribute if a.name != name]
        del entry.attribute[:]
        entry.attribute.extend([*kept, helper.make_attribute(name, value)])

    return change


def label_of_other_output(made: ModelProto) -> None:
    place = next(i for i, n in enumerate(made.graph.node) if n.output[0] == "output")
    made.graph.node.insert(place + 1, helper.make_node("Neg", ["output"], ["n"]))
    made.graph.node[place + 2].input[0] = "n"


def operator(before: str, after: str) -> Callable[[ModelProto], None]:
    def change(made: ModelProto) -> None:
        (entry,) = (n for n in made.graph.node if n.op_type == before)
        entry.op_type = after

    return change


def one_column(made: ModelProto) -> None:
    put((2,), "f", [4])(made)
    put((2,), "i", [0])(made)


def another_half(made: ModelProto) -> None:
    (half,) = (t for t in made.graph.initializer if numpy_helper.to_array(t).tolist() == 0.5)
    half.CopyFrom(numpy_helper.from_array(np.array(0.25), half.name))


def second_label(made: ModelProto) -> None:
    made.graph.node.append(helper.make_node("ArgMax", ["output"], ["code"], axis=1, keepdims=0))
    del made.graph.output[0]
    made.graph.output.append(helper.make_tensor_value_info("code", 7, None))


NEAREST, SIGN = (Nearest(np.array([5, 6, 7])), 1), (Sign(np.array(["n", "y"])), 1)
BITS, FULL_BITS = (Bits(np.array([5, 6, 7])), 2), (Bits(np.array([5, 6, 7, 8])), 2)
ARGMAX, FLOATS = (ArgMax(np.array([5, 6, 7])), 3), (Nearest(np.array([0.5, 1.5])), 1)

JOINT = (Nearest(np.array([[5, 6], [5, 7]])), 1)
COLUMNS = (Columns((np.array([5, 6, 7]), np.array([5, 6]))), 2)
MIXED = (Columns((np.array([1, 2]), np.array(["a", "b"]))), 2)

CHANGES: dict[str, tuple[tuple[Decision, int], Callable[[ModelProto], None], str]] = {
    "edges moved": (NEAREST, put((2,), "f", [0.5, 1.25]), "by 2 edges that are neither"),
    "edges in another order": (NEAREST, put((2,), "f", [1.5, 0.5]), "neither"),
    "edge too many": (NEAREST, put((2,), "f", [0.5, 1.5, 2.5]), "by 3 edges"),
    "label too many": (NEAREST, put((3,), "i", [5, 6, 7, 8]), "codes of its 4 labels"),
    "labels in rows": (NEAREST, put((3,), "i", [[5, 6, 7]]), "must be a list of int64"),
    "equal rows": (JOINT, put((2, 2), "i", [[0, 1], [0, 1]]), "different from one another"),
    "row too many": (JOINT, put((2, 2), "i", [[0, 1], [0, 2], [1, 2]]), "codes of its 3 labels"),
    "row beyond the labels": (JOINT, put((2, 2), "i", [[0, 1], [0, 3]]), "positions among 3"),
    "row before the labels": (JOINT, put((2, 2), "i", [[0, 1], [0, -1]]), "positions among 3"),
    "rows of one label": (JOINT, put((2, 2), "i", [[0], [1]]), "positions among 3"),
    "rows in one list": (JOINT, put((2, 2), "i", [0, 1]), "positions among 3"),
    "last code of a column": (COLUMNS, put((2,), "f", [1, 2]), "do not share out 5 labels"),
    "last code too low": (COLUMNS, put((2,), "f", [1, 1]), "do not share out 5 labels"),
    "last code beyond": (COLUMNS, put((2,), "f", [3, 1]), "do not share out 5 labels"),
    "last code between": (COLUMNS, put((2,), "f", [1.5, 1.5]), "do not share out 5 labels"),
    "last code without end": (COLUMNS, put((2,), "f", [np.inf, 1]), "do not share out 5 labels"),
    "last code no number": (COLUMNS, put((2,), "f", [np.nan, 1]), "do not share out 5 labels"),
    "last code of all": (COLUMNS, put((2,), "f", 4), "do not share out 5 labels"),
    "last codes in rows": (COLUMNS, put((2,), "f", [[2, 1]]), "do not share out 5 labels"),
    "first label of a column": (COLUMNS, put((2,), "i", [0, 2]), "do not share out 5 labels"),
    "first label of all": (COLUMNS, put((2,), "i", [1, 3]), "do not share out 5 labels"),
    "columns that overlap": (COLUMNS, put((2,), "i", [0, 0]), "do not share out 5 labels"),
    "label of a column too many": (COLUMNS, put((5,), "i", [5, 6, 7, 5, 6, 8]), "share out 6"),
    "columns of rows": (COLUMNS, put((5,), "i", np.arange(10).reshape(5, 2)), "must be a list"),
    "equal in a column": (COLUMNS, put((5,), "i", [5, 6, 6, 5, 6]), "different from one another"),
    "one column": (COLUMNS, one_column, "two columns or more"),
    "another half": (COLUMNS, another_half, "the label decided"),
    "floor for ceiling": (COLUMNS, operator("Ceil", "Floor"), "the label decided"),
    "max for min": (COLUMNS, operator("Min", "Max"), "the label decided"),
    "columns along another axis": (COLUMNS, attribute("Gather", "axis", 1), "the label decided"),
    "columns that disagree": (MIXED, metadata("labels", '[[1,2],["a","c"]]'), "does not agree"),
    "columns of other sizes": (MIXED, metadata("labels", '[[1,2,"a"],["b"]]'), "does not agree"),
    "columns in one list": (MIXED, metadata("labels", '[1,2,"a","b"]'), "does not agree"),
    "sign moved": (SIGN, put((), "f", 0.25), "the label decided"),
    "one point for all": (SIGN, put((1,), "i", [0]), "the label decided"),
    "three signs": (SIGN, put((2,), "O", ["n", "y", "z"]), "between two labels, not 3"),
    "equal signs": (SIGN, put((2,), "O", ["n", "n"]), "different from one another"),
    "summed over points": (NEAREST, put((1,), "i", [0]), "the label decided"),
    "kept axis": (NEAREST, attribute("ReduceSum", "keepdims", 1), "the label decided"),
    "bits in another order": (BITS, put((2,), "i", [2, 1]), "not decided by the bits"),
    "last label moved": (BITS, put((), "i", 1), "not decided by the bits"),
    "codes beyond the labels": (FULL_BITS, put((4,), "i", [5, 6, 7]), "not decided by the bits"),
    "bit above another edge": (FULL_BITS, put((), "f", 0.25), "the label decided"),
    "last of equal maxima": (
        ARGMAX,
        attribute("ArgMax", "select_last_index", 1),
        "the label decided",
    ),
    "maximum over points": (ARGMAX, attribute("ArgMax", "axis", 0), "the label decided"),
    "fewer labels than outputs": (ARGMAX, put((3,), "i", [5, 6]), "needs 2 outputs"),
    "labels of another axis": (ARGMAX, attribute("Gather", "axis", 1), "the label decided"),
    "label of another output": (ARGMAX, label_of_other_output, "one output and the label decided"),
    "second label": (ARGMAX, second_label, "is a second label"),
    "seed": (NEAREST, metadata("seed", "1.5"), "must be an integer, not '1.5'"),
    "endless seed": (NEAREST, metadata("seed", "9" * 10**5), "must be an integer"),
    "odd seed": (NEAREST, metadata("seed", "²"), "must be an integer"),
    "tolerance": ((Value(0.5), 2), metadata("tolerance", "small"), "is no number: 'small'"),
    "negative tolerance": ((Value(0.5), 2), metadata("tolerance", "-1"), "must be positive"),
    "tolerance without end": ((Value(0.5), 2), metadata("tolerance", "inf"), "must be positive"),
    "equal labels": (NEAREST, put((3,), "i", [5, 5, 7]), "different from one another"),
    "other labels": (FLOATS, metadata("labels", "[0.5, 1.25]"), "does not agree"),
    "fewer labels": (FLOATS, metadata("labels", "[0.5]"), "does not agree"),
    "labels that are no list": (FLOATS, metadata("labels", '"0.5"'), "must be a list"),
    "labels that are no labels": (FLOATS, metadata("labels", "[[], null]"), "does not agree"),
    "labels that are no JSON": (FLOATS, metadata("labels", "[0.5,"), "JSON"),
    "labels nested without end": (FLOATS, metadata("labels", "[" * 10**5), "JSON"),
}


@pytest.mark.parametrize(("start", "change", "match"), CHANGES.values(), ids=CHANGES)
def test_almost_decisions_are_refused(
    start: tuple[Decision, int], change: Callable[[ModelProto], None], match: str
) -> None:
    made = written(*start)
    assert type(from_bytes(made.SerializeToString()).decision) is type(start[0])
    change(made)
    refuse(made.SerializeToString(), match)


def test_the_metadata_of_others_is_not_believed() -> None:
    made = written(*NEAREST)
    made.producer_name = "other"
    metadata("seed", "x")(made)
    metadata("labels", "?")(made)
    network = from_bytes(made.SerializeToString())
    assert network.provenance.construction == ""
    assert network.decision.listed == [5, 6, 7]
