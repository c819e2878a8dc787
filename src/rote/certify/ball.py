"""The claim ``exact`` for networks with smooth activations: outputs enclosed in balls.

Arb's ball arithmetic [johansson2017] carries a midpoint and a radius for every number, and the
exact value is surely inside. The claim holds if every slack of the decision is positive in all of
its ball. Points for which that is neither so nor surely wrong are tried again with more bits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias, final

import flint
import numpy as np
from flint import arb, arb_mat

from rote.certify.verdict import Verdict, float_below
from rote.network import Activation, Affine, Layer, Network
from rote.typing import Array, Floats, Integers, Progress

__all__ = ["Ball", "BallLayer", "activate", "as_balls", "prove_ball", "through"]

_POINTS = 200
"""Points evaluated at once: enough for fast products of ball matrices. Ours."""

_PRECISIONS = (64, 256, 1024, 4096)
"""Bits of the midpoints, tried in turn. Ours."""

Ball: TypeAlias = Any
"""A flint.arb, which comes without types."""


def prove_ball(network: Network, points: Array, target: Array, progress: Progress) -> Verdict:
    """Enclose the exact outputs of any network.

    Args:
        network: Of any dtype and with any activations.
        points: Shape (n, d), finite, as the network receives them.
        target: What to decide: codes of the network's labels, or real targets, (n, k).
        progress: Called as ``progress("exact", points settled, n)``.

    Returns:
        The verdict, with a lower bound of the smallest margin. Its audit holds ``bits``, the
        precision that was needed, and how many points are surely ``wrong`` and ``undecided``.
    """
    n, bits = len(points), _PRECISIONS[0]
    right, wrong = np.zeros(n, np.bool_), np.zeros(n, np.bool_)
    lower: list[Fraction | float] = [-math.inf] * n
    for bits in _PRECISIONS:
        for rows, slack in _slacks(network, points, target, np.flatnonzero(~right & ~wrong), bits):
            right[rows] = (slack > 0).all(axis=1)
            wrong[rows] = (slack <= 0).any(axis=1)
            for row, balls in zip(rows.tolist(), slack.tolist(), strict=True):
                lower[row] = min(map(_lower, balls), default=math.inf)
            progress("exact", int(np.count_nonzero(right | wrong)), n)
        if (right | wrong).all():
            break
    undecided = n - int(np.count_nonzero(right | wrong))
    least = min(lower)
    return Verdict(
        right=right,
        margin=None
        if isinstance(least, float)  # an infinity
        else float_below(least / network.decision.slack_per_distance),
        reason=_reason(int(np.count_nonzero(wrong)), undecided, bits),
        arithmetic=f"ball arithmetic of {bits} bits",
        audit={"bits": bits, "wrong": int(np.count_nonzero(wrong)), "undecided": undecided},
    )


def _reason(wrong: int, undecided: int, bits: int) -> str:
    parts = []
    if wrong:
        parts.append(f"{wrong} proved wrong")
    if undecided:
        parts.append(f"{undecided} undecided at {bits} bits, perhaps on a boundary")
    return f"Of these points {' and '.join(parts)}." if parts else ""


def _slacks(
    network: Network, points: Array, target: Array, rows: Integers, bits: int
) -> Iterator[tuple[Integers, Array]]:
    """Slacks as object arrays of balls, for some points at a time."""
    with flint.ctx.workprec(bits):
        apply = through(network.layers)
        for start in range(0, len(rows), _POINTS):
            some = rows[start : start + _POINTS]
            h = apply(as_balls(points[some]))
            yield some, network.decision.slack(_Balls(h), target[some]).balls


def as_balls(values: Array) -> Array:
    """Numbers of shape (n, k) as balls of radius 0."""
    return np.array([[arb(v) for v in row] for row in values.tolist()], object)


def through(layers: Sequence[Layer]) -> Callable[[Array], Array]:
    """The map of some layers on balls, (n, in) to (n, out), in the precision at hand."""
    bodies = [
        [BallLayer.of(affine) for affine in ((layer,) if isinstance(layer, Affine) else layer.body)]
        for layer in layers
    ]

    def apply(h: Array) -> Array:
        for layer, body in zip(layers, bodies, strict=True):
            z = h
            for affine in body:
                z = affine(z)
            h = z if isinstance(layer, Affine) else h + z
        return h

    return apply


@dataclass(frozen=True, eq=False)
class BallLayer:
    """An affine layer in balls: the transposed weight, the bias, each unit's activation."""

    weight: Any
    bias: Array
    activations: tuple[Activation, ...]

    @classmethod
    def of(cls, layer: Affine) -> BallLayer:
        """The layer with balls that hold its weights alone."""
        columns = layer.weight.T.tolist()
        weight = [[exact_ball(v, layer.exponent) for v in column] for column in columns]
        bias = np.array([exact_ball(v, layer.exponent) for v in layer.bias.tolist()], object)
        return cls(arb_mat(weight), bias, layer.activations)

    def sums(self, h: Array) -> Array:
        """Affine sums of units, (n, out), at balls of shape (n, in)."""
        product = arb_mat(h.tolist()) * self.weight
        rows = np.array(product.entries(), object).reshape(len(h), -1)  # one column if shared
        z: Array = rows + self.bias
        return z

    def __call__(self, h: Array) -> Array:
        """Values of units, (n, out), at balls of shape (n, in)."""
        return np.array(
            [
                [activate(a, t) for a, t in zip(self.activations, row, strict=True)]
                for row in self.sums(h)
            ],
            object,
        )


