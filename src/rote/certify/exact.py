"""The claim ``exact`` for piecewise-linear networks: outputs as integers times powers of two.

Batches of points go through the layers as :class:`rote.exact.limbs.Limbs`, where affine maps are
float64 matrix products that round nothing, or column by column where numbers are long and
connections few. The decision's slacks are then exact numbers, and the claim holds if all of them
are positive.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from rote.certify.columns import Columns, fan_in
from rote.certify.verdict import Verdict, float_below
from rote.exact.limbs import ExactMatrix, Limbs
from rote.network import Activation, Affine, Network, Residual
from rote.typing import Array, Floats, Progress

__all__ = ["prove_exact"]

_DIGITS = 1 << 20
"""Digits of one layer of one batch, 8 MB: few enough for caches, enough for products. Ours."""

_FIRST = 8
"""Points in the first batch. Ours."""

_SPARSE = 0.5
"""Terms of a unit per digit of the longest number below which columns are faster. Ours."""


def prove_exact(network: Network, points: Array, target: Array, progress: Progress) -> Verdict:
    """Evaluate a piecewise-linear network without rounding.

    Args:
        network: Of any dtype.
        points: Shape (n, d), finite, as the network receives them.
        target: What to decide: codes of the network's labels, or real targets, (n, k).
        progress: Called as ``progress("exact", points done, n)``.

    Returns:
        The verdict, with the smallest margin rounded down.
    """
    evaluate: _Layers | Columns = _Layers(network)
    widest = max(network.inputs, *(layer.outputs for layer in network.affine_layers))
    n = len(points)
    right = np.zeros(n, np.bool_)
    smallest: Fraction | None = None
    start, size = 0, _FIRST
    while start < n:
        rows = slice(start, start + size)
        slack = network.decision.slack(evaluate(points[rows]), target[rows])
        right[rows] = (slack.sign > 0).all(axis=1)
        if slack.sign.size:
            least = slack.smallest()
            smallest = least if smallest is None else min(smallest, least)
        start += size
        # How long numbers grow is only known from evaluating some.
        if isinstance(evaluate, _Layers):
            longest = evaluate.longest
            if fan_in(network) < _SPARSE * longest:
                evaluate = Columns(network)
        size = max(1, min(8 * size, _DIGITS // (longest * widest)))
        progress("exact", min(start, n), n)
    return Verdict(
        right=right,
        margin=None
        if smallest is None
        else float_below(smallest / network.decision.slack_per_distance),
        reason=""
        if right.all()
        else "Evaluated without rounding, the network decides these points wrongly.",
        arithmetic="integers times powers of two",
        audit={},
    )


class _Layers:
    """A piecewise-linear network, evaluated in limbs.

    Attributes:
        longest: Digits of the longest number so far.
    """

    def __init__(self, network: Network) -> None:
        self.layers = [_prepared(layer) for layer in network.layers]
        self.longest = 1

    def __call__(self, points: Array) -> Limbs:
        h = Limbs.exact(points)
        for layer in self.layers:
            h = layer(h)
            self.longest = max(self.longest, len(h.digits))
        return h


@dataclass(frozen=True, eq=False)
class _Affine:
    """An affine layer made ready for limbs; ``units`` marks the units of each activation."""

    matrix: ExactMatrix
    bias: Limbs
    units: dict[Activation, npt.NDArray[np.bool_]]

    def __call__(self, h: Limbs) -> Limbs:
        z = h.times(self.matrix).plus(self.bias)
        if all(activation.kind == "identity" for activation in self.units):
            return z
        keep = np.ones(z.shape, np.bool_)
        added = []
        for activation, units in self.units.items():
            dropped, instead = _activate(z, activation, units)
            keep &= ~dropped
            added += instead
        z = z.keep(keep)
        for term in added:
            z = z.plus(term)
        return z


@dataclass(frozen=True, eq=False)
class _Residual:
    body: tuple[_Affine, ...]

    def __call__(self, h: Limbs) -> Limbs:
        z = h
        for layer in self.body:
            z = layer(z)
        return h.plus(z)


def _prepared(layer: Affine | Residual) -> _Affine | _Residual:
    if isinstance(layer, Residual):
        return _Residual(tuple(_prepared_affine(affine) for affine in layer.body))
    return _prepared_affine(layer)


def _prepared_affine(layer: Affine) -> _Affine:
    return _Affine(
        ExactMatrix(layer.weight, layer.exponent),
        Limbs.exact(layer.bias[None, :], layer.exponent),
        unit_masks(layer),
    )


def unit_masks(layer: Affine) -> dict[Activation, npt.NDArray[np.bool_]]:
    """The units of each activation in a layer, as masks of shape (out,)."""
    each = layer.activations
    return {a: np.array([b == a for b in each], np.bool_) for a in dict.fromkeys(each)}


def _activate(
    z: Limbs, activation: Activation, units: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.bool_], list[Limbs]]:
    """Which sums an activation replaces, and what stands in their place."""
    match activation.kind:
        case "identity":
            return np.zeros(z.shape, np.bool_), []
        case "relu":
            return units & (z.sign < 0), []
        case "leaky":
            negative = units & (z.sign < 0)
            return negative, [z.keep(negative).scaled(activation.parameter)]
        case "threshold":
            return np.broadcast_to(units, z.shape), [_floats(units & (z.sign > 0))]
        case "hard-tanh":
            one = Limbs.exact(np.ones((1, 1)))
            above, below = units & (z.minus(one).sign > 0), units & (z.plus(one).sign < 0)
            return above | below, [_floats(above * 1.0 - below)]
    raise AssertionError(f"{activation} is not piecewise linear")


def _floats(values: npt.ArrayLike) -> Limbs:
    constants: Floats = np.asarray(values, np.float64)
    return Limbs.exact(constants)
