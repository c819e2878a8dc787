r"""Clamps: ways to make hard tanhs, $\mathrm{clip}(t) = \min(\max(t, -1), 1)$, from given units.

A network of [yun2019] needs them twice. First as *ramps*: functions of a position that are constant
outside a group of points and linear inside, of which sums make every continuous function that is
linear in every group. Then to clip such functions to [-1, 1].
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from rote.constructions._gadgets.slots import Groups
from rote.constructions._gadgets.split import Rule
from rote.network import Activation, Affine
from rote.typing import DType, Floats

__all__ = ["Clamp", "Clipped", "Ramps", "first_layer"]


@dataclass(frozen=True, eq=False)
class Ramps(ABC):
    """Layers from a position to the ramps of p groups, as they were rounded.

    Attributes:
        layers: On one input.
        width: Width of each group, shape (p,).
    """

    layers: tuple[Affine, ...]
    width: Floats

    @abstractmethod
    def y(self, groups: Groups) -> Floats:
        """How far each slot is from the beginning of its group, in units of ``width``, (g, q)."""

    @abstractmethod
    def weights(self, start: Floats, rate: Floats) -> tuple[Floats, Floats]:
        """Weights and biases of functions of which value and rates are given.

        Args:
            start: Values at the first knot, shape (k, q).
            rate: Absolute slopes in units of ``width``, shape (p, k, q); signs alternate from + on.

        Returns:
            Weights on the ramps, shape (k, q, p), and biases, shape (k, q).
        """


def first_layer(ramps: Ramps, groups: Groups) -> Floats:
    """What the first layer's unit of each group is at its slots before its activation, (g, q)."""
    layer, part = ramps.layers[0], groups.part
    weight, bias = layer.weight[part].astype(np.float64), layer.bias[part, None].astype(np.float64)
    return np.asarray(groups.at * weight + bias)


@dataclass(frozen=True, eq=False)
class Clipped:
    """Hidden layers behind which m clipped functions can be read.

    Attributes:
        layers: The layers; the last has r units for each function.
        coefficient: Shape (m, r): a clipped function is this times its units, plus ``constant``.
        constant: Shape (m,).
    """

    layers: tuple[Affine, ...]
    coefficient: Floats
    constant: Floats


@dataclass(frozen=True)
class Clamp(ABC):
    """A way to make hard tanhs.

    Attributes:
        even: Whether numbers of groups and slots are even, as in the paper.
    """

    even: bool

    @property
    @abstractmethod
    def activation(self) -> Activation:
        """That of all hidden layers."""

    @property
    @abstractmethod
    def rule(self) -> Rule:
        """How many units groups and slots take."""

    @property
    @abstractmethod
    def saturates(self) -> bool:
        """Whether -1 and 1 are reached without rounding."""

    @abstractmethod
    def ramps(self, knots: Floats, dtype: DType) -> Ramps:
        """The layers of the ramps between knots.

        Args:
            knots: Ends of p groups in increasing order, shape (p + 1,).
            dtype: The network's arithmetic.

        Returns:
            The ramps.
        """

    @abstractmethod
    def clip(self, weight: Floats, bias: Floats, facing: Floats, dtype: DType) -> Clipped:
        """Hidden layers behind which linear functions of the layer before can be read, clipped.

        Args:
            weight: Shape (m, inputs).
            bias: Shape (m,).
            facing: Shape (m,): 1 for functions that are mostly below -1, and -1 for others. It
                decides where units are off, not what is computed.
            dtype: The network's arithmetic.

        Returns:
            The layers and how to read them.
        """
