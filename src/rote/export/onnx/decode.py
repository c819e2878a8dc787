"""Decode: each decision as an expression from raw outputs to labels, to write and to read.

======== ===================================================================================
decision label
======== ===================================================================================
nearest  ``labels[number of edges k + 1/2 below the output]``; one class has the edge infinity
sign     ``labels[number of edges below the output]`` with the only edge 0
bits     ``labels[sum of 2^j over the outputs j above 1/2]``, at most the last label
argmax   ``labels[the first largest output]``
value    none
======== ===================================================================================
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
from rote.export.onnx.labels import file_labels
from rote.export.onnx.match import match
from rote.network.decision import ArgMax, Bits, Decision, Nearest, Sign
from rote.typing import Array, DType

__all__ = ["Decode", "decode_form", "find_decode"]

_EXACT_CLASSES = {"float32": 1 << 23, "float64": 1 << 52}
"""Classes whose edges k + 1/2 a float holds."""


def _labelled(code: Expression) -> Op:
    return op("Gather", Hole("labels"), code)


def _counted(flags: Expression) -> Op:
    return op("ReduceSum", flags, Constant((1,), "int"), keepdims=0)


def _above(edges: Expression) -> Op:
    return op("Cast", op("Greater", ARGUMENT, edges), to=TensorProto.INT64)


_EDGES = _labelled(_counted(_above(Hole("edges"))))
_BIT_CODE = _counted(op("Mul", _above(Constant(0.5)), Hole("powers")))
_ALL_BITS = _labelled(_BIT_CODE)
_BITS = _labelled(op("Min", _BIT_CODE, Hole("last")))
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
    holes = {"labels": file_labels(decision.labels)}
    classes = len(decision.labels)
    match decision:
        case Nearest():
            if classes > _EXACT_CLASSES[dtype]:
                raise FormatError(
                    f"{dtype} decides at most {_EXACT_CLASSES[dtype]} classes by the nearest "
                    f"code, not {classes}."
                )
            return _EDGES, {**holes, "edges": _nearest_edges(classes).astype(dtype)}
        case Sign():
            return _EDGES, {**holes, "edges": np.zeros(1, dtype)}
        case Bits():
            powers = _powers(classes)
            holes["powers"] = powers
            if classes > powers.sum():
                return _ALL_BITS, holes
            return _BITS, {**holes, "last": np.array(classes - 1)}
        case ArgMax():
            return _labelled(_ARGMAX), holes
    raise FormatError(f"A decision of type {type(decision).__name__} has no ONNX form.")


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


@dataclass(frozen=True)
class Decode:
    """A decision found in a graph.

    Attributes:
        source: The raw output that it reads.
        kind: Its name.
        labels: What it returns for each code; None if it returns the code.
    """

    source: str
    kind: str
    labels: list[int | str] | None


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
    for expression, read in _DECODES:
        found = match(graph, expression, name)
        if found is None:
            continue
        holes = dict(found.holes)
        labels = holes.get("labels")
        if labels is not None and (labels.ndim != 1 or labels.dtype.kind not in "iO"):
            raise found.nodes[-1].error("the labels must be a list of int64 or strings.")
        try:
            kind = read(holes)
        except FormatError as error:
            raise found.nodes[-1].error(str(error)) from None
        nodes.extend(found.nodes)
        return Decode(found.argument, kind, None if labels is None else labels.tolist())
    return None


def _nearest_edges(classes: int) -> Array:
    return np.arange(classes - 1) + 0.5 if classes > 1 else np.array([np.inf])


def _powers(classes: int) -> Array:
    return np.left_shift(1, np.arange(max(1, (classes - 1).bit_length())), dtype=np.int64)
