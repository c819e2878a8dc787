r"""Ramps: one hidden layer that turns a position into how far each group has been passed.

Ramp j is constant outside group j and linear inside, so a linear function of all ramps is any
continuous function that is linear in every group and constant beyond the first and the last. A
second layer clips such functions to [-1, 1].

* Hard-tanh: one unit is a ramp, and saturates without rounding.
* ReLU-like with slopes 1 and $s \in [0, 1)$: a ramp is the difference of two units,
  $\sigma(c - a) - \sigma(c - b) = s (b - a) + (1 - s)\,\mathrm{clip}(c - a, 0, b - a)$. Neighbours
  share the unit of the knot between them, so p groups need p units: the outermost ramps stay open.
  *Ours:* the sharing; units that face away from the middle, so that they are off, or small, for
  most points; and a linear layer that takes the differences before large weights multiply them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rote.constructions._gadgets.zigzag import signs
from rote.network import Activation, Affine
from rote.network.activation import HARD_TANH
from rote.typing import DType, Floats

__all__ = ["Clipped", "Ramps", "clip_layer", "ramps"]


@dataclass(frozen=True, eq=False)
class Ramps:
    """Layers from a position to the ramps of p groups, as they were rounded.

    Attributes:
        layers: A hidden layer on one input; for ReLU-like units a linear one behind it.
        activation: That of the hidden layer.
        knots: Ends of the groups, shape (p + 1,).
        open_ends: Whether the outermost ramps of ReLU-like units go on beyond their group.
        y: How far each slot is from the beginning of its group, shape (p, q).
        width: Width of each group in the same unit, shape (p,).
    """

    layers: tuple[Affine, ...]
    activation: Activation
    knots: Floats
    open_ends: bool
    y: Floats
    width: Floats

    def weights(self, start: Floats, rate: Floats) -> tuple[Floats, Floats]:
        """Weights and biases of functions of which value and rates are given.

        Args:
            start: Values at the first knot, shape (k, q).
            rate: Absolute slopes in units of ``y``, shape (p, k, q); signs alternate from + on.

        Returns:
            Weights on the ramps, shape (k, q, p), and biases, shape (k, q).
        """
        slope = rate * signs(len(rate))[:, None, None]
        if self.activation == HARD_TANH:
            # Ramp j goes from -s_j to s_j.
            return np.moveaxis(rate, 0, 2), start + slope.sum(axis=0)
        p, s, middle = len(rate), self.activation.parameter, len(rate) // 2
        outer = np.zeros_like(start)  # how the open ends tilt everything, divided by s
        if self.open_ends:
            outer = (slope[0] + slope[-1]) / (1 + s) if p > 1 else slope[0]
        x = (slope - s * outer) / (1 - s)
        facing = np.where(np.arange(p) < middle, -1.0, 1.0)[:, None, None]
        at_middle = s * self.width  # value of each ramp at the middle knot
        if self.open_ends:
            at_middle[-1] = s * (self.knots[middle] - self.knots[-2])
            if p > 1:
                at_middle[0] = s * (self.knots[1] - self.knots[middle])
        x *= facing
        value = start + np.einsum("j,jkq->kq", self.width[:middle], slope[:middle])
        return np.moveaxis(x, 0, 2), value - np.einsum("j,jkq->kq", at_middle, x)


@dataclass(frozen=True, eq=False)
class Clipped:
    """A hidden layer behind which m clipped functions can be read.

    Attributes:
        layer: The layer, with r units for each function.
        coefficient: Shape (m, r): a clipped function is this times its units, plus ``constant``.
        constant: Shape (m,).
    """

    layer: Affine
    coefficient: Floats
    constant: Floats


def ramps(
    knots: Floats, at: Floats, activation: Activation, *, paired: bool, dtype: DType
) -> Ramps:
    """The layers of the ramps between knots.

    Args:
        knots: Ends of p groups in increasing order, shape (p + 1,).
        at: Positions in each group, shape (p, q).
        activation: Hard-tanh, ReLU or leaky ReLU.
        paired: Whether every ramp of ReLU-like units has two units of its own.
        dtype: The network's arithmetic.

    Returns:
        The ramps.
    """
    if activation == HARD_TANH:
        return _hard_tanh(knots, at, dtype)
    knots = knots.astype(dtype).astype(np.float64)
    p = len(knots) - 1
    middle = p // 2
    if paired:
        facing = np.repeat(np.where(np.arange(p) < middle, -1.0, 1.0), 2)
        place = np.repeat(knots, 2)[1:-1]
        difference = np.zeros((p, 2 * p))
        group = np.arange(p)
        difference[group, 2 * group] = facing[::2]
        difference[group, 2 * group + 1] = -facing[::2]
    else:
        facing = np.where(np.arange(p) < middle, -1.0, 1.0)
        place = knots[np.where(np.arange(p) < middle, np.arange(p) + 1, np.arange(p))]
        difference = np.eye(p)
        left, right = np.arange(1, middle), np.arange(middle, p - 1)
        difference[left, left - 1] = -1
        difference[right, right + 1] = -1
    hidden = Affine(facing[:, None].astype(dtype), (-facing * place).astype(dtype), activation)
    linear = Affine(difference.astype(dtype), np.zeros(p, dtype))
    return Ramps(
        layers=(hidden, linear),
        activation=activation,
        knots=knots,
        open_ends=not paired,
        y=at - knots[:-1, None],
        width=np.diff(knots),
    )


def _hard_tanh(knots: Floats, at: Floats, dtype: DType) -> Ramps:
    p = len(knots) - 1
    sign, width = signs(p), np.diff(knots)
    weight = (sign * 2 / width).astype(dtype)
    bias = (-sign * (knots[:-1] + knots[1:]) / width).astype(dtype)
    inside = at * weight.astype(np.float64)[:, None] + bias.astype(np.float64)[:, None]
    return Ramps(
        layers=(Affine(weight[:, None], bias, HARD_TANH),),
        activation=HARD_TANH,
        knots=knots,
        open_ends=False,
        y=1 + sign[:, None] * inside,
        width=np.full(p, 2.0),
    )


def clip_layer(
    weight: Floats, bias: Floats, activation: Activation, facing: Floats, dtype: DType
) -> Clipped:
    r"""A hidden layer of which a linear function clips given functions to [-1, 1].

    ReLU-like units come in pairs,
    $(1 - s)\,\mathrm{clip}(t) = \sigma(t + 1) - \sigma(t - 1) - (1 + s)$.

    Args:
        weight: Shape (m, inputs).
        bias: Shape (m,).
        activation: Hard-tanh, ReLU or leaky ReLU.
        facing: Shape (m,): 1 where ReLUs are to be off below -1, and -1 where above 1.
        dtype: The network's arithmetic.

    Returns:
        The layer and how to read it.
    """
    if activation == HARD_TANH:
        layer = Affine(weight.astype(dtype), bias.astype(dtype), activation)
        return Clipped(layer, np.ones((len(bias), 1)), np.zeros(len(bias)))
    s = activation.parameter
    shifted = (bias * facing)[:, None] + np.array([1.0, -1.0])
    layer = Affine(
        np.repeat(weight * facing[:, None], 2, axis=0).astype(dtype),
        shifted.ravel().astype(dtype),
        activation,
    )
    coefficient = facing[:, None] * np.array([1.0, -1.0]) / (1 - s)
    return Clipped(layer, coefficient, -facing * (1 + s) / (1 - s))
