"""Floats: an exact network in float64, where float64 holds its numbers."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from rote.errors import PrecisionError
from rote.network.layer import Affine, Layer, Residual
from rote.network.network import Network
from rote.typing import Array

__all__ = ["to_float64"]


def to_float64(network: Network) -> Network:
    """The same function with float64 weights.

    Args:
        network: An exact network; one of floats is returned as it is.

    Returns:
        A network whose weights and biases are the same real numbers. Its evaluation in float64 may
        round; that is for a certificate to say.

    Raises:
        PrecisionError: float64 does not hold a number of the network.
    """
    if network.dtype != "exact":
        return network
    layers = tuple(_layer(layer, k) for k, layer in enumerate(network.layers))
    return replace(network, layers=layers, dtype="float64")


def _layer(layer: Layer, k: int) -> Layer:
    if isinstance(layer, Residual):
        return Residual(tuple(_affine(f, k) for f in layer.body))
    return _affine(layer, k)


def _affine(layer: Affine, k: int) -> Affine:
    return Affine(
        _floats(layer.weight, layer.exponent, k),
        _floats(layer.bias, layer.exponent, k),
        layer.activation,
    )


def _floats(integers: Array, exponent: int, k: int) -> Array:
    flat = integers.ravel().tolist()
    floats = [_float(v, exponent, k) for v in flat]
    return np.array(floats, dtype=np.float64).reshape(integers.shape)


def _float(integer: int, exponent: int, k: int) -> float:
    """The integer times 2^exponent, if that is a float64."""
    shift = (integer & -integer).bit_length() - 1 if integer else 0
    odd = integer >> shift
    power = exponent + shift
    # A float64 is an odd integer below 2^53 in magnitude times at least 2^-1074, below 2^1024.
    if integer and not (
        odd.bit_length() <= 53 and power >= -1074 and odd.bit_length() + power <= 1024
    ):
        raise PrecisionError(
            f"Layer {k} has a number of {odd.bit_length()} bits times 2^{power}, which float64 "
            "does not hold, and ONNX has no wider numbers. Save the network as safetensors."
        )
    return math.ldexp(odd, power) if integer else 0.0
