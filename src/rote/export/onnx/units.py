"""Units: activations, of a whole layer or of each unit, written into a graph and found in one.

A layer whose units have several activations is cut into columns, by Split where neighbouring units
have the same one or by Gather where they alternate, whichever takes fewer nodes, and joined again
by Concat, with a Gather that restores the order where columns were gathered.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rote.errors import OptionError
from rote.export.onnx.builder import Builder
from rote.export.onnx.constants import attributes_of, constant
from rote.export.onnx.forms import FORMS, PARAMETER, written_form
from rote.export.onnx.graph import Graph, Node
from rote.export.onnx.match import match
from rote.network.activation import IDENTITY, Activation
from rote.network.layer import Affine
from rote.typing import Array, DType

__all__ = ["find_activation", "write_activations"]


def write_activations(builder: Builder, layer: Affine, z: str) -> str:
    """Add the activations of a layer.

    Args:
        builder: Where to.
        layer: The layer.
        z: Name of its affine sums.

    Returns:
        The name of its values.
    """
    if isinstance(layer.activation, Activation):
        return _write_one(builder, layer.activation, z)
    runs = layer.runs()
    kinds = list(dict.fromkeys(activation for activation, _ in runs))
    split = 2 + sum(_nodes(builder.dtype, activation) for activation, _ in runs)
    gathered = 2 + sum(1 + _nodes(builder.dtype, activation) for activation in kinds)
    if split <= gathered:
        sizes = builder.integers(*(units.stop - units.start for _, units in runs))
        parts = [f"{z}_{i}" for i in range(len(runs))]
        builder.node("Split", [z, sizes], parts, axis=1)
        values = [
            _write_one(builder, activation, part)
            for (activation, _), part in zip(runs, parts, strict=True)
        ]
        return builder.node("Concat", values, axis=1)
    columns = [[j for j, a in enumerate(layer.activation) if a == kind] for kind in kinds]
    values = [
        _write_one(builder, kind, builder.node("Gather", [z, builder.integers(*chosen)], axis=1))
        for kind, chosen in zip(kinds, columns, strict=True)
    ]
    joined = builder.node("Concat", values, axis=1)
    restored = np.argsort(np.concatenate(columns)).tolist()
    return builder.node("Gather", [joined, builder.integers(*restored)], axis=1)


def _write_one(builder: Builder, activation: Activation, z: str) -> str:
    form = written_form(activation, builder.dtype)
    if form is None:
        return z
    parameter = np.array(activation.parameter, dtype=builder.dtype)
    return builder.expression(form.expression, z, {PARAMETER.name: parameter})


def _nodes(dtype: DType, activation: Activation) -> int:
    form = written_form(activation, dtype)
    return 0 if form is None else form.expression.size


def find_activation(
    graph: Graph, dtype: DType, name: str, nodes: list[Node]
) -> tuple[Activation | tuple[Activation, ...], str] | None:
    """Find activations whose result is a given value.

    Args:
        graph: The graph.
        dtype: Arithmetic of the network.
        name: The value.
        nodes: The nodes that they cover are added here.

    Returns:
        One activation, or one per unit, and the value that it is applied to; None if there is none.

    Raises:
        FormatError: A parameter that the activation cannot have.
    """
    return _find_one(graph, dtype, name, nodes) or _find_units(graph, dtype, name, nodes)


def _find_one(
    graph: Graph, dtype: DType, name: str, nodes: list[Node]
) -> tuple[Activation, str] | None:
    # Larger expressions first: Relu(Sign(t)) is a threshold, not a ReLU of something else.
    for form in sorted(FORMS[dtype], key=lambda form: -form.expression.size):
        found = match(graph, form.expression, name)
        if found is None:
            continue
        parameter = form.parameter
        if parameter is None:
            value = found.holes[PARAMETER.name]
            if value.size != 1:
                continue
            parameter = float(value.item())
        try:
            activation = Activation(form.kind, parameter)
        except OptionError as error:
            raise found.nodes[-1].error(str(error)) from None
        nodes.extend(found.nodes)
        return activation, found.argument
    return None


def _find_units(
    graph: Graph, dtype: DType, name: str, nodes: list[Node]
) -> tuple[tuple[Activation, ...], str] | None:
    joint = graph.made_by(name)
    order: Array | None = None
    if joint is not None and joint.op == "Gather":
        order = _columns_of(graph, joint, nodes)
        joint = graph.made_by(joint.inputs[0])
    if joint is None or joint.op != "Concat" or not _along_units(graph, joint):
        return None
    nodes.append(joint)
    activations: list[Activation] = []
    columns: list[int] = []
    sources: set[str] = set()
    for part in joint.inputs:
        activation, selected = _find_one(graph, dtype, part, nodes) or (IDENTITY, part)
        chosen, source = _selection(graph, selected, joint, nodes)
        activations.extend([activation] * len(chosen))
        columns.extend(chosen)
        sources.add(source)
    if order is not None:
        if len(order) != len(columns) or order.max() >= len(columns):
            raise joint.error("the columns are not put back in their order.")
        columns = [columns[j] for j in order]
        activations = [activations[j] for j in order]
    if columns != list(range(len(columns))) or len(sources) != 1:
        raise joint.error("Rote reads a Concat only of all columns of one layer, in their order.")
    return tuple(activations), sources.pop()


def _selection(
    graph: Graph, name: str, joint: Node, nodes: list[Node]
) -> tuple[Sequence[int], str]:
    """The columns that a value selects, by one or several of Split and Gather, and of what."""
    chosen: Sequence[int] | None = None
    while (made := graph.producers.get(name)) is not None and made[0].op in {"Gather", "Split"}:
        node, position = made
        if node.op == "Gather":
            columns: Sequence[int] = _columns_of(graph, node, nodes).tolist()
        else:
            sizes = _sizes_of(graph, node, nodes)
            start = sum(sizes[:position])
            columns = range(start, start + sizes[position])
        if chosen is not None and max(chosen) >= len(columns):
            raise joint.error("columns are selected that are not there.")
        chosen = columns if chosen is None else [columns[j] for j in chosen]
        name = node.inputs[0]
    if chosen is None:
        raise joint.error("Rote reads a Concat only of columns from Split or Gather.")
    return chosen, name


def _sizes_of(graph: Graph, node: Node, nodes: list[Node]) -> list[int]:
    sizes = node.attributes.get("split")
    if sizes is None and len(node.inputs) == 2:
        stored = constant(graph, node.inputs[1], nodes)
        whole = stored is not None and stored.ndim == 1 and stored.dtype == np.int64
        sizes = stored.tolist() if stored is not None and whole else None
    if sizes is None or len(sizes) != len(node.outputs) or min(sizes) < 1:
        raise node.error("the sizes must be constant and positive, one per output.")
    if not _along_units(graph, node):
        raise node.error("Rote reads a Split of columns only.")
    if sum(sizes) > graph.most_units:
        raise node.error(f"the file holds no layer of {sum(sizes)} units.")
    nodes.append(node)
    return list(sizes)


def _columns_of(graph: Graph, node: Node, nodes: list[Node]) -> Array:
    columns = constant(graph, node.inputs[1], nodes) if len(node.inputs) == 2 else None
    if (
        columns is None
        or columns.dtype.kind != "i"
        or columns.ndim != 1
        or not columns.size
        or columns.min() < 0
        or not _along_units(graph, node)
    ):
        raise node.error("Rote reads a Gather only of constant columns, counted from 0.")
    nodes.append(node)
    return columns


def _along_units(graph: Graph, node: Node) -> bool:
    return attributes_of(graph, node).get("axis", 0) in {1, -1}
