r"""The shallow form: the same memory in about a dozen hidden layers, most of them wide.

The first folds of the address are made one by one. Every further function of one integer that the
deep form computes by folds is written out as a sum of ReLUs with a kink at each integer, or at each
turn of a triangle wave:

* wave: relu(v - 2 T j), which add up to the folded value tau of each part of the address;
* ramps: relu(tau - alpha) for all odd alpha, whose second differences tell the values of tau apart;
* one-hot: one unit per row (shards are ANDed), per column and per start plane;
* table: the entries of both rows, where the column is selected; then their sum S for each word;
* ramps of S, whose combinations are any functions of S;
* gates: relu(f(S) - 1 + [k is the start plane]) for each start plane and each bit of the outputs.
"""

from __future__ import annotations

import numpy as np

from rote.constructions._compact.assemble import fold_layers
from rote.constructions._compact.codes import Code
from rote.constructions._compact.fold import Fold
from rote.constructions._compact.layout import Layout
from rote.constructions._compact.words import Words
from rote.network import Affine
from rote.network.activation import IDENTITY, RELU
from rote.typing import Array, DType, Floats, Integers

__all__ = ["LEVELS", "shallow_layers"]

LEVELS = 3
"""Fewest folds of an address."""

_WAVE = 2
"""Folds that the wave stands for, with 2^2 turns. Ours."""


def shallow_layers(
    fold: Fold, table: Array, words: Words, layout: Layout, dtype: DType
) -> list[Affine]:
    """From projections to outputs, which are integers.

    Args:
        fold: How the parts of the address arise.
        table: Entries, shape (stored rows, words * word columns).
        words: The words with their codes and values.
        layout: Ranges of the address, with selected columns.
        dtype: Arithmetic of the network.

    Returns:
        The layers.
    """
    count = fold.levels - _WAVE
    folds, names = fold_layers(fold, [f"p{i}" for i in range(len(fold.ranges))], count, "float64")
    wave, tau = _wave(fold, count, len(names))
    ramps, hats = _ramps(fold.ranges, *tau)
    layers = [*folds, wave, ramps, _one_hot(hats, layout), *_table(table, layout)]
    numbers = 2 * len(layout.columns) * ((1 << layout.planes) - 1) + 1
    layers += [_sum_ramps(numbers, layout), *_gates(numbers, words, layout)]
    return [Affine(f.weight.astype(dtype), f.bias.astype(dtype), f.activation) for f in layers]


def _wave(fold: Fold, count: int, inputs: int) -> tuple[Affine, tuple[Floats, Floats]]:
    """Units with a kink at each turn of each part's wave; weights and biases of tau in them."""
    parts, turns = len(fold.ranges), 1 << _WAVE
    weight = np.zeros((parts * turns, inputs))
    bias = np.zeros(parts * turns)
    tau = np.zeros((parts, parts * turns))
    for i, period in enumerate(fold.ranges.tolist()):
        units = slice(i * turns, (i + 1) * turns)
        weight[units, 2 * i : 2 * i + 2] = 0.5 ** (count - 1)
        bias[units] = -2.0 * period * np.arange(turns)
        tau[i, units] = [-1, *(2 * (-1) ** j for j in range(turns - 1))]
    return Affine(weight, bias, RELU), (tau, 2 * fold.ranges.astype(np.float64))


def _ramps(ranges: Integers, weight: Floats, bias: Floats) -> tuple[Affine, list[Floats]]:
    """Units relu(tau - alpha) of each part; of each part the weights that tell its values apart."""
    part = np.repeat(np.arange(len(ranges)), ranges)
    alpha = np.concatenate([2.0 * np.arange(r) - 1 for r in ranges])
    layer = Affine(weight[part], bias[part] - alpha, RELU)
    hats = []
    for i, size in enumerate(ranges.tolist()):
        # Half the second differences; ramps from the last values on are zero.
        second = np.eye(size) - 2 * np.eye(size, k=1) + np.eye(size, k=2)
        whole = np.zeros((size, len(part)))
        whole[:, part == i] = second / 2
        hats.append(whole)
    return layer, hats


