"""Decode: each decision as an expression from raw outputs to labels, to write and to read.

======== ===================================================================================
decision label
======== ===================================================================================
nearest  ``labels[number of edges k + 1/2 below the output]``; one class has the edge infinity
sign     ``labels[1 if the output is above 0 else 0]``
bits     ``labels[sum of 2^j over the outputs j above 1/2]``, at most the last label
argmax   ``labels[the first largest output]``
columns  ``labels[first of column j + the integer nearest to output j]``, between 0 and the last
value    none
======== ===================================================================================

Several labels for one code are ``labels[rows[code]]``: each label is stored once, and no runtime
has to copy rows of strings, of which onnxruntime copies the first label only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from onnx import TensorProto

from rote.errors import FormatError
from rote.export.onnx.expression import ARGUMENT, Constant, Expression, Hole, Op, op
from rote.export.onnx.graph import Graph, Node
from rote.export.onnx.labels import Formed, file_labels
from rote.export.onnx.match import match
from rote.network.columns import Columns
from rote.network.decision import ArgMax, Bits, Decision, Nearest, Sign
from rote.typing import Array, DType, Integers

__all__ = ["Decode", "decode_form", "find_decode"]

_EXACT_CLASSES = {"float32": 1 << 23, "float64": 1 << 52}
"""Classes whose edges k + 1/2 a float holds."""


def _labelled(code: Expression) -> Op:
    return op("Gather", Hole("labels"), code)


def _joint(form: Op) -> Op:
    """The same with a row of labels for each code."""
    labels, code = form.inputs
    return op("Gather", labels, op("Gather", Hole("rows"), code))


def _counted(flags: Expression) -> Op:
    return op("ReduceSum", flags, Constant((1,), "int"), keepdims=0)


def _above(edges: Expression) -> Op:
    return op("Cast", op("Greater", ARGUMENT, edges), to=TensorProto.INT64)


_EDGES = _labelled(_counted(_above(Hole("edges"))))
_SIGN = op("Squeeze", _labelled(_above(Constant(0.0))), Constant((1,), "int"))
_BIT_CODE = _counted(op("Mul", _above(Constant(0.5)), Hole("powers")))
_ALL_BITS = _labelled(_BIT_CODE)
_BITS = _labelled(op("Min", _BIT_CODE, Hole("last")))
_POSITIVE = op("Where", op("Greater", ARGUMENT, 0), ARGUMENT, Constant(0.0))
_NEAREST = op("Ceil", op("Sub", op("Min", _POSITIVE, Hole("last")), 0.5))
_COLUMNS = _labelled(op("Add", op("Cast", _NEAREST, to=TensorProto.INT64), Hole("first")))
"""What is no number counts as 0, so that no index is out of bounds; halves go to the code below, as
between edges. Subtracting 1/2 rounds where the result lies between -1/2 and 0 only."""
_ARGMAX = op("ArgMax", ARGUMENT, axis=1, keepdims=0)
_ARGMAX_FROM_END = op("ArgMax", ARGUMENT, axis=-1, keepdims=0)


def decode_form(decision: Decision, dtype: DType) -> tuple[Op, dict[str, Array]] | None:
    """How a decision is written.

    Args:
        decision: The decision.
        dtype: Arithmetic of the network.

    Returns:
        The expression and what its holes stand for; None for real targets.

    Raises:
        FormatError: The labels have no file form, or are too many for the arithmetic.
    """
    if decision.labels is None:
        return None
    labels = file_labels(decision)
    if labels.ndim == 1:
        return _plain_form(decision, {"labels": labels}, dtype)
    each, rows = np.unique(labels, return_inverse=True)
    holes = {"labels": each, "rows": rows.reshape(labels.shape).astype(np.int32)}
    form, holes = _plain_form(decision, holes, dtype)
    return _joint(form), holes


def _plain_form(
    decision: Decision, holes: dict[str, Array], dtype: DType
) -> tuple[Op, dict[str, Array]]:
    """As :func:`decode_form`, for one label for each code."""
    assert decision.labels is not None
    classes = len(decision.labels)
    match decision:
        case Columns():
            counts = np.array([len(labels) for labels in decision.labels])
            _check_exact(int(counts.max()), dtype)
            return _COLUMNS, {**holes, "last": (counts - 1).astype(dtype), "first": _first(counts)}
        case Nearest():
            _check_exact(classes, dtype)
            return _EDGES, {**holes, "edges": _nearest_edges(classes).astype(dtype)}
        case Sign() if "rows" in holes:
            return _EDGES, {**holes, "edges": np.zeros(1, dtype)}
        case Sign():
            return _SIGN, holes
        case Bits():
            powers = _powers(classes)
            holes["powers"] = powers
            if classes > powers.sum():
                return _ALL_BITS, holes
            return _BITS, {**holes, "last": np.array(classes - 1)}
        case ArgMax():
            return _labelled(_ARGMAX), holes
    raise FormatError(f"A decision of type {type(decision).__name__} has no ONNX form.")


def _check_exact(classes: int, dtype: DType) -> None:
    if classes > _EXACT_CLASSES[dtype]:
        raise FormatError(
            f"{dtype} decides at most {_EXACT_CLASSES[dtype]} classes by the nearest code, not "
            f"{classes}."
        )


def _read_columns(holes: Mapping[str, Array]) -> str:
    last, size = holes["last"], holes["labels"].size
    sound = last.ndim == 1 and bool(np.all((last >= 0) & (last < size)))
    counts = last.astype(np.int64) + 1 if sound else np.zeros(1, np.int64)
    exact = np.array_equal(counts, last + 1) and counts.sum() == size
    if not exact or not np.array_equal(holes["first"], _first(counts)):
        raise FormatError(
            f"The last codes of the columns, and where their labels begin, do not share out {size} "
            "labels."
        )
    return "columns"


def _read_edges(holes: Mapping[str, Array]) -> str:
    edges, classes = holes["edges"], len(holes["labels"])
    if edges.shape == (1,) and edges[0] == 0 and classes == 2:
        return "sign"
    if np.array_equal(edges, _nearest_edges(classes)):
        return "nearest"
    raise FormatError(
        f"The label is decided by {edges.size} edges that are neither 0 nor k + 1/2 for the codes "
        f"of its {classes} labels."
    )


def _read_sign(holes: Mapping[str, Array]) -> str:
    if len(holes["labels"]) != 2:
        raise FormatError(f"A sign decides between two labels, not {len(holes['labels'])}.")
    return "sign"


def _read_bits(holes: Mapping[str, Array]) -> str:
    classes = len(holes["labels"])
    powers = _powers(classes)
    last = holes.get("last")
    ends = classes > powers.sum() if last is None else last.size == 1 and last == classes - 1
    if not np.array_equal(holes["powers"], powers) or not ends:
        raise FormatError(f"The label is not decided by the bits of the codes of {classes} labels.")
    return "bits"


def _read_argmax(_: Mapping[str, Array]) -> str:
    return "argmax"


_Reading: TypeAlias = Callable[[Mapping[str, Array]], str]

_DECODES: tuple[tuple[Op, _Reading], ...] = (
    (_EDGES, _read_edges),
    (_ALL_BITS, _read_bits),
    (_BITS, _read_bits),
    (_labelled(_ARGMAX), _read_argmax),
    (_labelled(_ARGMAX_FROM_END), _read_argmax),
    (_ARGMAX, _read_argmax),
    (_ARGMAX_FROM_END, _read_argmax),
)
"""Expressions of a label, each with its reading; the last two return the code itself."""

_ALL_DECODES = (
    (_SIGN, _read_sign),
    (_COLUMNS, _read_columns),
    *((_joint(form), read) for form, read in _DECODES if form.name == "Gather"),
    *_DECODES,
)


@dataclass(frozen=True)
class Decode:
    """A decision found in a graph.

    Attributes:
        source: The raw output that it reads.
        kind: Its name.
        labels: What it returns for each code, in lists for several labels of each point; None if
            it returns the code.
    """

    source: str
    kind: str
    labels: Formed | None


def find_decode(graph: Graph, name: str, nodes: list[Node]) -> Decode | None:
    """Find the decision that makes a given value.

    Args:
        graph: The graph.
        name: The value.
        nodes: The nodes that were read are added here.

    Returns:
        The decision, or None if the value is not made by one.

    Raises:
        FormatError: It is almost one.
    """
    for expression, read in _ALL_DECODES:
        found = match(graph, expression, name)
        if found is None:
            continue
        holes = dict(found.holes)
        labels = holes.get("labels")
        if labels is not None and (labels.ndim != 1 or labels.dtype.kind not in "iO"):
            raise found.nodes[-1].error("the labels must be a list of int64 or strings.")
        try:
            if labels is not None and "rows" in holes:
                holes["labels"] = _joined(labels, holes["rows"])
            kind = read(holes)
        except FormatError as error:
            raise found.nodes[-1].error(str(error)) from None
        nodes.extend(found.nodes)
        return Decode(found.argument, kind, _listed(kind, holes))
    return None


def _joined(labels: Array, rows: Array) -> Array:
    """The table of labels that rows of positions stand for."""
    sound = rows.ndim == 2 and rows.shape[1] > 1 and rows.dtype.kind == "i"
    if not sound or not bool(np.all((rows >= 0) & (rows < len(labels)))):
        raise FormatError(f"The labels of a code must be a row of positions among {len(labels)}.")
    return labels[rows]


def _listed(kind: str, holes: Mapping[str, Array]) -> Formed | None:
    """The labels, in lists for several labels of each point; None if codes are returned."""
    labels = holes.get("labels")
    if labels is None or kind != "columns":
        return None if labels is None else labels.tolist()
    return [part.tolist() for part in np.split(labels, holes["first"][1:])]


def _first(counts: Integers) -> Integers:
    """Where the labels of each column begin."""
    return np.cumsum(counts) - counts


def _nearest_edges(classes: int) -> Array:
    return np.arange(classes - 1) + 0.5 if classes > 1 else np.array([np.inf])


def _powers(classes: int) -> Array:
    return np.left_shift(1, np.arange(max(1, (classes - 1).bit_length())), dtype=np.int64)
