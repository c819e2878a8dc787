"""Slopes of activations, and the smoothed ReLU: what Newton's method needs to know of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from rote.errors import OptionError
from rote.network import Activation
from rote.network.activation import (
    GELU,
    RELU,
    SIGMOID,
    SILU,
    SIN,
    SOFTPLUS,
    TANH,
    power,
)
from rote.typing import Floats

__all__ = ["ACTIVATIONS", "Curve", "approach", "curve", "named_activation", "smoothed_relu"]

ACTIVATIONS: dict[str, Activation] = {
    **{a.kind: a for a in (TANH, SIGMOID, GELU, SILU, SOFTPLUS, SIN, RELU)},
    **{f"power({k})": power(k) for k in range(2, 10)},
}
"""Activations that Newton's method can use, by the names of their options."""


@dataclass(frozen=True)
class Curve:
    """A function of one variable with its slope.

    Attributes:
        value: The function, entry by entry.
        slope: Its derivative; at a kink, one of the two.
    """

    value: Callable[[Floats], Floats]
    slope: Callable[[Floats], Floats]


def named_activation(name: str) -> Activation:
    """The activation of an option's name, ``tanh`` or ``power(3)``."""
    if name not in ACTIVATIONS:
        raise OptionError(
            f"Option 'activation' must be one of {', '.join(ACTIVATIONS)}, not {name!r}."
        )
    return ACTIVATIONS[name]


def curve(activation: Activation) -> Curve:
    """An activation of :data:`ACTIVATIONS` with its slope."""
    k = int(activation.parameter)
    slopes: dict[str, Callable[[Floats], Floats]] = {
        "tanh": lambda t: 1 / np.cosh(np.clip(t, -350, 350)) ** 2,
        "sigmoid": lambda t: 0.25 / np.cosh(np.clip(t / 2, -350, 350)) ** 2,
        "gelu": _gelu_slope,
        "silu": _silu_slope,
        "softplus": _sigmoid,
        "sin": np.cos,
        "relu": lambda t: (t > 0).astype(np.float64),
        "power": lambda t: k * t ** (k - 1),
    }
    return Curve(activation, slopes[activation.kind])


def smoothed_relu(sharpness: float) -> Curve:
    r"""The function $\log(1 + e^{\beta t}) / \beta$, at most $\log 2 / \beta$ above the ReLU."""
    return Curve(
        lambda t: np.logaddexp(sharpness * t, 0) / sharpness, lambda t: _sigmoid(sharpness * t)
    )


def approach(activation: Activation, sharpness: Sequence[float]) -> list[Curve]:
    """An activation, preceded for the ReLU by smooth functions of growing sharpness."""
    smooth = map(smoothed_relu, sharpness) if activation.kind == "relu" else ()
    return [*smooth, curve(activation)]


def _sigmoid(t: Floats) -> Floats:
    from scipy.special import expit

    return np.asarray(expit(t))


def _gelu_slope(t: Floats) -> Floats:
    from scipy.special import ndtr

    return np.asarray(ndtr(t) + t * np.exp(-t * t / 2) / math.sqrt(2 * math.pi))


def _silu_slope(t: Floats) -> Floats:
    s = _sigmoid(t)
    return s * (1 + t * (1 - s))
