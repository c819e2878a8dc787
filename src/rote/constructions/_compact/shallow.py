r"""The shallow form: the same memory in about a dozen hidden layers, some of them wide.

The address is folded twice per layer (see :mod:`double`), straight from the inputs if their sums
stay exact. Every further function of one integer that the deep form computes by folds is written
out as a sum of ReLUs with a kink at each integer:

* ramps: relu(delta + 1 - i) for all values i of the shard and of both rows, whose second
  differences are 1 at one value and 0 at all others; the other parts pass;
* one-hot: one unit per row (shards are ANDed); and now the ramps of the columns;
* table: the entries of both rows, where the second differences of the ramps select the column;
* wave: relu(4 S + 1 - 2^(planes+2) j) for their sum S, whose combination is the distance of
  4 S + 1 from the nearest multiple of 2^(planes+3), as the deep reader's folds leave it;
* ramps of this distance, whose combinations are any functions of it, and of the start plane;
* gates: relu(f(S) - 1 + [k is the start plane]) for each start plane and each bit of the outputs.
"""

from __future__ import annotations

import numpy as np

from rote.constructions._compact.codes import Code
from rote.constructions._compact.double import double_folds, values_to_fold, without_bias
from rote.constructions._compact.encoder import LARGEST
from rote.constructions._compact.fold import Fold
from rote.constructions._compact.layout import Layout
from rote.constructions._compact.words import Words
from rote.network import Affine
from rote.network.activation import IDENTITY, RELU
from rote.typing import Array, DType, Floats, Integers

__all__ = ["shallow_layers"]


def shallow_layers(
    encoder: tuple[Affine, ...],
    inputs: Array,
    fold: Fold,
    largest: Integers,
    table: Array,
    words: Words,
    layout: Layout,
    dtype: DType,
) -> list[Affine]:
    """From points to outputs, which are integers.

    Args:
        encoder: The layers from the points to halves of the projections less 1.
        inputs: Largest absolute value of each feature that the last of them reads.
        fold: How the parts of the address arise.
        largest: Largest value of each projection.
        table: Entries, shape (stored rows, words * word columns).
        words: The words with their codes and values.
        layout: Ranges of the address, with selected columns.
        dtype: Arithmetic of the network.

    Returns:
        The layers.
    """
    values, whole, levels = values_to_fold(fold, largest)
    before, values = _entry(encoder, inputs, values, whole, dtype)
    folds, tau = double_folds(values, whole, levels, bool(2 * whole.max() >= LARGEST["float32"]))
    rest = [_row_ramps(tau, layout), _one_hot(layout), _table(table, layout)]
    hidden = [*folds, *rest, *_reader(words, layout)]
    output = hidden.pop()
    layers = [Affine(f[:, :-1].astype(dtype) + 0, f[:, -1].astype(dtype) + 0, RELU) for f in hidden]
    return [*before, *layers, Affine(output.astype(dtype), np.zeros(len(output), dtype), IDENTITY)]


def _entry(
    encoder: tuple[Affine, ...], inputs: Array, values: Floats, whole: Floats, dtype: DType
) -> tuple[tuple[Affine, ...], Floats]:
    """The layers before the folds, and the values to fold in terms of their units and 1."""
    last = encoder[-1]  # whose ReLUs are idle at all known points
    merged = values[:, :-1] @ last.weight.astype(np.float64)
    bias = values[:, -1] + values[:, :-1] @ last.bias.astype(np.float64)
    bound = np.abs(merged) @ inputs.astype(np.float64) + np.abs(bias) + whole
    if bound.max() < LARGEST[dtype]:
        return encoder[:-1], np.column_stack([merged, bias])
    return encoder, values


def _hats(size: int, first: int = 0) -> Floats:
    """The second differences of a part's ramps, from that of a value on: one value each."""
    kinds = size - first
    hats: Floats = np.eye(kinds) - 2 * np.eye(kinds, k=1) + np.eye(kinds, k=2)
    return hats


