"""What is known of the form of a network: widths as text, a network's layers, or only a count."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

from rote.bounds import Architecture, Outline
from rote.errors import OptionError
from rote.network import Activation, Affine, Network
from rote.network.activation import Kind, leaky

__all__ = ["Shape", "activation_named", "shape_of_network", "shape_of_widths", "widths_of"]


@dataclass(frozen=True)
class Shape:
    """A network as the bounds see it.

    Attributes:
        outline: Its inputs, outputs and free parameters.
        architecture: The fully connected network that it is, or is a part of; None if there is none
            with one activation.
        whole: Whether all weights of the architecture are free, so that guarantees hold.
    """

    outline: Outline
    architecture: Architecture | None = None
    whole: bool = False

    def describe(self) -> str:
        """In one line: widths where they are known, activation, parameters."""
        parameters = f"{self.outline.parameters} parameters"
        if self.architecture is None:
            return f"a network of other layers, {parameters}"
        widths = "-".join(map(str, self.architecture.widths))
        if len(self.architecture.hidden) > 8:
            widths = f"{self.architecture.inputs}-...-{self.architecture.outputs} with "
            widths += f"{len(self.architecture.hidden)} hidden layers"
        part = "" if self.whole else "a part of "
        return f"{part}{widths} {self.architecture.activation}, {parameters}"


def widths_of(text: str) -> tuple[int, ...] | None:
    """The widths that a text such as ``784-500-500-10`` stands for; ``50x8`` is eight times 50.

    Args:
        text: The text.

    Returns:
        The widths, or None if it is no such text.
    """
    if re.fullmatch(r"\d+(x\d+)?(-\d+(x\d+)?)+", text) is None:
        return None
    widths: list[int] = []
    for part in text.split("-"):
        width, _, times = part.partition("x")
        widths += [int(width)] * int(times or 1)
    return tuple(widths)


def activation_named(name: str | Activation) -> Activation:
    """The activation of a name as Rote prints it: ``relu``, ``leaky(0.01)``, ``power(3)``.

    Args:
        name: The name, or an activation.

    Returns:
        The activation.

    Raises:
        OptionError: An unknown name.
    """
    if isinstance(name, Activation):
        return name
    match = re.fullmatch(r"([a-z-]+)(?:\(([-+.e\d]+)\))?", name)
    if match is None:
        raise OptionError(f"An activation is written relu, leaky(0.01) or power(3), not {name!r}.")
    kind, parameter = match[1], match[2]
    try:
        value = float(parameter) if parameter else 0.0
    except ValueError:
        raise OptionError(f"An activation's parameter is a number, not {parameter!r}.") from None
    if kind == "leaky":
        return leaky(value) if parameter else leaky()
    return Activation(cast(Kind, kind), value)


def shape_of_widths(widths: Sequence[int], activation: Activation) -> Shape:
    """A fully connected network with biases.

    Args:
        widths: Inputs, units of each hidden layer, outputs.
        activation: Of all hidden units.

    Returns:
        Its shape.
    """
    architecture = Architecture(tuple(widths), activation)
    return Shape(architecture.outline, architecture, whole=True)


def shape_of_network(network: Network) -> Shape:
    """The shape of a network whose stored weights become free.

    Linear layers are merged with the next, which may free more weights than are stored; the network
    is then a part of the architecture, and so is one with shared rows.

    Args:
        network: The network.

    Returns:
        Its shape.
    """
    parameters = network.size.parameters or 0
    layers = [layer for layer in network.layers if isinstance(layer, Affine)]
    kinds = {a for layer in layers if not layer.linear for a in layer.activations}
    activation = kinds.pop() if len(kinds) == 1 else None
    bare = Outline(network.inputs, network.outputs, parameters, None, activation)
    if len(layers) < len(network.layers) or kinds or not layers[-1].linear:
        return Shape(bare)
    hidden = [layer for layer in layers if not layer.linear]
    if not hidden:
        activation = Activation("identity")
    elif activation is None:
        return Shape(bare)
    architecture = Architecture(
        (network.inputs, *(layer.outputs for layer in hidden), network.outputs), activation
    )
    plain = not any(layer.shared for layer in layers) and len(hidden) == len(layers) - 1
    chain = (network.inputs, *(layer.outputs for layer in layers))
    dense = sum((a + 1) * b for a, b in pairwise(chain)) == parameters
    if plain and dense:
        return Shape(architecture.outline, architecture, whole=True)
    return Shape(bare, architecture)
