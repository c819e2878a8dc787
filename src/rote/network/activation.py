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
_WITH_PARAMETER = frozenset({"leaky", "power"})

_LARGEST_POWER = 1024
"""Largest exponent of ``power``, so that a stranger's file cannot ask for endless numbers. Ours."""


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
        # One form for each parameter: neither the integer 3 nor -0.0, which would print otherwise.
        object.__setattr__(self, "parameter", float(self.parameter) + 0.0)
        if self.kind == "power":
            if not (1 <= self.parameter <= _LARGEST_POWER and self.parameter.is_integer()):
                raise OptionError(
                    f"The power of an activation must be an integer from 1 to {_LARGEST_POWER}, "
                    f"not {self.parameter}."
                )
        elif self.kind == "leaky":
            # The same slope in every arithmetic, as ONNX stores it.
            if not 0 <= self.parameter < 1 or self.parameter != float(np.float32(self.parameter)):
                raise OptionError(
                    "The slope of a leaky ReLU must be a float32 number in [0, 1), not "
                    f"{self.parameter}. The function leaky() rounds it."
                )
        elif self.parameter:
            raise OptionError(f"Activation {self.kind!r} takes no parameter.")

    @property
    def piecewise_linear(self) -> bool:
        """Whether the activation maps dyadic numbers to dyadic numbers by pieces of degree 1."""
        return self.kind in _PIECEWISE_LINEAR

    def __str__(self) -> str:
        """The kind, with its parameter where it has one: ``leaky(0.01)``, ``power(3)``."""
        return f"{self.kind}({self.parameter:g})" if self.kind in _WITH_PARAMETER else self.kind

    def __call__(self, t: Array) -> Array:
        """Apply to each entry.

        Args:
            t: Floats; or Python integers (dtype object), for all kinds but the smooth ones and
                ``leaky``.

        Returns:
            The values, of the same shape and dtype.
        """
        return _FUNCTIONS[self.kind](t, self.parameter)


# scipy.special takes as long to import as all of Rote, and few networks are smooth.


def _expit(t: Array) -> Array:
    from scipy.special import expit

    return np.asarray(expit(t))


def _ndtr(t: Array) -> Array:
    from scipy.special import ndtr

    return np.asarray(ndtr(t))


# numpy keeps float32 where the other operand is a Python number.
_FUNCTIONS: dict[str, Callable[[Array, float], Array]] = {
    "identity": lambda t, _: t,
    "relu": lambda t, _: np.maximum(t, 0),
    "leaky": lambda t, slope: np.where(t >= 0, t, t * slope),
    "hard-tanh": lambda t, _: np.clip(t, -1, 1),
    "threshold": lambda t, _: np.where(t > 0, 1, 0).astype(t.dtype),
    "tanh": lambda t, _: np.tanh(t),
    "sigmoid": lambda t, _: _expit(t),
    "gelu": lambda t, _: t * _ndtr(t),
    "silu": lambda t, _: t * _expit(t),
    "softplus": lambda t, _: np.logaddexp(t, 0),
    "sin": lambda t, _: np.sin(t),
    "power": lambda t, k: t ** int(k),
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