def _scale(layout: Layout) -> int:
    """Factor on the ramps of columns, so that the weights of the table are bytes."""
    return max(1, layout.spacing // 64)


def _row_ramps(tau: Floats, layout: Layout) -> Floats:
    """The ramps of shards and rows; values of columns and start plane pass, and constants."""
    shards = [(layout.shards, 0)] if layout.shards > 1 else []
    rows, scale = [], float(_scale(layout))
    for part, (size, first) in enumerate([*shards, (layout.rows[0], 0), (layout.rows[1], 1)]):
        ramps = np.repeat(tau[part][None] / 2, size - first, axis=0)
        ramps[:, -1] += 0.5 - np.arange(first, size)
        rows.append(ramps)
    passed = tau[len(rows) :] / 2
    passed[:, -1] += 0.5
    constants = np.zeros((2, tau.shape[1]))
    constants[:, -1] = 1, scale
    passed[:-1] *= scale
    return without_bias(np.concatenate([*rows, passed, constants]))


def _one_hot(layout: Layout) -> Floats:
    """One unit per stored row, and a ramp per stored column; the rest passes."""
    shards = layout.shards if layout.shards > 1 else 0
    second = shards + layout.rows[0]
    passed = second + layout.rows[1] - 1
    groups, block = len(layout.columns), sum(layout.rows) - 1
    layer = np.zeros((layout.stored_rows + layout.word_columns + 2, passed + groups + 3))
    for s in range(layout.shards):
        own = layer[s * block : (s + 1) * block]
        own[: layout.rows[0], shards:second] = _hats(layout.rows[0])
        own[layout.rows[0] :, second:passed] = _hats(layout.rows[1], 1)
        if shards:
            own[:, :shards] = _hats(shards)[s]
            own[:, -2] = -1
    for i, (g, c) in enumerate(layout.stored_columns, layout.stored_rows):
        layer[i, passed + g] = 1
        layer[i, -1] = -c
    layer[-2, -3] = 1
    layer[-1, -1] = 1
    return without_bias(layer)


def _table(table: Array, layout: Layout) -> Floats:
    """The entries of both rows in the selected columns; the rest passes."""
    columns, scale = layout.word_columns, _scale(layout)
    select = np.zeros((columns, columns))
    place = 0
    for g, size in enumerate(layout.columns):
        own = slice(place, place + size - (g > 0))
        select[own, own] = _hats(size, int(g > 0)) * (layout.spacing / scale)
        place = own.stop
    layer = np.zeros((layout.words * columns + 2, len(table) + columns + 2))
    layer[:-2, : len(table)] = table.T
    layer[:-2, len(table) : -2] = np.tile(select, (layout.words, 1))
    layer[:-2, -1] = -layout.spacing / scale
    layer[-2, -2] = 1
    layer[-1, -1] = 1
    return without_bias(layer)


def _reader(words: Words, layout: Layout) -> list[Floats]:
    """From the entries to the outputs; the last layer has no biases."""
    count, columns, turns = layout.words, layout.word_columns, 2 * len(layout.columns)
    one = 1 / _scale(layout)
    wave = np.zeros((count * turns + 2, count * columns + 2))
    wave[:-2, :-2] = np.kron(np.eye(count), np.full((turns, columns), 4.0))
    wave[:-2, -1] = one * np.tile(1 - (4.0 * np.arange(turns) * 2**layout.planes), count)
    wave[-2, -2] = 1
    wave[-1, -1] = one
    slopes = np.array([1.0, *(2.0 * (-1) ** j for j in range(1, turns))])
    starts, gates, output = _gates(words, layout)
    ramps = np.zeros((len(starts) + 1, count * turns + 2))
    for i, (word, start) in enumerate(starts):
        if word < count:
            ramps[i, word * turns : (word + 1) * turns] = slopes
        else:
            ramps[i, -2] = 1
        ramps[i, -1] = -start
    ramps[-1, -1] = 1
    layers = [without_bias(layer) for layer in (wave, ramps, gates)]
    return [*layers, output]


def _gates(words: Words, layout: Layout) -> tuple[list[tuple[int, int]], Floats, Floats]:
    """Each bit of each output for each start plane, if that is the key's; and the outputs.

    Returns:
        The word and the start of each ramp that they read, the start plane as one more word; the
        gates; the outputs.
    """
    points, planes = 2 << layout.planes, layout.planes
    each, outputs = points - 1, words[0].values.shape[1]
    rows, places = [], []
    for w, word in enumerate(words):
        for start in range(planes):
            values = word.values[_symbols(word.code, start)]
            for output in range(outputs):
                for bit in range(int(word.values[:, output].max()).bit_length()):
                    on = (values[:, output] >> bit & 1).astype(np.float64)
                    row = np.zeros(len(words) * each + planes + 1)
                    row[w * each : (w + 1) * each] = _kinks(on)
                    # The address counts start planes down from the highest.
                    row[len(words) * each : -1] = 2 * _hats(planes)[planes - 1 - start]
                    row[-1] = 2 * (on[0] - 1)
                    rows.append(row)
                    places.append((output, float(1 << bit) / 2))
    weight = np.zeros((outputs, len(places)))
    for i, (output, place) in enumerate(places):
        weight[output, i] = place
    starts = [(w, 2 * i + 1) for w in range(len(words)) for i in range(each)]
    starts += [(len(words), k) for k in range(planes)]
    gates = np.array(rows)
    used = np.flatnonzero(np.any(gates[:, :-1], axis=0))
    return [starts[i] for i in used], gates[:, [*used, -1]], weight


def _kinks(values: Floats) -> Floats:
    """How much the slope of the line through values at 0, 1, ... changes at each but the last."""
    return np.diff(np.diff(values), prepend=0.0)


def _symbols(code: Code, start: int) -> Integers:
    """The symbol that each distance 1, 3, 5, ... spells from a start plane on."""
    # The distance 4 s + 1 stands for the number s with an anchor 0 behind it, and its mirror image
    # 2^(planes+2) - 4 s - 1 for the number whose bits, the anchor's too, are the opposite; what is
    # read are sums of neighbouring bits.
    planes = code.planes
    quarters = 2 * np.arange(2 << planes) + 1
    # The cyclic string of all planes and the anchor, from the start plane on; see the codes.
    nodes = [(start - i) % (planes + 1) for i in range(code.depth + 1)]
    bits = [quarters >> (node + 2 if node < planes else 1) & 1 for node in nodes]
    point = np.full(len(quarters), 0.5)
    for i in reversed(range(code.depth)):
        point = np.where(bits[i] ^ bits[i + 1], 1 - point, 1 + point) / 2
    return code.decode(point)
