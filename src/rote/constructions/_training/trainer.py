"""A trainer: everything about a data set and an arithmetic that stays while widths are tried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from rote.constructions._base import Context
from rote.constructions._gadgets.slopes import Curve, approach
from rote.constructions._gadgets.whitening import Whitening, whitened
from rote.constructions._training.goals import Equal, Goal, Margins
from rote.constructions._training.gradient import lbfgs
from rote.constructions._training.levenberg import finish, levenberg_marquardt, through
from rote.constructions._training.perceptron import Perceptron, random_perceptron
from rote.data import DataSet
from rote.errors import OptionError
from rote.network import Activation, Affine, ArgMax, Decision, Sign, Value
from rote.typing import Floats

__all__ = ["GAIN", "SHARPNESS", "Trainer"]

GAIN = 0.3
"""Spread of the affine sums of a network to start from: nearly linear units learn best. Ours."""

_LOAD = 3.3
"""Label bits per parameter at which the search for a width begins. Ours."""

_MARGIN, _ENOUGH = 1.0, 0.2
"""Slacks that training asks for, and at which it stops. Ours."""

_RELATIVE = 1e-11
"""Relative error to which real targets are fitted. Ours."""

_LARGE = 1e11
"""Operations of a step by all rows beyond which L-BFGS goes first. Ours."""

_WARM = 2000
"""Steps of L-BFGS that go first. Ours."""

SHARPNESS = tuple(2.0**k for k in range(1, 15))
"""Sharpness of the smooth functions on the way to the ReLU. Ours."""


@final
@dataclass(frozen=True, eq=False)
class Trainer:
    """What is trained, and who judges.

    Attributes:
        data: The data set.
        decision: How outputs are read: by sign for two classes, else the largest one's class; real
            targets within their tolerance.
        context: Arithmetic, randomness, progress.
        frame: Whitened coordinates.
        points: The points in them, shape (n, r).
        goal: What networks are trained for.
        center: What is subtracted from real targets, shape (k,).
        scale: What they are divided by.
        outputs: Number of outputs.
        steps: Steps of Levenberg and Marquardt for each network.
    """

    data: DataSet
    decision: Decision
    context: Context
    frame: Whitening
    points: Floats
    goal: Goal
    center: Floats
    scale: float
    outputs: int
    steps: int

    @classmethod
    def of(
        cls, data: DataSet, y: Floats, decision: Decision, context: Context, steps: int
    ) -> Trainer:
        """A trainer for targets of shape (n, k); the decision is kept unless there are classes."""
        frame, points = whitened(data.floats())
        if data.labels is None:
            center = y.mean(axis=0)
            scale = float(np.sqrt(np.mean((y - center) ** 2)))
            goal: Goal = Equal((y - center) / scale, _RELATIVE)
            k = y.shape[1]
            return cls(data, decision, context, frame, points, goal, center, scale, k, steps)
        assert data.codes is not None
        k = len(data.labels) if len(data.labels) > 2 else 1
        reader = ArgMax(data.labels) if k > 1 else Sign(data.labels)
        goal = Margins.of(reader, k, data.codes, _MARGIN, _ENOUGH)
        return cls(data, reader, context, frame, points, goal, np.zeros(k), 1.0, k, steps)

    def guess(self, activation: Activation) -> int:
        """A width that may just do: as many parameters as real labels, fewer for classes."""
        n, r = self.points.shape
        lost = activation.kind == "relu"
        needed = (
            n * self.outputs if self.data.labels is None else self.data.information_bits / _LOAD
        )
        return int(np.ceil((needed + 1 - self.outputs) / (r + 1 + self.outputs - lost)))

    def attempt(self, width: int, activation: Activation, seeds: int) -> Perceptron | None:
        """Train networks of a width until one is right after rounding; None if none is."""
        for seed in range(seeds):
            self.context.progress(f"{activation} units: {width}, seed", seed, seeds)
            rng = np.random.default_rng(self.context.rng.integers(2**63))
            start = random_perceptron(self.points.shape[1], width, self.outputs, GAIN, rng)
            with np.errstate(over="ignore", under="ignore", invalid="ignore"):
                network = self._train(start, activation)
            if network is not None and self._right(network, activation):
                return network
        return None

    def layers(self, network: Perceptron, activation: Activation) -> tuple[Affine, Affine]:
        """The network on the data as given, rounded to its arithmetic.

        Returns:
            A hidden and an output layer.

        Raises:
            OptionError: A weight is too large for the arithmetic.
        """
        dtype = self.context.dtype
        weight, bias = self.frame.fold(network.hidden[:, :-1], network.hidden[:, -1])
        last = network.output[:, :-1] * self.scale
        offset = network.output[:, -1] * self.scale + self.center
        return (
            Affine(weight.astype(dtype), bias.astype(dtype), activation),
            Affine(last.astype(dtype), offset.astype(dtype)),
        )

    def _train(self, start: Perceptron, activation: Activation) -> Perceptron | None:
        curves = approach(activation, SHARPNESS)
        psi = curves[-1]
        if isinstance(self.goal, Margins) and self.goal.count * start.size**2 > _LARGE:
            warm = self._scaled(lbfgs(psi, start, self.points, self.goal, _WARM), psi)
            fit = levenberg_marquardt(psi, warm, self.points, self.goal, self.steps)
        else:
            fit = through(curves, start, self.points, self.goal, self.steps)
        if isinstance(self.goal, Margins):
            fit = finish(psi, fit, self.points, self.goal)
        return fit.network if fit.reached else None

    def _scaled(self, network: Perceptron, psi: Curve) -> Perceptron:
        """The network with output weights at which half of the slacks are twice the margin."""
        assert isinstance(self.goal, Margins)
        slack = self.goal.slack(network.respond(self.points, psi).outputs)
        typical = float(np.median(slack))
        factor = 2 * _MARGIN / typical if typical > 0 else 1.0
        return Perceptron(network.hidden, network.output * factor)

    def _right(self, network: Perceptron, activation: Activation) -> bool:
        """Whether the rounded network decides every point right, with half of its margin left."""
        outputs = self.data.floats()
        with np.errstate(all="ignore"):
            try:
                layers = self.layers(network, activation)
            except OptionError:  # infinite weights
                return False
            for layer in layers:
                wide = layer.weight.astype(np.float64), layer.bias.astype(np.float64)
                outputs = Affine(*wide, layer.activation)(outputs)
        if isinstance(self.goal, Margins):
            return bool(self.goal.slack(outputs).min() >= _ENOUGH / 2)
        assert isinstance(self.decision, Value)
        return bool(np.abs(outputs - self.data.target).max() <= self.decision.tolerance / 2)
