"""Oracles: a network evaluated in fractions, and in floats in any order, one number at a time.

Plain Python that shares no code with the library: it only reads the attributes of a network.
"""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

SIGNIFICAND = {"float32": 24, "float64": 53}
LEAST_EXPONENT = {"float32": -149, "float64": -1074}
SMALLEST_NORMAL = {"float32": Fraction(2) ** -126, "float64": Fraction(2) ** -1022}


def outputs(network: Any, point: Sequence[Any]) -> list[Fraction]:
    """Raw outputs at one point, without rounding."""
    h = [Fraction(v) for v in point]
    for layer in network.layers:
        if hasattr(layer, "body"):
            z = h
            for affine in layer.body:
                z = _affine(affine, z)
            h = [a + b for a, b in zip(h, z, strict=True)]
        else:
            h = _affine(layer, h)
    return h


def _affine(layer: Any, h: list[Fraction]) -> list[Fraction]:
    out = []
    scale = Fraction(2) ** layer.exponent
    for j, bias in enumerate(layer.bias.tolist()):
        row = layer.weight[j if len(layer.weight) > 1 else 0].tolist()
        t = sum((Fraction(w) * v for w, v in zip(row, h, strict=True)), Fraction(bias)) * scale
        out.append(_activate(layer.activations[j], t))
    return out


def _activate(activation: Any, t: Fraction) -> Fraction:
    match activation.kind:
        case "identity":
            return t
        case "relu":
            return max(t, Fraction(0))
        case "leaky":
            return t if t >= 0 else t * Fraction(activation.parameter)
        case "hard-tanh":
            return min(max(t, Fraction(-1)), Fraction(1))
        case "threshold":
            return Fraction(1 if t > 0 else 0)
        case "power":
            return t ** int(activation.parameter)
    raise NotImplementedError(activation.kind)


def distance(decision: Any, raw: Sequence[Fraction], target: Any) -> Fraction | None:
    """How far every output may move before the target is no longer decided; negative if wrong.

    None where every output decides the target.
    """
    half = Fraction(1, 2)
    kind = type(decision).__name__
    if kind == "Value":
        tolerance = Fraction(decision.tolerance)
        return min(
            tolerance - abs(a - Fraction(t)) for a, t in zip(raw, target.tolist(), strict=True)
        )
    if kind == "Columns":
        parts = zip(decision.labels, raw, target.tolist(), strict=True)
        distances = [_to_code(a, code, len(labels) - 1) for labels, a, code in parts]
        return min((d for d in distances if d is not None), default=None)
    last = len(decision.labels) - 1
    target = int(target)
    if kind == "ArgMax":
        others = [a for j, a in enumerate(raw) if j != target]
        return (raw[target] - max(others)) / 2 if others else None
    if kind == "Sign":
        return raw[0] if target == 1 else -raw[0]
    if kind == "Bits":
        return min(a - half if target >> j & 1 else half - a for j, a in enumerate(raw))
    assert kind == "Nearest"
    return _to_code(raw[0], target, last)


def _to_code(raw: Fraction, code: int, last: int) -> Fraction | None:
    """How far an output may move before it is nearest to another code."""
    half = Fraction(1, 2)
    edges = [raw - (code - half)] * (code > 0) + [code + half - raw] * (code < last)
    return min(edges, default=None)


def smallest_distance(
    network: Any, points: Any, targets: Any
) -> tuple[list[bool], Fraction | None]:
    """Whether each point is decided right, and the smallest distance of all."""
    distances = [
        distance(network.decision, outputs(network, p), t)
        for p, t in zip(points.tolist(), targets, strict=True)
    ]
    right = [d is None or d > 0 for d in distances]
    return right, min((d for d in distances if d is not None), default=None)


def below(value: Fraction) -> float:
    """The largest finite float64 that is at most the value, or the least one of all."""
    try:
        near = float(value)
    except OverflowError:
        near = math.inf if value > 0 else -math.inf
    if near == math.inf or (near != -math.inf and Fraction(near) > value):
        near = math.nextafter(near, -math.inf)
    return max(near, -sys.float_info.max)