def exact_ball(value: Any, exponent: int) -> Ball:
    """A weight: a float, or an integer times a power of two."""
    return arb((value, exponent)) if exponent else arb(value)


def activate(activation: Activation, t: Ball) -> Ball:
    """An enclosure of an activation over a ball, in forms that neither overflow nor cancel."""
    match activation.kind:
        case "identity":
            return t
        case "relu":
            return t.max(arb(0))
        case "leaky":  # the slope is below 1
            return t.max(t * activation.parameter)
        case "hard-tanh":
            return t.min(arb(1)).max(arb(-1))
        case "threshold":
            return arb(1) if t > 0 else arb(0) if t <= 0 else arb(0).union(arb(1))
        case "tanh":
            return t.tanh()
        case "sigmoid":
            return _sigmoid(t)
        case "gelu":
            return t * (-t / arb(2).sqrt()).erfc() / 2
        case "silu":
            return t * _sigmoid(t)
        case "softplus":
            return t + (-t).exp().log1p() if t > 0 else t.exp().log1p()
        case "sin":
            return t.sin()
        case "power":
            return t ** int(activation.parameter)


def _sigmoid(t: Ball) -> Ball:
    if t > 0:
        return 1 / (1 + (-t).exp())
    e = t.exp()
    return e / (1 + e)


def _lower(ball: Ball) -> Fraction | float:
    """The lower end of a ball; minus infinity where there is none."""
    end = ball.lower()
    if not end.is_finite():
        return -math.inf
    mantissa, exponent = end.man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


@final
@dataclass(frozen=True, eq=False)
class _Balls:
    """Output vectors (n, k) of balls, an object array."""

    balls: Array

    def take(self, columns: Integers) -> _Balls:
        """Entries (i, columns[i, j]), shape (n, m)."""
        return _Balls(np.take_along_axis(self.balls, columns, axis=1))

    def signed(self, sign: Integers) -> _Balls:
        """Each entry times its sign, +1 or -1, of the same shape."""
        return _Balls(self.balls * sign.astype(object))

    def minus(self, other: _Balls) -> _Balls:
        """The difference, of the same shape."""
        return _Balls(self.balls - other.balls)

    def plus_constant(self, constant: Floats) -> _Balls:
        """The sum with floats of the same shape."""
        return _Balls(self.balls + constant.astype(object))
