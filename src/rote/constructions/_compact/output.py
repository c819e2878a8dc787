"""Output: from points of an interval to class codes."""

from __future__ import annotations

import numpy as np

from rote.constructions._compact.codes import Code
from rote.network import Affine
from rote.network.activation import IDENTITY, RELU
from rote.typing import DType, Floats

__all__ = ["output_layers"]

_LARGEST = 1 << 23
"""Bound of a weighted sum of stairs, in units of their smallest difference."""


def output_layers(
    units: list[str],
    codes: tuple[Code, ...],
    base: int,
    depth: int,
    interval: float,
    dtype: DType,
) -> list[Affine]:
    """The sign of one point for two classes; else stairs over the intervals of each code.

    Args:
        units: Names of the units before.
        codes: The code of each word.
        base: Factor of the first word's symbol, with two words.
        depth: Longest code word in bits, of all words.
        interval: Length of the interval that the points lie in.
        dtype: Arithmetic of the network.

    Returns:
        The layers.
    """
    points = np.zeros((len(codes), len(units)))
    for w in range(len(codes)):
        points[w, units.index(f"last{w}")] = points[w, units.index(f"kept{w}")] = 1
    if len(codes) == 1 and len(codes[0].lengths) == 2 and not codes[0].prefix:
        points[0, units.index("one")] = -0.5
        return [Affine(points.astype(dtype), np.zeros(1, dtype), IDENTITY)]
    half = interval * 2.0 ** -(codes[0].planes + 1 + depth)
    stairs = [_stairs(code, interval, half) for code in codes]
    factors = [1] if len(codes) == 1 else [base, 1]
    bias = np.concatenate([b for b, _ in stairs])
    layers = _stair_layers(points, [len(b) for b, _ in stairs], bias, dtype)
    jumps = [f * j for f, (_, j) in zip(factors, stairs, strict=True)]
    start = float(sum(f * int(c.order[0]) for f, c in zip(factors, codes, strict=True)))
    if _bounded(np.concatenate(jumps), interval, half):
        weight = np.concatenate(jumps)[None] / (2 * half)
        layers.append(Affine(weight.astype(dtype), np.full(1, start, dtype), IDENTITY))
        return layers
    return layers + _bit_layers(stairs, codes, factors, half, dtype)


def _stairs(code: Code, interval: float, half: float) -> tuple[Floats, Floats]:
    """Biases of two units per edge between intervals, and the jump of the symbol at each."""
    starts, owners = code.intervals
    edges = starts[1:] * (interval / 2**code.depth)
    jumps = np.diff(owners).astype(np.float64)
    bias = np.stack([half - edges, -half - edges], axis=1).ravel()
    return bias, np.stack([jumps, -jumps], axis=1).ravel()


def _stair_layers(points: Floats, counts: list[int], bias: Floats, dtype: DType) -> list[Affine]:
    """Two units per edge, all of one word with the same weights."""
    if len(counts) == 1:
        return [Affine(points.astype(dtype), bias.astype(dtype), RELU)]
    total = Affine(points.astype(dtype), np.zeros(len(points), dtype), IDENTITY)
    weight = np.repeat(np.eye(len(counts)), counts, axis=0)
    return [total, Affine(weight.astype(dtype), bias.astype(dtype), RELU)]


def _bounded(jumps: Floats, interval: float, half: float) -> bool:
    """Whether no sum of stairs times jumps can round, in any order."""
    return float(np.abs(jumps).sum()) * interval / (2 * half) / 2 < _LARGEST


def _bit_layers(
    stairs: list[tuple[Floats, Floats]],
    codes: tuple[Code, ...],
    factors: list[int],
    half: float,
    dtype: DType,
) -> list[Affine]:
    """Each bit of each symbol by stairs of its own, then the symbols from their bits."""
    rows, bias, values = [], [], []
    lengths = [len(b) for b, _ in stairs]
    for w, (code, factor) in enumerate(zip(codes, factors, strict=True)):
        offset = sum(lengths[:w])
        owners = code.intervals[1]
        for bit in range(int(owners.max()).bit_length()):
            on = (owners >> bit & 1).astype(np.float64)
            row = np.zeros(sum(lengths))
            jumps = np.diff(on) / (2 * half)
            row[offset : offset + lengths[w]] = np.stack([jumps, -jumps], axis=1).ravel()
            rows.append(row)
            bias.append(on[0])
            values.append(float(factor << bit))
    bits = Affine(np.stack(rows).astype(dtype), np.array(bias, dtype), RELU)
    return [bits, Affine(np.array([values], dtype), np.zeros(1, dtype), IDENTITY)]
