"""A network as a function of its parameters, with gradients, in float64."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import scipy.special

from rote.errors import OptionError
from rote.network import Layer, Network, Residual
from rote.typing import Array, Floats

__all__ = ["Parameters"]

_ROOT_TWO_PI = float(np.sqrt(2 * np.pi))
_DERIVATIVES: Final[dict[str, Callable[[Floats, float], Floats]]] = {
    "identity": lambda t, _: np.ones_like(t),
    "relu": lambda t, _: np.where(t > 0, 1.0, 0.0),
    "leaky": lambda t, slope: np.where(t >= 0, 1.0, slope),
    "hard-tanh": lambda t, _: np.where(np.abs(t) < 1, 1.0, 0.0),
    "tanh": lambda t, _: 1 - np.square(np.tanh(t)),
    "sigmoid": lambda t, _: scipy.special.expit(t) * scipy.special.expit(-t),
    "gelu": lambda t, _: scipy.special.ndtr(t) + t * np.exp(-np.square(t) / 2) / _ROOT_TWO_PI,
    "silu": lambda t, _: scipy.special.expit(t) * (1 + t * scipy.special.expit(-t)),
    "softplus": lambda t, _: scipy.special.expit(t),
    "sin": lambda t, _: np.cos(t),
    "power": lambda t, k: k * t ** (k - 1),
}
"""Derivatives of activations; at a kink that of one side."""


class Parameters:
    """A network with one output as a function of a vector of all its weights and biases.

    Attributes:
        network: The network.
        theta: Its own parameters, shape (P,), layer by layer, each weight before its bias.
    """

    def __init__(self, network: Network) -> None:
        """Take a network apart.

        Args:
            network: In floats, with one output and without threshold units.

        Raises:
            OptionError: If it is something else.
        """
        if network.dtype == "exact":
            raise OptionError("Gradients need a network in floats, not an exact one.")
        if network.outputs > 1:
            raise OptionError(
                f"Gradients need a network of one output, not {network.outputs}; one built by "
                "zhang2017 or yun2019-three-layer has one, for class labels too."
            )
        if any(a.kind == "threshold" for layer in network.affine_layers for a in layer.activations):
            raise OptionError("Threshold units have no gradient.")
        self.network = network
        self._shapes = [t.shape for f in network.affine_layers for t in (f.weight, f.bias)]
        tensors = [t for f in network.affine_layers for t in (f.weight, f.bias)]
        self.theta: Floats = np.concatenate([t.ravel() for t in tensors]).astype(np.float64)

    def outputs(self, theta: Floats, points: Array) -> Floats:
        """The outputs with other parameters.

        Args:
            theta: Shape (P,).
            points: Shape (n, d).

        Returns:
            Shape (n,).
        """
        return self._forward(theta, points)[0]

    def jacobian(self, theta: Floats, points: Array) -> Floats:
        """The gradient of every output.

        Args:
            theta: Shape (P,).
            points: Shape (n, d).

        Returns:
            Shape (n, P).
        """
        value, tape = self._forward(theta, points)
        parts: list[Floats] = []
        for step, delta in _backwards(tape, np.ones((len(value), 1))):
            if step.shared:
                weight = delta.sum(axis=1, keepdims=True) * step.inputs
            else:
                weight = (delta[:, :, None] * step.inputs[:, None]).reshape(len(value), -1)
            parts += [delta, weight]
        return np.concatenate(parts[::-1], axis=1)

    def gradient(self, theta: Floats, points: Array, target: Floats) -> Floats:
        """The gradient of half the mean squared error.

        Args:
            theta: Shape (P,).
            points: Shape (n, d).
            target: Shape (n,).

        Returns:
            Shape (P,).
        """
        value, tape = self._forward(theta, points)
        parts: list[Floats] = []
        for step, delta in _backwards(tape, (value - target)[:, None] / len(value)):
            summed = delta.sum(axis=1, keepdims=True) if step.shared else delta
            parts += [delta.sum(axis=0), (summed.T @ step.inputs).ravel()]
        return np.concatenate(parts[::-1])

    def _forward(self, theta: Floats, points: Array) -> tuple[Floats, _Tape]:
        tape: _Tape = []
        tensors = self._tensors(theta)
        h = points.astype(np.float64)
        for layer in self.network.layers:
            h = _run(layer, tensors, h, tape)
        return h[:, 0], tape

    def _tensors(self, theta: Floats) -> Iterator[Floats]:
        start = 0
        for shape in self._shapes:
            size = int(np.prod(shape))
            yield theta[start : start + size].reshape(shape)
            start += size


@dataclass(frozen=True, eq=False)
class _Step:
    """What an affine layer did: its inputs (n, a), the activations' slopes (n, b), its weight."""

    inputs: Floats
    slope: Floats
    weight: Floats

    @property
    def shared(self) -> bool:
        """Whether all units use one row."""
        return len(self.weight) < int(self.slope.shape[1])


_Tape: TypeAlias = "list[_Step | _Tape]"
"""Steps in order; those of a residual block are a list of their own."""


def _run(layer: Layer, tensors: Iterator[Floats], h: Floats, tape: _Tape) -> Floats:
    """Evaluate a layer with other parameters, and write down what happened."""
    if isinstance(layer, Residual):
        inner: _Tape = []
        z = h
        for body in layer.body:
            z = _run(body, tensors, z, inner)
        tape.append(inner)
        return h + z
    weight, bias = next(tensors), next(tensors)
    t = h @ weight.T + bias
    slope, value = np.empty_like(t), np.empty_like(t)
    for activation, units in layer.runs():
        slope[:, units] = _DERIVATIVES[activation.kind](t[:, units], activation.parameter)
        value[:, units] = activation(t[:, units])
    tape.append(_Step(h, slope, weight))
    return value


def _backwards(tape: _Tape, error: Floats) -> list[tuple[_Step, Floats]]:
    """From the last step to the first, each with the derivative by its affine sums, (n, b)."""
    found: list[tuple[_Step, Floats]] = []
    _pass_back(tape, error, found)
    return found


def _pass_back(tape: _Tape, back: Floats, found: list[tuple[_Step, Floats]]) -> Floats:
    for step in reversed(tape):
        if isinstance(step, _Step):
            delta = back * step.slope
            found.append((step, delta))
            back = (delta.sum(axis=1, keepdims=True) if step.shared else delta) @ step.weight
        else:
            back = back + _pass_back(step, back, found)
    return back
