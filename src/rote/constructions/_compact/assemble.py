r"""Assembly: the layers of a compact memory, between its encoder and its output.

The state between layers is a vector of named units; every matrix below is written row by row from
affine expressions in the units before it. A pair of units p = relu(t), q = relu(-t) holds
abs(t) = p + q. Scales are powers of two, and layers that repeat are equal, so that a file stores
them once.

With tau = 2 delta + 1 for a part delta of the address (see :mod:`fold`) and L folds, the stages are

* fold: |v - 2^L T|, then |2 t - 2^L T| as often as needed; t = 2^(L-1) tau at the end;
* square: w <- |2 w - m| and A <- 4 A + 16 w, since with w_1 = |tau - m|, w_(j+1) = |2 w_j - m|
  tau^2 = 2 m tau - m^2 + m sum_j 4^-(j-1) w_j - constant;
* one-hot: relu(1 - (delta_s - s)^2 - (delta_h - a)^2) for the stored row (s, a) of each block;
* table: relu(entries of both rows + 2^8 tau_g - 2^9 c) for column c of group g, which passes for
  c <= delta_g only; their sum is the number read, modulo 2^8;
* read: folds of that number plus 1/4 down to 8 bits, its leading bits appended (where code words
  have more than one: with z the number plus 1/4, z + z / 2^9 - 1/4 is the number, a zero, and the
  number once more), and one fold per start plane, of which the key's own is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from rote.constructions._compact.fold import Fold
from rote.constructions._compact.layout import Layout
from rote.network import Affine
from rote.network.activation import IDENTITY, RELU, Activation
from rote.network.storage import pack
from rote.typing import Array, DType, Floats

__all__ = ["address_layers", "integral", "point_gap", "reader_layers", "table_layers"]

Terms = Mapping[str, float]
"""Coefficients of the units before, by name."""


@dataclass
class _Step:
    """Collects the units of one layer.

    Attributes:
        inputs: Names of the units before.
        names: Names of the units so far.
    """

    inputs: list[str]
    names: list[str] = field(default_factory=list)
    _rows: list[Floats] = field(default_factory=list)
    _biases: list[float] = field(default_factory=list)

    def unit(self, name: str, terms: Terms, bias: float = 0.0) -> None:
        """Add relu(terms + bias)."""
        row = np.zeros(len(self.inputs))
        for source, coefficient in terms.items():
            row[self.inputs.index(source)] += coefficient
        self.names.append(name)
        self._rows.append(row)
        self._biases.append(bias)

    def pair(self, name: str, terms: Terms, bias: float = 0.0) -> None:
        """Add the positive and the negative part of terms + bias."""
        self.unit(f"{name}+", terms, bias)
        self.unit(f"{name}-", {s: -c for s, c in terms.items()}, -bias)

    def layer(self, dtype: DType, activation: Activation = RELU) -> Affine:
        """The layer."""
        weight = np.stack(self._rows).astype(dtype)
        return Affine(weight, np.array(self._biases, dtype) + 0, activation)


def integral(layers: Sequence[Affine]) -> tuple[Affine, ...]:
    """The same network with weights that are integers where they were integers times 2^e.

    The function max(0, t) is homogeneous, so a layer's factor can move to all biases behind it and,
    in the end, to the last layer. Files then need no scales.

    Args:
        layers: Layers with ReLU or no activation; those before the last need not be followed.

    Returns:
        The layers, equal ones still one object.
    """
    scaled: dict[tuple[int, int], Affine] = {}
    result = []
    shift = 0
    for layer in layers[:-1]:
        small = pack(layer.weight)
        own = 0 if small is None else small.exponent
        key = (id(layer), shift)
        if key not in scaled:
            scaled[key] = _scaled(layer, -own, shift - own)
        # A repeated layer must stay equal: its bias is zero and its own factor 1.
        result.append(scaled[key] if own or np.any(layer.bias) else layer)
        shift -= own
    return (*result, _scaled(layers[-1], -shift, 0))


def _scaled(layer: Affine, weight: int, bias: int) -> Affine:
    return Affine(np.ldexp(layer.weight, weight), np.ldexp(layer.bias, bias), layer.activation)


def _size(name: str, factor: float = 1.0) -> dict[str, float]:
    """The terms of factor times |t|."""
    return {f"{name}+": factor, f"{name}-": factor}


def _blocks(layout: Layout) -> dict[str, list[str]]:
    """The digits by which one unit per row, and per column if selected, is told apart."""
    shard = ["s"] if layout.shards > 1 else []
    blocks = {"r0": [*shard, "r0"], "r1": [*shard, "r1"]}
    if layout.selected:
        blocks |= {f"c{g}": [f"c{g}"] for g in range(len(layout.columns))}
    return blocks


def _names(layout: Layout) -> tuple[list[str], list[str]]:
    """Names of the digits and of the parts that are only passed on, in the order of the address."""
    parts = [*(["s"] if layout.shards > 1 else []), "r0", "r1"]
    columns = [f"c{g}" for g in range(len(layout.columns))]
    if layout.selected:
        return parts + columns, ["k"]
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
    parts = digits + passed
    unit = float(1 << fold.levels)
    entry = _Step([f"y{j}" for j in range(fold.combinations.shape[1])])
    for i, part in enumerate(parts):
        terms = {f"y{j}": float(a) for j, a in enumerate(fold.combinations[i]) if a}
        entry.pair(part, terms, (int(fold.shifts[i]) - int(fold.ranges[i])) * unit)
    entry.unit("one", {}, unit)
    again = _Step(entry.names)
    for i, part in enumerate(parts):
        again.pair(part, _size(part, 2) | {"one": -float(fold.ranges[i])})
    again.unit("one", {"one": 1})
    layers = [entry.layer(dtype), *[again.layer(dtype)] * (fold.levels - 1)]
    squares, names, constants = _square_layers(fold.levels, again.names, layout, dtype)
    return layers + squares, names, constants


def _square_layers(
    levels: int, inputs: list[str], layout: Layout, dtype: DType
) -> tuple[list[Affine], list[str], dict[str, int]]:
    """From folded parts to the features of rows and columns."""
    digits, passed = _names(layout)
    m = layout.square
    unit = 2.0 ** (1 - levels)
    first = _Step(inputs)
    for digit in digits:
        first.pair(digit, _size(digit, unit) | {"one": -unit * m / 2})
        first.unit(f"{digit}=", _size(digit, unit))
    for block in _blocks(layout):
        first.unit(f"A{block}", {})
    for part in passed:
        first.unit(part, _size(part, unit if part == "k" else 64 * unit))
    first.unit("one", {"one": unit})
    again = _Step(first.names)
    for digit in digits:
        again.pair(digit, _size(digit, 2) | {"one": -m / 2})
        again.unit(f"{digit}=", {f"{digit}=": 4})
    for block, members in _blocks(layout).items():
        again.unit(f"A{block}", {f"A{block}": 4} | _sum_of(members, 16))
    for part in passed:
        again.unit(part, {part: 4})
    again.unit("one", {"one": 1})
    repeats = m.bit_length() - 3
    last, constants = _feature_step(again.names, layout, 4.0**-repeats)
    layers = [first.layer(dtype), *[again.layer(dtype)] * repeats, last.layer(dtype)]
    return layers, last.names, constants


def _sum_of(digits: list[str], factor: float) -> dict[str, float]:
    """The terms of factor times the sum of |t| over digits."""
    return {name: c for digit in digits for name, c in _size(digit, factor).items()}


def _feature_step(inputs: list[str], layout: Layout, unit: float) -> tuple[_Step, dict[str, int]]:
    """Centred digits, one decreasing feature of each block's squares, and the constants."""
    digits, passed = _names(layout)
    m = layout.square
    step = _Step(inputs)
    for digit in digits:
        step.unit(digit, {f"{digit}=": unit / 2})
    constants = {}
    for block, members in _blocks(layout).items():
        # tau^2 - 2 m tau = m B - m^2 - rest for B the sum of 4^-(j-1) w_j; see the module.
        rest = sum(m * m // 4 // 4**j for j in range(m.bit_length() - 2)) - 1
        highest = (m * m + rest) * len(members)
        # The constants of all rows become multiples of 8, a byte at 2 and a byte at 256.
        highest += -(highest - (4 + len(members) * (m * m + rest - 1))) % 8
        squares = {f"A{block}": -unit * m / 16} | _sum_of(members, -unit * m / 4)
        step.unit(f"E{block}", squares, highest / 4)
        constants[block] = 4 + len(members) * (m * m + rest) - highest
    step.unit("low", {}, 2)
    step.unit("high", {}, 256)
    shift = 2.0 ** (layout.planes - 8)
    for part in passed:
        step.unit(part, {part: unit if part == "k" else 4 * unit * shift})
    return step, constants


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
    choose = _selectors if layout.selected else _thresholds
    units, lookup, bias = choose(inputs, constants, layout)
    weight = np.concatenate([np.stack(hot), units])
    first = Affine(weight.astype(dtype), np.zeros(len(weight), dtype), RELU)
    columns = table.shape[1]
    entries = np.zeros((columns + 1, len(hot)))
    entries[:columns] = table.T
    read = Affine(np.concatenate([entries, lookup], axis=1).astype(dtype), bias.astype(dtype), RELU)
    sums = np.zeros((layout.words + 1, columns + 1))
    for w in range(layout.words):
        sums[w, w * layout.word_columns : (w + 1) * layout.word_columns] = 1
    sums[layout.words, columns] = 1
    # Half the range is subtracted here, where sums are integers; quarters come in after that.
    half = np.append(np.full(layout.words, -(2.0 ** (layout.sum_bits - 1))), 0)
    total = Affine(sums.astype(dtype), half.astype(dtype), IDENTITY)
    return [first, read, total], [*(f"S{w}" for w in range(layout.words)), "k"]


def _stored_columns(layout: Layout) -> list[tuple[int, int]]:
    """Group and index of each stored column of a word."""
    return [(g, c) for g, size in enumerate(layout.columns) for c in range(int(g > 0), size)]


def _thresholds(
    inputs: list[str], constants: dict[str, int], layout: Layout
) -> tuple[Floats, Floats, Floats]:
    """Units that carry column indices, and their weights in columns that pass up to an index."""
    del constants
    step = _Step(inputs)
    for part in _names(layout)[1]:
        step.unit(part, {part: 1})
    step.unit("spacing", {"high": layout.spacing / 256})
    stored = _stored_columns(layout) * layout.words
    lookup = np.zeros((len(stored) + 1, len(step.names)))
    for i, (g, c) in enumerate(stored):
        lookup[i, step.names.index(f"c{g}")] = 1
        lookup[i, step.names.index("spacing")] = -c
    lookup[-1, step.names.index("k")] = 1
    return step.layer("float64").weight, lookup, np.zeros(len(lookup))


def _selectors(
    inputs: list[str], constants: dict[str, int], layout: Layout
) -> tuple[Floats, Floats, Floats]:
    """One unit per column, and weights and biases by which only the selected columns pass."""
    stored = _stored_columns(layout)
    units = [_one_hot(inputs, constants, layout, f"c{g}", (0, c)) for g, c in stored]
    step = _Step(inputs)
    step.unit("k", {"k": 1})
    select = np.tile(np.eye(len(stored)) * layout.spacing, (layout.words, 1))
    lookup = np.zeros((len(select) + 1, len(stored) + 1))
    lookup[:-1, :-1] = select
    lookup[-1, -1] = 1
    bias = np.append(np.full(len(select), -float(layout.spacing)), 0.0)
    return np.concatenate([np.stack(units), step.layer("float64").weight]), lookup, bias


def _one_hot(
    inputs: list[str],
    constants: dict[str, int],
    layout: Layout,
    block: str,
    index: tuple[int, int],
) -> Floats:
    """Weights of the unit that is 1 where a block's digits have the given (shard,) index."""
    m = layout.square
    digits = _blocks(layout)[block]
    alphas = [2 * v + 1 for v in index[2 - len(digits) :]]
    constant = (constants[block] - sum(v * v for v in alphas)) // 8
    row = np.zeros(len(inputs))
    for digit, alpha in zip(digits, alphas, strict=True):
        row[inputs.index(digit)] = alpha - m
    row[inputs.index(f"E{block}")] = 1
    row[inputs.index("high")] = (constant + 64) // 128
    row[inputs.index("low")] = (constant + 64) % 128 - 64
    return row


def reader_layers(
    inputs: list[str], depth: int, repeat: bool, layout: Layout, dtype: DType
) -> tuple[list[Affine], list[str], float]:
    """From sums, less half their range, to points of an interval, one per word.

    Args:
        inputs: Names of the sums.
        depth: Longest code word in bits.
        repeat: Whether the whole number is appended to itself, instead of its leading bits.
        layout: Ranges of the address.
        dtype: Arithmetic of the network.

    Returns:
        The layers; the names of the units before the points are added up, point w being the sum of
        the units ``kept w`` and ``last w``; and the length of the interval. No point is nearer to
        an end of a code word's interval than :func:`point_gap` of it.
    """
    bits = layout.sum_bits
    one = 2.0 ** (bits - 2)
    words = range(layout.words)
    entry = _Step(inputs)
    for w in words:
        entry.pair(f"t{w}", {f"S{w}": 1}, 0.25)
    entry.unit("k", {"k": one / 2}, -one / 2)
    entry.unit("one", {}, one)
    entry.unit("step", {}, one / (2 << layout.planes))
    again = _Step(entry.names)
    for w in words:
        again.pair(f"t{w}", _size(f"t{w}", 2) | {"one": -2})
    for name in ("k", "one", "step"):
        again.unit(name, {name: 1})
    layers = [entry.layer(dtype), *[again.layer(dtype)] * (bits - layout.planes - 1)]
    if depth == 1 or repeat:
        first = _Step(again.names)
        factor = 1.0 if depth == 1 else 1 + 0.5 ** (layout.planes + 1)
        for w in words:
            terms = _size(f"t{w}", factor) | {"one": -1}
            first.pair(f"t{w}", terms if depth == 1 else terms | {"step": -1})
    else:
        append, first = _append_steps(again.names, depth - 1, layout.words)
        layers.append(append.layer(dtype))
    select, choose = _select_steps(first, layout.words)
    layers += [select.layer(dtype), *[choose.layer(dtype)] * layout.planes]
    return layers, choose.names, one


def point_gap(depth: int, repeat: bool, planes: int) -> float:
    """How near a point comes to an end of a code word's interval, over the interval."""
    return 0.5 ** (2 * planes + 3 if depth > 1 and repeat else planes + 1 + depth)


def _append_steps(inputs: list[str], bits: int, words: int) -> tuple[_Step, _Step]:
    """Append the leading bits of each number below it, behind a zero, and fold once."""
    append = _Step(inputs)
    count = (1 << bits) - 1
    for w in range(words):
        append.unit(f"y{w}", _size(f"t{w}"))
        for i in range(1, count + 1):
            # Half the distance from a number plus 1/4 to a threshold, on either side.
            threshold = {"one": -i * 2.0 ** (1 - bits)}
            append.unit(f"u{w}.{i}", _size(f"t{w}") | threshold | {"step": 1})
            append.unit(f"v{w}.{i}", _size(f"t{w}") | threshold | {"step": -1})
    for name in ("k", "one", "step"):
        append.unit(name, {name: 1})
    first = _Step(append.names)
    for w in range(words):
        terms = {f"y{w}": 1.0, "one": -1.0, "step": 2.0**-bits - 1}
        for i in range(1, count + 1):
            terms |= {f"u{w}.{i}": 2.0**-bits, f"v{w}.{i}": -(2.0**-bits)}
        first.pair(f"t{w}", terms)
    return append, first


def _select_steps(first: _Step, words: int) -> tuple[_Step, _Step]:
    """Fold once per plane and keep the point at which a countdown from k is zero."""
    choose_names = [n for w in range(words) for n in (f"t{w}+", f"t{w}-")]
    first.unit("k+", {"k": 1})
    first.unit("k-", {})
    for w in range(words):
        first.unit(f"last{w}", {})
        first.unit(f"kept{w}", {})
    first.unit("one", {"one": 1})
    assert first.names[: len(choose_names)] == choose_names
    choose = _Step(first.names)
    for w in range(words):
        choose.pair(f"t{w}", _size(f"t{w}", 2) | {"one": -1})
    choose.pair("k", {"k+": 1, "k-": -1, "one": -1})
    for w in range(words):
        choose.unit(f"last{w}", _size(f"t{w}") | {"k+": -1, "k-": -1})
        choose.unit(f"kept{w}", {f"kept{w}": 1, f"last{w}": 1})
    choose.unit("one", {"one": 1})
    return first, choose
