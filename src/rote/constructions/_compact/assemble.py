r"""Assembly: the layers of a compact memory, between its encoder and its output.

The state between layers is a vector of named units; every matrix below is written row by row from
affine expressions in the units before it. A pair of units p = relu(t), q = relu(-t) holds
abs(t) = p + q. Scales are powers of two, and layers that repeat are equal, so that a file stores
them once.

With tau = 2 delta + 1 for a part delta of the address (see :mod:`fold`) and L folds, the stages are

* fold: |v - 2^L T|, then |2 t - 2^L T| as often as needed; t = 2^(L-1) tau at the end;
* square: w <- |2 w - m| and A <- 4 A + 4 w, since with w_1 = |tau - m|, w_(j+1) = |2 w_j - m|
  tau^2 = 2 m tau - m^2 + m sum_j 4^-(j-1) w_j - constant;
* one-hot: relu(1 - (delta_s - s)^2 - (delta_h - a)^2) for the stored row (s, a) of each block;
* table: relu(entries of both rows + 2^8 tau_g - 2^9 c) for column c of group g, which passes for
  c <= delta_g only; their sum is the number read, modulo 2^8. Long numbers pass at delta_g alone
  (see :mod:`columns`).

The reader that follows is in :mod:`reader`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from rote.constructions._compact.columns import column_lookup, digit_layers, digit_units
from rote.constructions._compact.fold import Fold
from rote.constructions._compact.layout import Layout
from rote.constructions._compact.steps import Step, size_of
from rote.network import Affine
from rote.network.activation import IDENTITY, RELU
from rote.network.storage import pack
from rote.typing import Array, DType, Floats

__all__ = ["address_layers", "fold_layers", "integral", "table_layers"]


_ONE = {"one": 1}
_ONES = {"one": 1, "fifteen": 15}
"""Constant units and their values; with both, integers up to 112 take weights of four bits."""


def integral(layers: Sequence[Affine], *, sign: bool = False) -> tuple[Affine, ...]:
    """The same network with weights that are integers where they were integers times 2^e.

    The function max(0, t) is homogeneous, so a layer's factor can move to all biases behind it and,
    in the end, to the last layer. Files then need no scales.

    Args:
        layers: Layers with ReLU or no activation; those before the last need not be followed.
        sign: Whether the output may keep the factor, since only its sign matters.

    Returns:
        The layers, equal ones still one object.
    """
    scaled: dict[tuple[int, int], Affine] = {}
    result = []
    shift = 0
    for layer in layers if sign else layers[:-1]:
        small = pack(layer.weight)
        own = 0 if small is None else small.exponent
        key = (id(layer), shift)
        if key not in scaled:
            scaled[key] = _scaled(layer, -own, shift - own)
        # A repeated layer must stay equal: its bias is zero and its own factor 1.
        result.append(scaled[key] if own or np.any(layer.bias) else layer)
        shift -= own
    return tuple(result) if sign else (*result, _scaled(layers[-1], -shift, 0))


def _scaled(layer: Affine, weight: int, bias: int) -> Affine:
    return Affine(np.ldexp(layer.weight, weight), np.ldexp(layer.bias, bias), layer.activation)


def _blocks(layout: Layout) -> dict[str, list[str]]:
    """The digits by which one unit per row is told apart."""
    shard = ["s"] if layout.shards > 1 else []
    return {"r0": [*shard, "r0"], "r1": [*shard, "r1"]}


def _names(layout: Layout) -> tuple[list[str], list[str]]:
    """Names of the digits and of the parts that are only passed on, in the order of the address."""
    parts = [*(["s"] if layout.shards > 1 else []), "r0", "r1"]
    columns = [f"c{g}" for g in range(len(layout.columns))]
    return parts, [*columns, "k"]


def address_layers(
    fold: Fold, layout: Layout, dtype: DType
) -> tuple[list[Affine], list[str], dict[str, int]]:
    """From projections to the features of rows and columns.

    Args:
        fold: How the parts of the address arise.
        layout: Their ranges.
        dtype: Arithmetic of the network.

    Returns:
        The layers, the names of the features, and the constants that each block's squares need.
    """
    digits, passed = _names(layout)
    ones = _ONE if layout.selected else _ONES
    layers, names = fold_layers(fold, digits + passed, fold.levels, dtype, ones)
    squares, names, constants = _square_layers(fold.levels, names, layout, dtype)
    return layers + squares, names, constants


def fold_layers(
    fold: Fold,
    parts: list[str],
    count: int,
    dtype: DType,
    ones: Mapping[str, int] = _ONE,
) -> tuple[list[Affine], list[str]]:
    """From projections to the parts of an address after some folds.

    Args:
        fold: How the parts arise.
        parts: Their names.
        count: Number of folds, from 1.
        dtype: Arithmetic of the network.
        ones: Constant units and their values.

    Returns:
        The layers, and the names of their units: a pair for each part, which add up to 2^(count-1)
        times its folded value, and the constants times 2^levels.
    """
    unit = float(1 << fold.levels)
    entry = Step([f"y{j}" for j in range(fold.combinations.shape[1])])
    for i, part in enumerate(parts):
        # The encoder gives y for the odd value 2 y + 1.
        terms = {f"y{j}": 2.0 * a for j, a in enumerate(fold.combinations[i].tolist()) if a}
        shift = int(fold.shifts[i]) + int(fold.combinations[i].sum())
        entry.pair(part, terms, shift - int(fold.ranges[i]) * unit)
    for name, value in ones.items():
        entry.unit(name, {}, value * unit)
    again = Step(entry.names)
    for i, part in enumerate(parts):
        again.pair(part, size_of(part, 2) | _constant(-int(fold.ranges[i]), ones))
    for name in ones:
        again.unit(name, {name: 1})
    return [entry.layer(dtype), *[again.layer(dtype)] * (count - 1)], again.names


def _constant(value: int, ones: Mapping[str, int]) -> dict[str, float]:
    """An integer as a sum of constant units, of four bits each if there is one of 15."""
    if len(ones) == 1:
        return {"one": float(value)}
    high = (abs(value) + 7) // 15 * (1 if value > 0 else -1)
    return {"one": float(value - 15 * high), "fifteen": float(high)}


def _square_layers(
    levels: int, inputs: list[str], layout: Layout, dtype: DType
) -> tuple[list[Affine], list[str], dict[str, int]]:
    """From folded parts to the features of rows and columns."""
    digits, passed = _names(layout)
    m = layout.square
    ones = _ONE if layout.selected else _ONES
    unit = 2.0 ** (1 - levels)
    half = {name: unit * c for name, c in _constant(-m // 2, ones).items()}
    first = Step(inputs)
    for digit in digits:
        first.pair(digit, size_of(digit, unit) | half)
        first.unit(f"{digit}=", size_of(digit, unit))
    for block in _blocks(layout):
        first.unit(f"A{block}", {})
    for part in passed:
        first.unit(part, size_of(part, unit if layout.selected else 4 * unit))
    for name in ones:
        first.unit(name, {name: unit})
    again = Step(first.names)
    for digit in digits:
        again.pair(digit, size_of(digit, 2) | _constant(-m // 2, ones))
        again.unit(f"{digit}=", {f"{digit}=": 2})
    for block, members in _blocks(layout).items():
        again.unit(f"A{block}", {f"A{block}": 4} | _sum_of(members, 4))
    for part in passed:
        again.unit(part, {part: 4})
    for name in ones:
        again.unit(name, {name: 1})
    repeats = layout.squarings
    last, constants = _feature_steps(again.names, layout)
    layers = [first.layer(dtype), *[again.layer(dtype)] * repeats]
    return layers + [step.layer(dtype) for step in last], last[-1].names, constants


def _sum_of(digits: list[str], factor: float) -> dict[str, float]:
    """The terms of factor times the sum of |t| over digits."""
    return {name: c for digit in digits for name, c in size_of(digit, factor).items()}


def _feature_steps(inputs: list[str], layout: Layout) -> tuple[list[Step], dict[str, int]]:
    """Centred digits, one decreasing feature of each block's squares, and the constants."""
    digits, passed = _names(layout)
    m, repeats = layout.square, layout.squarings
    step = Step(inputs)
    for digit in digits:
        step.unit(digit, {f"{digit}=": 0.5 ** (repeats + 1)})
    constants = {}
    for block, members in _blocks(layout).items():
        # tau^2 - 2 m tau = m B - m^2 - rest for B the sum of 4^-(j-1) w_j; see the module.
        rest = sum(m * m // 4 // 4**j for j in range(m.bit_length() - 2)) - 1
        highest = (m * m + rest) * len(members)
        # The constants of all rows become multiples of 8, a byte at 2 and a byte at 256.
        highest += -(highest - (4 + len(members) * (m * m + rest - 1))) % 8
        # A is 4^repeats (B - w) / 4, and the last w has that factor, too: m / 4 = 2^repeats.
        squares = {f"A{block}": -(0.5**repeats)} | _sum_of(members, -(0.5**repeats))
        step.unit(f"E{block}", squares, highest / 4)
        constants[block] = 4 + len(members) * (m * m + rest) - highest
    if layout.selected:
        step.unit("k", {"k": 4.0**-repeats})
        return digit_layers(inputs, 4.0**-repeats, layout, step), constants
    step.unit("low", {}, 2)
    step.unit("high", {}, 256)
    for part in passed:
        step.unit(part, {part: 2 * 0.5**repeats})
    return [step], constants


def table_layers(
    inputs: list[str], constants: dict[str, int], table: Array, layout: Layout, dtype: DType
) -> tuple[list[Affine], list[str]]:
    """The one-hot layer, the table with its choice of columns, and the sum over columns.

    Args:
        inputs: Names of the features.
        constants: What the units of each block add, times 4.
        table: Entries, shape (stored rows, words * word columns).
        layout: Ranges of the address.
        dtype: Arithmetic of the network.

    Returns:
        The layers and the names of the sums.
    """
    hot = [
        _one_hot(inputs, constants, layout, block, index)
        for s in range(layout.shards)
        for block, size in (("r0", layout.rows[0]), ("r1", layout.rows[1]))
        for index in ((s, a) for a in range(int(block == "r1"), size))
    ]
    weight, bias = np.stack([row for row, _ in hot]), np.array([constant for _, constant in hot])
    if layout.selected:
        step = digit_units(inputs, layout)
        lookup, shift = column_lookup(step.names, layout)
    else:
        step = _threshold_units(inputs, layout)
        lookup = _thresholds(step.names, layout)
        shift = np.zeros(len(lookup))
    units = step.layer("float64")
    weight, bias = np.concatenate([weight, units.weight]), np.concatenate([bias, units.bias])
    first = Affine(weight.astype(dtype), bias.astype(dtype), RELU)
    columns = table.shape[1]
    entries = np.zeros((columns + 1, len(hot)))
    entries[:columns] = table.T
    read = Affine(
        np.concatenate([entries, lookup], axis=1).astype(dtype), shift.astype(dtype), RELU
    )
    sums = np.zeros((layout.words + 1, columns + 1))
    for w in range(layout.words):
        sums[w, w * layout.word_columns : (w + 1) * layout.word_columns] = 1
    sums[layout.words, columns] = layout.start_factors[1]
    total = Affine(sums.astype(dtype), np.zeros(len(sums), dtype), IDENTITY)
    return [first, read, total], [*(f"S{w}" for w in range(layout.words)), "k"]


def _threshold_units(inputs: list[str], layout: Layout) -> Step:
    """Units that carry column indices and the start plane."""
    step = Step(inputs)
    factor = 2.0**layout.planes / layout.passed_scale
    for part in _names(layout)[1]:
        step.unit(part, {part: factor})
    step.unit("spacing", {"high": layout.spacing / 256})
    return step


def _thresholds(names: list[str], layout: Layout) -> Floats:
    """Weights of these units in columns that pass up to an index."""
    stored = layout.stored_columns * layout.words
    lookup = np.zeros((len(stored) + 1, len(names)))
    for i, (g, c) in enumerate(stored):
        lookup[i, names.index(f"c{g}")] = 1
        lookup[i, names.index("spacing")] = -c
    lookup[-1, names.index("k")] = layout.start_factors[0]
    return lookup


def _one_hot(
    inputs: list[str],
    constants: dict[str, int],
    layout: Layout,
    block: str,
    index: tuple[int, int],
) -> tuple[Floats, float]:
    """Weights and bias of the unit that is 1 where a block's digits have a (shard,) index."""
    m = layout.square
    digits = _blocks(layout)[block]
    alphas = [2 * v + 1 for v in index[2 - len(digits) :]]
    constant = (constants[block] - sum(v * v for v in alphas)) // 8
    row = np.zeros(len(inputs))
    for digit, alpha in zip(digits, alphas, strict=True):
        row[inputs.index(digit)] = alpha - m
    row[inputs.index(f"E{block}")] = 1
    if layout.selected:
        return row, 2.0 * constant
    row[inputs.index("high")] = (constant + 64) // 128
    row[inputs.index("low")] = (constant + 64) % 128 - 64
    return row, 0.0