def to_float(value: Fraction, dtype: str, *, flush: bool = False) -> Fraction:
    """A number rounded to nearest, ties to even, in float32 or float64.

    Raises:
        OverflowError: It rounds to infinity.
    """
    if not value:
        return value
    if flush and abs(value) < SMALLEST_NORMAL[dtype]:
        return Fraction(0)
    # 2^(e - 1) <= |value| < 2^e, up to one, which the rounding to an integer below tolerates.
    e = value.numerator.bit_length() - value.denominator.bit_length()
    e += abs(value) >= Fraction(2) ** e
    ulp = Fraction(2) ** max(e - SIGNIFICAND[dtype], LEAST_EXPONENT[dtype])
    rounded = round(value / ulp) * ulp
    largest = (2 - Fraction(2) ** (1 - SIGNIFICAND[dtype])) * Fraction(2) ** (
        127 if dtype == "float32" else 1023
    )
    if abs(rounded) > largest:
        raise OverflowError
    return rounded


class FloatMachine:
    """One IEEE-754 machine: it adds in an order of its own, fuses or not, flushes or not.

    Each sum is formed anew in a random tree; every operation is rounded to the dtype.
    """

    def __init__(self, dtype: str, seed: int) -> None:
        self.dtype = dtype
        self.random = random.Random(seed)
        self.flush = self.random.random() < 0.5
        self.fuse = self.random.choice([0.0, 0.5, 1.0])
        self.order: Callable[[list[tuple[Fraction, Fraction]], Fraction], Fraction]
        self.order = self.random.choice([self._in_turn, self._as_tree, self._in_blocks])

    def outputs(self, network: Any, point: Sequence[Any]) -> list[Fraction]:
        """Raw outputs at one point as this machine finds them."""
        h = [self._round(Fraction(v)) for v in point]
        for layer in network.layers:
            if hasattr(layer, "body"):
                z = h
                for affine in layer.body:
                    z = self._affine(affine, z)
                h = [self._round(a + b) for a, b in zip(h, z, strict=True)]
            else:
                h = self._affine(layer, h)
        return h

    def _round(self, value: Fraction) -> Fraction:
        return to_float(value, self.dtype, flush=self.flush)

    def _affine(self, layer: Any, h: list[Fraction]) -> list[Fraction]:
        out = []
        for j, bias in enumerate(layer.bias.tolist()):
            row = layer.weight[j if len(layer.weight) > 1 else 0].tolist()
            pairs = [(self._round(Fraction(w)), v) for w, v in zip(row, h, strict=True)]
            t = self.order(pairs, self._round(Fraction(bias)))
            out.append(self._round(_activate(layer.activations[j], t)))
        return out

    def _in_turn(self, pairs: list[tuple[Fraction, Fraction]], bias: Fraction) -> Fraction:
        """One after the other, in any order, the bias first or last."""
        self.random.shuffle(pairs)
        first = self.random.random() < 0.5
        total = bias if first else Fraction(0)
        for w, v in pairs:
            if self.random.random() < self.fuse:
                total = self._round(total + w * v)
            else:
                total = self._round(total + self._round(w * v))
        return total if first else self._round(total + bias)

    def _as_tree(self, pairs: list[tuple[Fraction, Fraction]], bias: Fraction) -> Fraction:
        """Any two partial sums at a time."""
        terms = [self._round(w * v) for w, v in pairs] + [bias]
        while len(terms) > 1:
            a = terms.pop(self.random.randrange(len(terms)))
            b = terms.pop(self.random.randrange(len(terms)))
            terms.append(self._round(a + b))
        return terms[0]

    def _in_blocks(self, pairs: list[tuple[Fraction, Fraction]], bias: Fraction) -> Fraction:
        """A few accumulators side by side, as vector units do."""
        width = self.random.choice([2, 4, 8])
        lanes = [self._in_turn(pairs[k::width], Fraction(0)) for k in range(width)]
        total = Fraction(0)
        for lane in lanes:
            total = self._round(total + lane)
        return self._round(total + bias)
