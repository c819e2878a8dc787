"""Match: finding an expression in a graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from rote.export.onnx.constants import attributes_of, constant
from rote.export.onnx.expression import Argument, Constant, Expression, Hole, Op
from rote.export.onnx.graph import Graph, Node
from rote.typing import Array

__all__ = ["Match", "match"]

_COMMUTATIVE = frozenset({"Add", "Max", "Min", "Mul"})


@dataclass(frozen=True, eq=False)
class Match:
    """An expression found in a graph.

    Attributes:
        argument: The value that it is applied to.
        holes: The constants found.
        nodes: The nodes that it covers.
    """

    argument: str = ""
    holes: Mapping[str, Array] = field(default_factory=dict)
    nodes: tuple[Node, ...] = ()


def match(graph: Graph, expression: Op, name: str) -> Match | None:
    """Find an expression whose result is a given value.

    Args:
        graph: The graph.
        expression: What to find.
        name: The value.

    Returns:
        What was found, or None. The argument and each hole are the same wherever they occur, each
        constant has the expected shape and bits, and every attribute has the expected value.
    """
    return _match(graph, expression, name, Match())


def _match(graph: Graph, expression: Expression, name: str, found: Match) -> Match | None:
    """What was found before with what is found here, or None if that does not fit."""
    match expression:
        case Argument():
            return replace(found, argument=name) if found.argument in {"", name} else None
        case Op():
            node = graph.made_by(name)
            if node is None or node.op != expression.name:
                return None
            return _match_node(graph, expression, node, found)
    nodes: list[Node] = []
    value = constant(graph, name, nodes)
    if value is None:
        return None
    found = replace(found, nodes=(*found.nodes, *nodes))
    if isinstance(expression, Hole):
        return _fill(found, expression, value)
    return found if _equals(value, expression) else None


def _match_node(graph: Graph, expression: Op, node: Node, found: Match) -> Match | None:
    if len(node.inputs) != len(expression.inputs):
        return None
    start = _match_attributes(graph, expression, node, found)
    orders = [expression.inputs]
    if expression.name in _COMMUTATIVE and expression.inputs[0] != expression.inputs[1]:
        orders.append(expression.inputs[::-1])
    for order in orders:
        trial: Match | None = start
        for part, name in zip(order, node.inputs, strict=True):
            if trial is not None:
                trial = _match(graph, part, name, trial)
        if trial is not None:
            return replace(trial, nodes=(*trial.nodes, node))
    return None


def _match_attributes(graph: Graph, expression: Op, node: Node, found: Match) -> Match | None:
    given = attributes_of(graph, node)
    wanted: dict[str, Any] = {**attributes_of(graph, _bare(node)), **dict(expression.attributes)}
    if given.keys() != wanted.keys():
        return None
    result: Match | None = found
    for key, value in wanted.items():
        if result is not None and isinstance(value, Hole):
            result = _fill(result, value, np.array(given[key]))
        elif given[key] != value:
            return None
    return result


def _bare(node: Node) -> Node:
    return Node(node.op, node.name, node.inputs, node.outputs, {})


def _fill(found: Match, hole: Hole, value: Array) -> Match | None:
    known = found.holes.get(hole.name)
    if known is not None and not np.array_equal(known, value):
        return None
    return replace(found, holes={**found.holes, hole.name: value})


def _equals(value: Array, wanted: Constant) -> bool:
    if value.dtype.kind != ("i" if wanted.kind == "int" else "f"):
        return False
    expected = np.array(wanted.value, dtype=value.dtype)
    scalar = expected.ndim == 0 and value.shape == (1,)
    return (scalar or value.shape == expected.shape) and bool(np.all(value == expected))