def _one_hot(hats: list[Floats], layout: Layout) -> Affine:
    """One unit per stored row, stored column and start plane."""
    shards = hats.pop(0) if layout.shards > 1 else np.zeros((1, hats[0].shape[1]))
    first, second, *columns, start = hats
    rows = [shard + row for shard in shards for block in (first, second[1:]) for row in block]
    others = [hat[int(0 < g < len(columns)) :] for g, hat in enumerate([*columns, start])]
    weight = np.concatenate([np.array(rows), *others])
    bias = np.zeros(len(weight))
    bias[: len(rows)] = -float(layout.shards > 1)
    return Affine(weight, bias, RELU)


def _table(table: Array, layout: Layout) -> list[Affine]:
    """The entries of both rows in the selected columns, and their sum; start planes pass by."""
    columns, planes = layout.word_columns, layout.planes
    select = np.tile(np.eye(columns), (layout.words, 1)) * layout.spacing
    keep = np.eye(planes)
    weight = np.block(
        [
            [table.T, select, np.zeros((len(select), planes))],
            [np.zeros((planes, len(table) + columns)), keep],
        ]
    )
    bias = np.append(np.full(len(select), -float(layout.spacing)), np.zeros(planes))
    total = np.zeros((layout.words + planes, len(weight)))
    for w in range(layout.words):
        total[w, w * columns : (w + 1) * columns] = 1
    total[layout.words :, len(select) :] = keep
    return [Affine(weight, bias, RELU), Affine(total, np.zeros(len(total)), IDENTITY)]


def _sum_ramps(numbers: int, layout: Layout) -> Affine:
    """Units relu(S - i) for all numbers i that a sum can be but the largest."""
    each = numbers - 1
    weight = np.zeros((layout.words * each + layout.planes, layout.words + layout.planes))
    for w in range(layout.words):
        weight[w * each : (w + 1) * each, w] = 1
    weight[layout.words * each :, layout.words :] = np.eye(layout.planes)
    bias = np.zeros(len(weight))
    bias[: layout.words * each] = np.tile(-np.arange(each, dtype=np.float64), layout.words)
    return Affine(weight, bias, RELU)


def _gates(numbers: int, words: Words, layout: Layout) -> list[Affine]:
    """Each bit of each output for each start plane, if that is the key's; and the outputs."""
    outputs, each = words[0].values.shape[1], numbers - 1
    rows, bias, places = [], [], []
    for w, word in enumerate(words):
        for start in range(layout.planes):
            values = word.values[_symbols(word.code, numbers, start)]
            for output in range(outputs):
                for bit in range(int(word.values[:, output].max()).bit_length()):
                    on = (values[:, output] >> bit & 1).astype(np.float64)
                    row = np.zeros(len(words) * each + layout.planes)
                    row[w * each : (w + 1) * each] = _kinks(on)
                    # The address counts start planes down from the highest.
                    row[len(words) * each + layout.planes - 1 - start] = 1
                    rows.append(row)
                    bias.append(on[0] - 1)
                    places.append((output, float(1 << bit)))
    weight = np.zeros((outputs, len(places)))
    for i, (output, place) in enumerate(places):
        weight[output, i] = place
    gates = Affine(np.array(rows), np.array(bias), RELU)
    return [gates, Affine(weight, np.zeros(outputs), IDENTITY)]


def _kinks(values: Floats) -> Floats:
    """How much the slope of the line through values at 0, 1, ... changes at each but the last."""
    return np.diff(np.diff(values), prepend=0.0)


def _symbols(code: Code, numbers: int, start: int) -> Integers:
    """The symbol that each sum spells from a start plane on."""
    planes = code.planes
    total = np.arange(numbers)
    # The cyclic string of all planes and the anchor, from the start plane on; see the codes.
    nodes = [(start - i) % (planes + 1) for i in range(code.depth + 1)]
    bits = [total >> node & 1 if node < planes else np.zeros_like(total) for node in nodes]
    point = np.full(numbers, 0.5)
    for i in reversed(range(code.depth)):
        point = np.where(bits[i] ^ bits[i + 1], 1 - point, 1 + point) / 2
    return code.decode(point)
