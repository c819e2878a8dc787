"""Read: an ONNX file of Rote's or of another tool as a network, or a refusal that says why.

What is proved of a network read is believed of its file, so every node must be understood: one
that Rote does not know, or that does not lead from the input to the outputs, is refused by name.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy.typing as npt

from rote.errors import FormatError, OptionError
from rote.export.choice import choose_decision
from rote.export.onnx.decode import Decode, find_decode
from rote.export.onnx.graph import LARGEST_FILE, PRODUCER, Graph, Node, parse
from rote.export.onnx.labels import Formed, restore
from rote.export.onnx.layers import arithmetic, read_layers
from rote.export.onnx.neutral import skip_identities
from rote.network.decision import Decision, Value
from rote.network.network import Network, Provenance

__all__ = ["from_bytes", "load", "returned_decision"]

_LONGEST_SEED = 1000
"""Most digits of a seed. Ours."""


def load(
    path: str | os.PathLike[str],
    *,
    decision: str | None = None,
    labels: npt.ArrayLike | None = None,
    tolerance: float | None = None,
) -> Network:
    """Read a network from an ONNX file.

    A file of Rote's comes back bit for bit, with the decision that its own nodes make. A file of
    another tool may use Gemm, or MatMul and Add, the activations in their usual forms, residual
    blocks ``x + body(x)``, and operations that pass rows on as they are.

    Args:
        path: The file.
        decision: For a file that returns raw outputs only: ``argmax``, ``sign``, ``nearest``,
            ``bits`` or ``value``, chosen by default as in
            :func:`rote.export.choice.choose_decision`.
        labels: For a file without labels: the labels in the order of their codes.
        tolerance: For real targets; it comes before one that the file names.

    Returns:
        The network.

    Raises:
        FormatError: The file is missing, damaged or unsafe, or uses something that is not read.
        OptionError: The arguments do not fit the network.
    """
    path = Path(path)
    try:
        if not path.is_file():
            raise FormatError("There is no such file.")
        if path.stat().st_size > LARGEST_FILE:
            raise FormatError("An ONNX file holds at most 2 GB.")
        content = path.read_bytes()
        return from_bytes(content, decision=decision, labels=labels, tolerance=tolerance)
    except (FormatError, OSError) as error:
        raise FormatError(f"{path}: {' '.join(str(error).split())}") from None


def from_bytes(
    content: bytes,
    *,
    decision: str | None = None,
    labels: npt.ArrayLike | None = None,
    tolerance: float | None = None,
) -> Network:
    """Read a network from the bytes of an ONNX file.

    Args:
        content: The file.
        decision: As for :func:`load`.
        labels: As for :func:`load`.
        tolerance: As for :func:`load`.

    Returns:
        The network.

    Raises:
        FormatError: The file is damaged or unsafe, or uses something that is not read.
        OptionError: The arguments do not fit the network.
    """
    graph = parse(content)
    nodes: list[Node] = []
    raw, kind, formed = _outputs(graph, nodes)
    dtype = arithmetic(graph)
    layers = read_layers(graph, raw, dtype, nodes)
    _refuse_unread(graph, nodes)
    own = graph.metadata if graph.producer == PRODUCER else {}
    if kind is not None and decision not in {None, kind}:
        raise OptionError(f"The file decides by {kind!r} itself, not by {decision!r}.")
    try:
        if not layers:
            raise FormatError("The network must have a layer.")
        made: Decision | None = None
        if kind is not None and formed is not None:
            made = restore(kind, formed, own.get("labels"))
            made.check(layers[-1].outputs)
        elif own.get("decision") == "value" and decision in {None, "value"} and tolerance is None:
            made = Value(_number(own.get("tolerance", "")))
        provenance = _provenance(own)
    except OptionError as error:
        raise FormatError(str(error)) from None
    if made is None:
        made = choose_decision(layers, kind or decision, labels, tolerance)
    return Network(layers, made, dtype, provenance)


def returned_decision(content: bytes, classes: int) -> Decision | None:
    """The decision that a file makes, with the labels as the file returns them.

    Args:
        content: A file that :func:`from_bytes` reads.
        classes: Number of labels.

    Returns:
        The decision, of codes where the file returns these; None where it returns raw outputs only.

    Raises:
        FormatError: The file is not read.
    """
    _, kind, formed = _outputs(parse(content), [])
    return None if kind is None else restore(kind, formed or list(range(classes)), None)


def _outputs(graph: Graph, nodes: list[Node]) -> tuple[str, str | None, Formed | None]:
    """The raw output; the decision that the file makes of it and its labels, if it makes one."""
    raws: list[str] = []
    decode: Decode | None = None
    for name in graph.outputs:
        found = find_decode(graph, name, nodes)
        if found is None:
            raws.append(skip_identities(graph, name, nodes))
        elif decode is not None:
            raise FormatError(f"The output {name[:80]!r} is a second label; Rote reads one.")
        else:
            decode = found
            raws.append(skip_identities(graph, found.source, nodes))
    if len(set(raws)) != 1 or len(graph.outputs) > 2:
        names = ", ".join(repr(name[:40]) for name in graph.outputs[:4])
        raise FormatError(
            f"Rote reads one output and the label decided from it, not {names}. Export the network "
            "with its raw output only."
        )
    if decode is None:
        return raws[0], None, None
    return raws[0], decode.kind, decode.labels


def _refuse_unread(graph: Graph, nodes: list[Node]) -> None:
    read = {id(node) for node in nodes}
    for node in graph.nodes:
        if id(node) not in read:
            raise node.error("it is not read, and does not lead from the input to the outputs.")


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise FormatError(f"The metadata 'tolerance' is no number: {text[:40]!r}.") from None


def _provenance(metadata: Mapping[str, str]) -> Provenance:
    seed = metadata.get("seed", "0")
    if not seed.removeprefix("-").isdecimal() or len(seed) > _LONGEST_SEED:
        raise FormatError(f"The metadata 'seed' must be an integer, not {seed[:40]!r}.")
    return Provenance(metadata.get("construction", ""), int(seed), metadata.get("data", ""))
