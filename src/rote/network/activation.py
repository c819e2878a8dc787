"""Activations: what a unit does to its affine sum.

Piecewise-linear ones (``identity, relu, leaky, hard-tanh, threshold``) can be evaluated without
rounding; the smooth ones can only be enclosed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
import scipy.special

from rote.errors import OptionError
from rote.typing import Array

__all__ = [
    "GELU",
    "HARD_TANH",
    "IDENTITY",
    "RELU",
    "SIGMOID",
    "SILU",
    "SIN",
    "SOFTPLUS",
    "TANH",
    "THRESHOLD",
    "Activation",
    "Kind",
    "leaky",
    "power",
]

Kind: TypeAlias = Literal[
    "identity",
    "relu",
    "leaky",
    "hard-tanh",
    "threshold",
    "tanh",
    "sigmoid",
    "gelu",
    "silu",
    "softplus",
    "sin",
    "power",
]

_PIECEWISE_LINEAR = frozenset({"identity", "relu", "leaky", "hard-tanh", "threshold"})


@dataclass(frozen=True)
class Activation:
    r"""A scalar function applied to each unit's affine sum $t$.

    ==============  =====================================================
    kind            value at $t$
    ==============  =====================================================
    ``identity``    $t$
    ``relu``        $\max(t, 0)$
    ``leaky``       $t$ for $t \ge 0$, else ``parameter`` $\cdot\, t$
    ``hard-tanh``   $\min(\max(t, -1), 1)$
    ``threshold``   1 for $t > 0$, else 0 (so 0 at $t = 0$)
    ``tanh``        $\tanh t$
    ``sigmoid``     $1 / (1 + e^{-t})$
    ``gelu``        $t\,\Phi(t)$ with the normal distribution function (not the tanh form)
    ``silu``        $t / (1 + e^{-t})$
    ``softplus``    $\log(1 + e^t)$
    ``sin``         $\sin t$
    ``power``       $t^k$ with the integer $k$ = ``parameter`` $\ge 1$
    ==============  =====================================================

    Attributes:
        kind: One of the names above.
        parameter: The negative slope of ``leaky`` or the exponent of ``power``; 0 otherwise.
    """

    kind: Kind
    parameter: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            known = ", ".join(get_args(Kind))
            raise OptionError(f"Activation must be one of {known}, not {self.kind!r}.")
        if self.kind == "power":
            if self.parameter < 1 or self.parameter != int(self.parameter):
                raise OptionError(
                    f"The power of an activation must be an integer from 1, not {self.parameter}."
                )
        elif self.kind == "leaky":
            if not 0 <= self.parameter < 1:
                raise OptionError(
                    f"The slope of a leaky ReLU must be in [0, 1), not {self.parameter}."
                )
        elif self.parameter:
            raise OptionError(f"Activation {self.kind!r} takes no parameter.")

    @property
    def piecewise_linear(self) -> bool:
        """Whether the activation maps dyadic numbers to dyadic numbers by pieces of degree 1."""
        return self.kind in _PIECEWISE_LINEAR

    def __str__(self) -> str:
        """The kind, with its parameter where it has one: ``leaky(0.01)``, ``power(3)``."""
        return f"{self.kind}({self.parameter:g})" if self.parameter else self.kind

    def __call__(self, t: Array) -> Array:
        """Apply to floats, in their own dtype (or to Python integers, where that is exact)."""
        return _FUNCTIONS[self.kind](t, self.parameter)


def _relu(t: Array, _: float) -> Array:
    return np.maximum(t, t.dtype.type(0) if t.dtype != object else 0)


def _leaky(t: Array, slope: float) -> Array:
    return np.where(t >= 0, t, t * t.dtype.type(slope))


def _threshold(t: Array, _: float) -> Array:
    return np.where(t > 0, t.dtype.type(1), t.dtype.type(0)) if t.dtype != object else np.where(t > 0, 1, 0).astype(object)


def _gelu(t: Array, _: float) -> Array:
    return t * scipy.special.ndtr(t)


def _softplus(t: Array, _: float) -> Array:
    return np.logaddexp(t, t.dtype.type(0))


def _power(t: Array, k: float) -> Array:
    return t ** int(k)


_FUNCTIONS: dict[str, Callable[[Array, float], Array]] = {
    "identity": lambda t, _: t,
    "relu": _relu,
    "leaky": _leaky,
    "hard-tanh": lambda t, _: np.clip(t, -1, 1),
    "threshold": _threshold,
    "tanh": lambda t, _: np.tanh(t),
    "sigmoid": lambda t, _: scipy.special.expit(t),
    "gelu": _gelu,
    "silu": lambda t, _: t * scipy.special.expit(t),
    "softplus": _softplus,
    "sin": lambda t, _: np.sin(t),
    "power": _power,
}

IDENTITY = Activation("identity")
RELU = Activation("relu")
HARD_TANH = Activation("hard-tanh")
THRESHOLD = Activation("threshold")
TANH = Activation("tanh")
SIGMOID = Activation("sigmoid")
GELU = Activation("gelu")
SILU = Activation("silu")
SOFTPLUS = Activation("softplus")
SIN = Activation("sin")


def leaky(slope: float = 0.01) -> Activation:
    """The leaky ReLU with the given slope on the negative side, rounded to a float32."""
    if not math.isfinite(slope):
        raise OptionError(f"The slope of a leaky ReLU must be finite, not {slope}.")
    return Activation("leaky", float(np.float32(slope)))


def power(k: int) -> Activation:
    """The monomial t -> t^k."""
    return Activation("power", float(k))
