r"""Exact evaluation: what a network outputs when nothing is rounded.

Slow and plain. Every number is a Python integer times a power of two that a whole layer shares, so
that an affine map is a product of integer matrices. Works for piecewise-linear activations and
powers, in every arithmetic of the weights, and for weights of any length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rote.errors import OptionError
from rote.exact.dyadic import common_exponent, decompose, to_fractions, to_integers
from rote.network.activation import Activation
from rote.network.layer import Affine, Layer
from rote.network.network import Network
from rote.typing import Array, Progress, no_progress

__all__ = ["evaluate", "evaluate_layers", "predict_exact"]

_ROWS = 256
"""Points evaluated at a time. Ours."""


def evaluate(network: Network, points: npt.ArrayLike, *, progress: Progress = no_progress) -> Array:
    """Raw outputs of the stored weights, without rounding.

    Args:
        network: A network of any dtype whose activations are piecewise linear or powers.
        points: Shape (n, d), finite floats or integers of any length, taken as they are.
        progress: Called as ``progress("evaluate", points done, n)``.

    Returns:
        Fractions (dtype object) of shape (n, k).

    Raises:
        OptionError: An activation is smooth, or the points have another width.
        DataError: The points are not finite numbers.
    """
    return evaluate_layers(network.layers, points, progress=progress)


def predict_exact(
    network: Network, points: npt.ArrayLike, *, progress: Progress = no_progress
) -> Array:
    """Labels that the network decides when nothing is rounded.

    Args:
        network: As for :func:`evaluate`.
        points: As for :func:`evaluate`.
        progress: As for :func:`evaluate`.

    Returns:
        Labels of shape (n,), or (n, k) for several; or Fractions of shape (n, k) for real targets.

    Raises:
        OptionError: An activation is smooth, or the points have another width.
        DataError: The points are not finite numbers.
    """
    return network.decision.label(evaluate(network, points, progress=progress))


def evaluate_layers(
    layers: Sequence[Layer], points: npt.ArrayLike, *, progress: Progress = no_progress
) -> Array:
    """Outputs of a chain of layers, without rounding.

    Args:
        layers: At least one layer; activations are piecewise linear or powers.
        points: Shape (n, d), finite floats or integers of any length.
        progress: Called as ``progress("evaluate", points done, n)``.

    Returns:
        Fractions (dtype object) of shape (n, k).

    Raises:
        OptionError: An activation is smooth, or the points have another width.
        DataError: The points are not finite numbers.
    """
    array = np.asarray(points)
    if array.ndim != 2 or array.shape[1] != layers[0].inputs:
        raise OptionError(f"Points must have shape (n, {layers[0].inputs}), not {array.shape}.")
    outputs = np.empty((len(array), layers[-1].outputs), dtype=object)
    for start in range(0, len(array), _ROWS):
        h = _Scaled(*to_integers(array[start : start + _ROWS]))
        for layer in layers:
            h = _apply(layer, h)
        outputs[start : start + _ROWS] = to_fractions(h.integers, h.exponent)
        progress("evaluate", min(start + _ROWS, len(array)), len(array))
    return outputs


@dataclass(frozen=True, eq=False)
class _Scaled:
    """Python integers times 2 ** exponent."""

    integers: Array
    exponent: int

    def at(self, exponent: int) -> Array:
        """The integers of the same numbers at an exponent that is no larger."""
        shift = self.exponent - exponent
        return self.integers << shift if shift else self.integers

    def plus(self, other: _Scaled) -> _Scaled:
        exponent = min(self.exponent, other.exponent)
        return _Scaled(self.at(exponent) + other.at(exponent), exponent)

    def reduced(self) -> _Scaled:
        """The same numbers in the shortest integers."""
        integers, shift = to_integers(self.integers)
        return _Scaled(integers, self.exponent + shift)


def _apply(layer: Layer, h: _Scaled) -> _Scaled:
    if isinstance(layer, Affine):
        return _affine(layer, h)
    z = h
    for affine in layer.body:
        z = _affine(affine, z)
    return h.plus(z)


def _affine(layer: Affine, h: _Scaled) -> _Scaled:
    low = common_exponent(layer.weight, layer.bias)
    weight, bias = (to_integers(t, low)[0] for t in (layer.weight, layer.bias))
    scale = low + layer.exponent
    product = _Scaled(h.integers @ weight.T, h.exponent + scale)
    z = product.plus(_Scaled(bias[None, :], scale))
    parts = [_activate(a, _Scaled(z.integers[:, units], z.exponent)) for a, units in layer.runs()]
    exponent = min(part.exponent for part in parts)
    return _Scaled(np.concatenate([p.at(exponent) for p in parts], axis=1), exponent).reduced()


def _activate(activation: Activation, z: _Scaled) -> _Scaled:
    t, exponent = z.integers, z.exponent
    match activation.kind:
        case "identity":
            return z
        case "relu":
            return _Scaled(np.maximum(t, 0), exponent)
        case "leaky":
            slope, below = decompose(activation.parameter)  # below <= 0, as the slope is below 1
            return _Scaled(np.where(t >= 0, t << -below, t * slope), exponent + below)
        case "hard-tanh":
            exponent = min(exponent, 0)
            one = np.asarray(1 << -exponent, dtype=object)  # beyond int64 for small exponents
            return _Scaled(np.minimum(np.maximum(z.at(exponent), -one), one), exponent)
        case "threshold":
            return _Scaled(np.where(t > 0, 1, 0).astype(object), 0)
        case "power":
            k = int(activation.parameter)
            return _Scaled(t**k, exponent * k)
        case kind:
            raise OptionError(
                f"Activation {kind!r} has no exact values; a certificate encloses them."
            )
