"""Layers: an affine map followed by activations, and a residual block of such maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from operator import index
from typing import Any, TypeAlias, final

import numpy as np

from rote.errors import OptionError
from rote.network._frozen import frozen
from rote.network.activation import IDENTITY, Activation
from rote.typing import Array

__all__ = ["LARGEST_EXPONENT", "Affine", "Layer", "Residual", "check_chain"]

LARGEST_EXPONENT = 1 << 20
"""Largest power of two that scales an exact layer, in absolute value, so that a network from a
stranger's file cannot ask for numbers beyond all memory. Ours."""


@final
@dataclass(frozen=True, eq=False)
class Affine:
    r"""The map $h \mapsto \phi(W h + b)$, with one activation for all units or one per unit.

    A weight of a single row with a longer bias is *shared*: every unit uses the same row $u$, and
    unit $j$ computes $\phi_j(u \cdot h + b_j)$ from one common dot product. The row is stored,
    counted and evaluated once.

    In an exact network the arrays hold Python integers (dtype object), and the true weight and
    bias are these integers times ``2 ** exponent``.

    Attributes:
        weight: Shape (out, in), or (1, in) if shared. Read-only.
        bias: Shape (out,). Read-only.
        activation: One for all units, or a tuple with one per unit.
        exponent: Power of two by which the integers of an exact layer are scaled; 0 for floats.
    """

    weight: Array
    bias: Array
    activation: Activation | tuple[Activation, ...] = IDENTITY
    exponent: int = 0

    def __post_init__(self) -> None:
        weight, bias = np.asarray(self.weight), np.asarray(self.bias)
        _check_shapes(weight, bias)
        _check_numbers(weight, bias)
        object.__setattr__(self, "weight", frozen(weight))
        object.__setattr__(self, "bias", frozen(bias))
        object.__setattr__(self, "exponent", _exponent(self.exponent, weight.dtype == object))
        object.__setattr__(self, "activation", _activation(self.activation, len(bias)))

    def __reduce__(self) -> tuple[Any, ...]:
        # A copy goes through the checks again, and its arrays are as immutable as these.
        return Affine, (self.weight, self.bias, self.activation, self.exponent)

    @property
    def inputs(self) -> int:
        """Number of inputs."""
        return int(self.weight.shape[1])

    @property
    def outputs(self) -> int:
        """Number of units."""
        return int(self.bias.shape[0])

    @property
    def shared(self) -> bool:
        """Whether all units use one stored row."""
        return len(self.weight) == 1 < len(self.bias)

    @property
    def linear(self) -> bool:
        """Whether no unit has an activation."""
        return self.activation == IDENTITY

    @property
    def activations(self) -> tuple[Activation, ...]:
        """The activation of each unit."""
        if isinstance(self.activation, tuple):
            return self.activation
        return (self.activation,) * self.outputs

    def runs(self) -> list[tuple[Activation, slice]]:
        """Maximal runs of neighbouring units with one activation, in order."""
        if isinstance(self.activation, Activation):
            return [(self.activation, slice(0, self.outputs))]
        runs, start = [], 0
        for activation, group in groupby(self.activation):
            stop = start + len(list(group))
            runs.append((activation, slice(start, stop)))
            start = stop
        return runs

    def __call__(self, h: Array) -> Array:
        """Evaluate in the layer's float dtype: (batch, in) to (batch, out)."""
        if self.weight.dtype == object:
            raise OptionError("An exact layer has no float outputs; use rote.network.exact.")
        z = h @ self.weight.T + self.bias
        if isinstance(self.activation, Activation):
            return self.activation(z)
        for activation, units in self.runs():
            z[:, units] = activation(z[:, units])
        return z


@final
@dataclass(frozen=True, eq=False)
class Residual:
    r"""The map $h \mapsto h + B(h)$ with a body $B$ of affine layers.

    Attributes:
        body: Layers of matching widths, the last as wide as the first's input.
    """

    body: tuple[Affine, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "body", tuple(self.body))
        if not self.body or not all(isinstance(layer, Affine) for layer in self.body):
            raise OptionError("A residual block needs affine layers, at least one.")
        check_chain(self.body)
        if self.body[0].inputs != self.body[-1].outputs:
            raise OptionError(
                "A residual block must return as many values as it takes, "
                f"not {self.body[-1].outputs} for {self.body[0].inputs}."
            )

    @property
    def inputs(self) -> int:
        """Number of inputs."""
        return self.body[0].inputs

    @property
    def outputs(self) -> int:
        """Number of outputs, equal to the inputs."""
        return self.body[-1].outputs

    def __call__(self, h: Array) -> Array:
        """Evaluate in the layers' float dtype: (batch, in) to (batch, in)."""
        z = h
        for layer in self.body:
            z = layer(z)
        return h + z


Layer: TypeAlias = Affine | Residual


def check_chain(layers: Sequence[Layer]) -> None:
    """Raise :class:`OptionError` unless each layer takes what the one before it returns."""
    for k, (before, after) in enumerate(pairwise(layers)):
        if before.outputs != after.inputs:
            raise OptionError(
                f"Layer {k + 1} takes {after.inputs} values, but layer {k} returns "
                f"{before.outputs}."
            )


def _check_shapes(weight: Array, bias: Array) -> None:
    if weight.ndim != 2 or bias.ndim != 1 or not weight.size or not bias.size:
        raise OptionError(
            "A layer needs a weight of shape (out, in) and a bias of shape (out,), none empty, "
            f"not {weight.shape} and {bias.shape}."
        )
    if len(weight) not in (1, len(bias)):
        raise OptionError(
            f"A layer's weight must have one row, or one per bias ({len(bias)}), not {len(weight)}."
        )


def _check_numbers(weight: Array, bias: Array) -> None:
    if weight.dtype != bias.dtype:
        raise OptionError(
            f"Weight and bias must have one dtype, not {weight.dtype} and {bias.dtype}."
        )
    if weight.dtype not in (np.float32, np.float64, object):
        raise OptionError(
            f"Weights must be float32, float64 or Python integers, not {weight.dtype}."
        )
    if weight.dtype == object:
        if not all(type(v) is int for a in (weight, bias) for v in a.ravel().tolist()):
            raise OptionError("The weights of an exact layer must be Python integers.")
    elif not (np.isfinite(weight).all() and np.isfinite(bias).all()):
        raise OptionError("Weights and biases must be finite.")


def _exponent(exponent: int, exact: bool) -> int:
    exponent = index(exponent)
    if exponent and not exact:
        raise OptionError("Only exact layers have an exponent.")
    if abs(exponent) > LARGEST_EXPONENT:
        raise OptionError(
            f"The exponent of a layer must lie within {LARGEST_EXPONENT}, not {exponent}."
        )
    return exponent


def _activation(
    activation: Activation | Sequence[Activation], units: int
) -> Activation | tuple[Activation, ...]:
    if isinstance(activation, Activation):
        return activation
    each = tuple(activation)
    if not all(isinstance(a, Activation) for a in each):
        raise OptionError("A layer's activations must be rote.network.Activation objects.")
    if len(each) != units:
        raise OptionError(f"A layer of {units} units needs as many activations, not {len(each)}.")
    return each[0] if len(set(each)) == 1 else each
