"""How many points a network memorizes: guaranteed, open, impossible, each by its theorem."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from rote.api.files import load
from rote.atlas.labels import DEFAULT_LABELS, classes_of
from rote.atlas.limits import Limits, limits
from rote.atlas.regions import Map, map_regions
from rote.atlas.shape import (
    Shape,
    activation_named,
    shape_of_network,
    shape_of_widths,
    widths_of,
)
from rote.bounds import Outline, Question
from rote.errors import DependencyError, FormatError, OptionError
from rote.network import Activation, Network
from rote.typing import Progress, no_progress

if TYPE_CHECKING:
    from torch import nn

__all__ = ["Capacity", "Described", "bounds", "capacity_maps", "shape_of"]

Described: TypeAlias = "Sequence[int] | str | Path | Network | nn.Module"


@dataclass(frozen=True)
class Capacity:
    """How many points a network memorizes.

    Attributes:
        network: The network in one line.
        parameters: Its free parameters.
        widths: Inputs, hidden units of each layer and outputs of the fully connected network that
            it is, or is a part of; None if there is none with one activation.
        activation: Of all hidden units, where it is one.
        limits: The answer for each kind of labels.
    """

    network: str
    parameters: int
    widths: tuple[int, ...] | None
    activation: str | None
    limits: tuple[Limits, ...]

    def to_json(self) -> dict[str, Any]:
        """Everything as plain values."""
        rows = []
        for row in self.limits:
            named = {
                "certain": row.certain,
                "conditional": row.conditional,
                "first": row.first,
                "hopeless": row.hopeless,
            }
            keys = {name: value.key if value else None for name, value in named.items()}
            rows.append({**asdict(row), **keys, "open": row.open})
        return {**asdict(self), "limits": rows}


def bounds(
    network: Described,
    *,
    activation: str | Activation = "relu",
    labels: Iterable[str | int] = DEFAULT_LABELS,
    separation: float | None = None,
    failure: float = 0.01,
    bits: int | None = None,
    total_weight: float | None = None,
) -> Capacity:
    """How many points a network is sure to memorize, may memorize, can never memorize.

    Args:
        network: Widths, as numbers or ``"784-500-500-10"``; a network or a network file in ONNX or
            Rote's own form; or a PyTorch module. Of a module that is no sequence of fully connected
            layers, only the trainable parameters are counted.
        activation: That of the hidden units, where widths are given: ``relu``, ``threshold``,
            ``hard-tanh``, ``leaky(0.01)``, ``tanh``, ``sigmoid``, ``gelu``, ``silu``, ``softplus``,
            ``sin``, ``power(3)`` or ``identity``.
        labels: Kinds of labels: ``binary``, ``ten``, ``real``, a number of classes, or ``tokens-N``
            for distributions over N classes.
        separation: Least distance between points of the unit ball, where it is known.
        failure: Probability with which statements about random labels may fail.
        bits: Bits of each parameter; real numbers by default. Nothing is guaranteed with bits.
        total_weight: Largest total weight of a network with one hidden layer; any by default.
            Nothing is guaranteed with it.

    Returns:
        The limits for each kind of labels.

    Raises:
        OptionError: An argument is not understood.
        FormatError: The file cannot be read.
    """
    shape = shape_of(network, activation)
    rows = []
    for name in labels:
        classes, distributions = classes_of(name)
        question = Question(classes, separation, failure, bits, total_weight, distributions)
        rows.append(limits(shape, question))
    known = shape.architecture
    kind = shape.outline.activation
    return Capacity(
        shape.describe(),
        shape.outline.parameters,
        None if known is None else known.widths,
        None if kind is None else str(kind),
        tuple(rows),
    )


def shape_of(network: Described, activation: str | Activation = "relu") -> Shape:
    """The shape of a network in any of the forms that :func:`bounds` takes.

    Args:
        network: Widths, a network, a file or a PyTorch module.
        activation: Of the hidden units, where widths are given.

    Returns:
        The shape.
    """
    if isinstance(network, str) and (widths := widths_of(network)) is not None:
        return shape_of_widths(widths, activation_named(activation))
    if isinstance(network, str | Path):
        path = Path(network)
        if path.suffix not in (".onnx", ".safetensors"):
            raise OptionError(
                f"A network is written 784-500-500-10, or is a .onnx or .safetensors file, not "
                f"{str(network)!r}."
            )
        network = load(path)
    if isinstance(network, Network):
        return shape_of_network(network)
    if not isinstance(network, Sequence):
        return _shape_of_module(network)
    try:
        widths = tuple(int(width) for width in network)
    except (TypeError, ValueError):
        raise OptionError(f"Widths are whole numbers, not {network!r}.") from None
    return shape_of_widths(widths, activation_named(activation))


def capacity_maps(
    network: Described,
    n: int,
    *,
    activation: str | Activation = "relu",
    labels: Iterable[str | int] = DEFAULT_LABELS,
    separation: float | None = None,
    failure: float = 0.01,
    bits: int | None = None,
    progress: Progress = no_progress,
) -> list[Map]:
    """What is known of n points at every width and depth, for a network's inputs and outputs.

    Args:
        network: As for :func:`bounds`; its hidden layers play no part.
        n: Number of points.
        activation: As for :func:`bounds`.
        labels: As for :func:`bounds`.
        separation: As for :func:`bounds`.
        failure: As for :func:`bounds`.
        bits: As for :func:`bounds`.
        progress: Called as ``progress(stage, done, total)``.

    Returns:
        One map for each kind of labels.

    Raises:
        OptionError: An argument is not understood, or the network has no one activation.
    """
    shape = shape_of(network, activation)
    units = shape.outline.activation
    if units is None:
        raise OptionError("A map needs one activation; the network has none or several.")
    ends = shape.outline.inputs, shape.outline.outputs
    maps = []
    for name in labels:
        classes, distributions = classes_of(name)
        question = Question(classes, separation, failure, bits, None, distributions)
        maps.append(map_regions(n, ends, units, question, progress=progress))
    return maps


def _shape_of_module(module: nn.Module) -> Shape:
    """A sequence of layers that Rote reads, or the number of trainable parameters."""
    if not hasattr(module, "parameters"):
        raise OptionError(f"A network is widths, a file or a module, not {type(module).__name__}.")
    free = sum(p.numel() for p in module.parameters() if p.requires_grad)
    try:
        from rote.export.torch import from_torch

        shape = shape_of_network(from_torch(module))
    except (FormatError, OptionError, DependencyError):
        # The first output alone is what is sure to exist.
        return Shape(Outline(inputs=1, outputs=1, parameters=free))
    if free == shape.outline.parameters:
        return shape
    return Shape(Outline(shape.outline.inputs, shape.outline.outputs, free), shape.architecture)
