"""Stack: layers put together from maps, activations and residual blocks as they are found."""

from __future__ import annotations

import numpy as np

from rote.errors import OptionError
from rote.network.activation import Activation
from rote.network.layer import Affine, Layer, Residual
from rote.typing import Array, DType

__all__ = ["Stack"]

_WIDEST_IDENTITY = 4096
"""Most units of a layer made for a difference or for an activation that follows no affine map;
64 MB. Ours."""


class Stack:
    """Layers in the order in which they are applied.

    Attributes:
        dtype: Arithmetic of the layers.
        width: Length of the rows so far; None while it is open.
        layers: The layers so far.
    """

    def __init__(self, dtype: DType, width: int | None = None) -> None:
        self.dtype = dtype
        self.width = width
        self.layers: list[Layer] = []
        self._bare: Affine | None = None  # the last layer while it waits for its activation

    def add_map(self, weight: Array, bias: Array) -> None:
        """Add an affine map.

        Args:
            weight: Shape (out, in), or (1, in) if all units share one row.
            bias: Shape (out,).

        Raises:
            OptionError: It does not fit the rows so far, or is not finite.
        """
        layer = Affine(weight, bias)
        self.check_width(layer.inputs)
        self._append(layer, bare=True)

    def add_reflection(self, constant: float) -> None:
        """Add the map of each value to a constant less it.

        Args:
            constant: The constant.

        Raises:
            OptionError: The rows are too wide, or of unknown width, or the constant is not finite.
        """
        width = self._narrow("A difference")
        self.add_map(0 - np.eye(width, dtype=self.dtype), np.full(width, constant, self.dtype))

    def add_activation(self, activation: Activation | tuple[Activation, ...]) -> None:
        """Apply activations; if no map came right before, one with the identity matrix is added.

        Args:
            activation: One for all units or one per unit.

        Raises:
            OptionError: There is not one activation per unit, or an identity matrix is too wide.
        """
        if self._bare is not None:
            before = self._bare
            self.layers.pop()
        else:
            width = self._narrow("An activation")
            before = Affine(np.eye(width, dtype=self.dtype), np.zeros(width, self.dtype))
        self._append(Affine(before.weight, before.bias, activation))

    def add_block(self, body: Stack) -> None:
        """Add a residual block.

        Args:
            body: Its body, which started with the width of the rows so far.

        Raises:
            OptionError: The body is empty, holds a block, or changes the width.
        """
        affine = tuple(layer for layer in body.layers if isinstance(layer, Affine))
        if len(affine) != len(body.layers):
            raise OptionError("A residual block within another is not read.")
        self._append(Residual(affine))

    def body(self) -> Stack:
        """An empty stack for the body of a residual block on the rows so far."""
        return Stack(self.dtype, self.width)

    def check_width(self, width: int) -> None:
        """Raise :class:`OptionError` unless the rows so far have this length; then they do."""
        if self.width not in {None, width}:
            raise OptionError(f"Rows of {width} values are needed, not of {self.width}.")
        self.width = width

    def _narrow(self, what: str) -> int:
        """The length of the rows, if it is known and a square matrix of that size may be made."""
        if self.width is None or self.width > _WIDEST_IDENTITY:
            raise OptionError(
                f"{what} must follow an affine map, or at most {_WIDEST_IDENTITY} values."
            )
        return self.width

    def _append(self, layer: Layer, *, bare: bool = False) -> None:
        self.layers.append(layer)
        self.width = layer.outputs
        self._bare = layer if bare and isinstance(layer, Affine) else None
