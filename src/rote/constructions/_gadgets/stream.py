r"""Stream: blocks one after the other, with the position and the sum of outputs carried along.

Beside a block's own units each layer has one unit for the position c, as long as blocks follow, and
one per output for the sum S of what the blocks before have put out, each raised by 1 and so in
[0, 2]. ReLU-like units carry both unchanged if c is not negative; hard-tanh units if c is within
(-1, 1), and S a quarter of the sum.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rote.constructions._gadgets.blocks import Layout
from rote.constructions._gadgets.line_fit import LineFit
from rote.constructions._gadgets.unit_range import UnitRange
from rote.network import Activation, Affine
from rote.network.activation import HARD_TANH
from rote.typing import DType, Floats

__all__ = ["stream"]


def stream(
    direction: Affine,
    layout: Layout,
    fits: Sequence[LineFit],
    activation: Activation,
    goal: UnitRange,
    dtype: DType,
) -> tuple[Affine, ...]:
    """The layers of a network of blocks.

    Args:
        direction: The linear layer of the position.
        layout: Which hidden layers hold blocks.
        fits: The blocks' layers, each -1 beyond its own slice.
        activation: Of all hidden layers.
        goal: Maps values in [-1, 1] to targets.
        dtype: The network's arithmetic.

    Returns:
        All layers.
    """
    made = _Stream(direction, activation, len(goal.scale), dtype)
    blocks = {block.layer: fit for block, fit in zip(layout.blocks, fits, strict=True)}
    last, layer = max(blocks), 0
    while layer < len(layout.widths):
        if layer in blocks:
            made.add_block(blocks[layer], follows=layer < last)
            layer += 2
        else:
            made.add_carry(follows=layer < last)
            layer += 1
    return (*made.layers, made.output(goal))


class _Stream:
    """Layers under construction.

    ``position`` reads c from the units of the last layer, shape (units,); ``total`` and ``offset``
    read S, shapes (k, units) and (k,), with no rows before the first block has ended.
    """

    def __init__(self, direction: Affine, activation: Activation, k: int, dtype: DType) -> None:
        self.layers = [direction]
        self.activation, self.k, self.dtype = activation, k, dtype
        self.part = 0.25 if activation == HARD_TANH else 1.0
        self.position = np.ones(1)
        self.total, self.offset = np.zeros((0, 1)), np.zeros(0)

    def add_carry(self, *, follows: bool) -> None:
        """A hidden layer that only carries.

        Args:
            follows: Whether a block follows, which needs the position.
        """
        self._begin(np.zeros((0, 1)), np.zeros(0), follows=follows)

    def add_block(self, fit: LineFit, *, follows: bool) -> None:
        """The layers of a block.

        Args:
            fit: The block.
            follows: Whether another follows, which needs the position.
        """
        first, *later = fit.layers
        own = self._begin(first.weight, first.bias, follows=follows)
        beside = self.layers[-1].outputs - own
        for layer in later:
            weight = np.zeros((layer.outputs + beside, own + beside))
            weight[: layer.outputs, :own] = layer.weight
            weight[layer.outputs :, own:] = np.eye(beside)
            bias = np.concatenate([layer.bias, np.zeros(beside)])
            self._add(weight, bias, layer.activations[0])
            own = layer.outputs
        self._read(own, follows=follows)
        output = np.zeros((self.k, own + beside))
        output[:, :own] = fit.weight
        raised = fit.bias + 1
        before = self.total if len(self.total) else 0.0
        self.total, self.offset = before + self.part * output, self.part * raised

    def output(self, goal: UnitRange) -> Affine:
        """The linear layer of the targets, scale (S - 1) + shift."""
        scale = goal.scale / self.part
        bias = scale * self.offset - goal.scale + goal.shift
        return Affine((scale[:, None] * self.total).astype(self.dtype), bias.astype(self.dtype))

    def _begin(self, weight: Floats, bias: Floats, *, follows: bool) -> int:
        """A hidden layer of units on the position and of those that carry."""
        carried = [self.position[None]] if follows else []
        rows = np.concatenate([weight * self.position, *carried, self.total])
        self._add(
            rows, np.concatenate([bias, np.zeros(len(carried)), self.offset]), self.activation
        )
        self._read(len(weight), follows=follows)
        return len(weight)

    def _add(self, weight: Floats, bias: Floats, activation: Activation) -> None:
        self.layers.append(Affine(weight.astype(self.dtype), bias.astype(self.dtype), activation))

    def _read(self, own: int, *, follows: bool) -> None:
        """Read position and sum from the units behind a layer's own ones."""
        units, behind = self.layers[-1].outputs, own + int(follows)
        self.position = np.zeros(units)
        self.position[own:behind] = 1
        self.total, self.offset = np.eye(units)[behind:], np.zeros(units - behind)
