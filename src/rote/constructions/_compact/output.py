r"""Output: from points of an interval to integers, and their sign for two classes.

Every edge between two code words' intervals has two units whose difference rises from 0 to 1 within
the gap of width 2h that no point enters. An output is the sum of its jumps at all edges. Where that
could round, each bit of the output has stairs of its own, in several units if need be, each for
some neighbouring intervals, and the next layer adds up the bits.
"""

from __future__ import annotations

import numpy as np

from rote.constructions._compact.reader import point_units
from rote.constructions._compact.words import Word, Words
from rote.network import Affine
from rote.network.activation import IDENTITY, RELU
from rote.typing import DType, Floats, Integers

__all__ = ["bounded", "output_layers", "sign_layer"]

_LARGEST = 1 << 23
"""Bound of a weighted sum of stairs, in units of their smallest difference."""


def sign_layer(units: list[str], word: Word, dtype: DType) -> Affine:
    """The point less the only edge of a word of two symbols, positive for symbol 1.

    Args:
        units: Names of the units before.
        word: The word.
        dtype: Arithmetic of the network.

    Returns:
        The last layer.
    """
    starts, owners = word.code.intervals
    weight = _points(units, 1)
    weight[0, units.index("half")] = -2 * float(starts[1]) / 2**word.code.depth
    sign = 1 if owners[1] else -1
    return Affine((sign * weight).astype(dtype), np.zeros(1, dtype), IDENTITY)


def output_layers(
    units: list[str], words: Words, interval: float, gap: float, dtype: DType
) -> list[Affine]:
    """Stairs over the intervals of each word, and the outputs.

    Args:
        units: Names of the units before.
        words: The words, with what their symbols stand for.
        interval: Length of the interval that the points lie in.
        gap: Half the width of the gaps at all edges, over the interval.
        dtype: Arithmetic of the network.

    Returns:
        The layers.
    """
    points = _points(units, len(words))
    half = interval * gap
    edges = [_edges(word, interval) for word in words]
    bias = np.concatenate([np.stack([half - e, -half - e], axis=1).ravel() for e in edges])
    layers = _stair_layers(points, [2 * len(e) for e in edges], bias, dtype)
    values = [word.values[_owners(word)] for word in words]
    if bounded(words, gap):
        start = np.sum([v[0] for v in values], axis=0).astype(np.float64)
        weight = np.concatenate([_jumps(v) for v in values], axis=1) / (2 * half)
        return [*layers, Affine(weight.astype(dtype), start.astype(dtype), IDENTITY)]
    return [*layers, *_bit_layers(words, half, gap, dtype)]


def bounded(words: Words, gap: float) -> bool:
    """Whether no sum of stairs times jumps can round, in any order."""
    return bool(np.sum([_heights(w, w.values[_owners(w)], gap) for w in words]) < _LARGEST)


def _owners(word: Word) -> Integers:
    """The symbol of each interval, in order."""
    return word.code.intervals[1]


def _heights(word: Word, values: Integers, gap: float) -> float:
    """Bound of the sum of stairs with these values on the intervals, for the worst output."""
    reach = 1 - word.code.intervals[0][1:] / 2**word.code.depth
    return float((np.abs(np.diff(values, axis=0)) * reach[:, None]).sum(axis=0).max() / gap)


def _points(units: list[str], words: int) -> Floats:
    """Each word's point as a sum of units, or what it falls short of the interval's end."""
    points = np.zeros((words, len(units)))
    for w in range(words):
        if f"short{w}" in units:
            points[w, [units.index(f"short{w}"), units.index("half")]] = -1, 2
            continue
        points[w, [units.index(name) for name in point_units(w)]] = 1
    return points


def _edges(word: Word, interval: float) -> Floats:
    """Where the intervals but the first start."""
    starts: Floats = word.code.intervals[0][1:] * (interval / 2**word.code.depth)
    return starts


def _jumps(values: Integers) -> Floats:
    """Weights of the two units of each edge in each output, shape (outputs, units)."""
    jumps = np.diff(values, axis=0).T.astype(np.float64)
    # Negative zeros would keep the file from storing integers.
    return np.stack([jumps, 0 - jumps], axis=2).reshape(len(jumps), -1)


def _stair_layers(points: Floats, counts: list[int], bias: Floats, dtype: DType) -> list[Affine]:
    """Two units per edge, all of one word with the same weights."""
    if len(counts) == 1:
        return [Affine(points.astype(dtype), bias.astype(dtype), RELU)]
    total = Affine(points.astype(dtype), np.zeros(len(points), dtype), IDENTITY)
    weight = np.repeat(np.eye(len(counts)), counts, axis=0)
    return [total, Affine(weight.astype(dtype), bias.astype(dtype), RELU)]


def _bit_layers(words: Words, half: float, gap: float, dtype: DType) -> list[Affine]:
    """Each bit of each output by stairs of its own, then the outputs from their bits."""
    units = [2 * (len(_owners(word)) - 1) for word in words]
    rows, bias, places = [], [], []
    for w, word in enumerate(words):
        for output, column in enumerate(word.values[_owners(word)].T):
            for bit in range(int(column.max()).bit_length()):
                for on in _pieces(word, (column >> bit & 1)[:, None], gap):
                    row = np.zeros(sum(units))
                    row[sum(units[:w]) : sum(units[: w + 1])] = _jumps(on)[0] / (2 * half)
                    rows.append(row)
                    bias.append(float(on[0, 0]))
                    places.append((output, float(1 << bit)))
    bits = Affine(np.stack(rows).astype(dtype), np.array(bias, dtype), RELU)
    weight = np.zeros((words[0].values.shape[1], len(places)))
    for i, (output, place) in enumerate(places):
        weight[output, i] = place
    return [bits, Affine(weight.astype(dtype), np.zeros(len(weight), dtype), IDENTITY)]


def _pieces(word: Word, bit: Integers, gap: float) -> list[Integers]:
    """A bit of each interval, (intervals, 1), as a sum of bits whose stairs cannot round."""
    if not bit.any():
        return []
    if _heights(word, bit, gap) < _LARGEST:
        return [bit]
    on = np.flatnonzero(bit)
    upper = np.arange(len(bit))[:, None] >= on[len(on) // 2]
    return [*_pieces(word, bit * ~upper, gap), *_pieces(word, bit * upper, gap)]
