r"""Deep threshold networks: about sqrt(n) units and n weights behind a first layer of hyperplanes.

**Theorem 1** [rajput2021]. Let n points of the unit ball in $R^d$ be $\delta$-separated. Any labels
in {0, 1} are computed by a threshold network with
$O(\frac{\log n}{\delta} + \sqrt n \log^2 n)$ units and
$O(\frac{d \log n}{\delta} + n \log^2 n)$ weights, of which only those of the first layer are real.

*Hypotheses.* Distinct points; nothing else.

*Idea.* Hyperplanes give the points different patterns of signs. A random linear code over GF(2)
compresses a pattern to O(log n) bits, which are an address. The label is looked up in a table of
about n bits whose rows and columns the address selects.

*Ours:* all but the first layer. Few hyperplanes are chosen, not many drawn (gadget ``patterns``);
only differently labelled points need different patterns. Parities are differences of units that
count. The table is a retrieval table of three segments (gadget ``retrieval``), each an array of R
rows and C columns that units for "row at least r" and "column at least c" select, at 1.25 cells for
each pattern. C classes are looked up as bits, in tables that share their addresses: every table has
one plane for each bit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from rote.constructions._base import Construction, Context, Theorem
from rote.constructions._gadgets.class_bits import bits_of_codes, number_of_bits
from rote.constructions._gadgets.patterns import parting_cuts
from rote.constructions._gadgets.retrieval import SEGMENTS, fill_table
from rote.data import DataSet, Problem
from rote.errors import OptionError
from rote.network import Affine, Decision, Layer, Size
from rote.network.activation import IDENTITY, THRESHOLD, Activation
from rote.typing import Array, DType, Integers

__all__ = ["Rajput2021"]

_SPARE_BITS = 4
"""Hash bits of a column beyond log2 C, so that the columns are hit almost equally often. Ours."""
_SPARE_CELLS = 6
"""Cells beyond the load, for tables of few keys. Ours."""
_PATIENCE = 8
"""Draws of the code before the table grows by a fiftieth. Ours."""
_GROWN = 1.5
"""Factor of columns that the promise leaves for such growth. Ours."""


@final
@dataclass(frozen=True)
class Rajput2021(Construction):
    """Hyperplanes, a linear code, and a table of about n bits per bit of the label.

    Attributes:
        load: Cells of the table for each pattern; at least 1.23, with which long tables peel.
    """

    load: float = 1.25

    theorem: ClassVar[Theorem] = Theorem(
        key="rajput2021",
        title="Hash table of threshold units",
        statement="O(log n/delta + sqrt(n) log^2 n) threshold units and O(d log n/delta + n "
        "log^2 n) weights compute any two-valued labels of n delta-separated points.",
        source="rajput2021",
        number="Theorem 1",
        tasks=("classes",),
        activations=("threshold",),
        most_points=1_000,
    )

    def __post_init__(self) -> None:
        if not 1.23 <= self.load < math.inf:
            raise OptionError(f"Option 'load' must be at least 1.23, not {self.load}.")

    def promise(self, problem: Problem) -> Size:
        r"""Five hidden layers; their widths for points of the unit ball at a known separation."""
        # A random hyperplane parts points delta apart with probability delta / (2 pi) or more, as
        # their lifts (x, 1) have an angle of delta / 2 or more. So some one parts this share of any
        # pairs, and M hyperplanes chosen one by one part all of at most n^2 / 2 pairs as soon as
        # (1 - delta / (2 pi))^M n^2 / 2 < 1. Each of them splits a group of points, hence M < n.
        n, d, separation = problem.n, problem.d, problem.separation
        if separation is None:
            return Size(depth=5)
        enough = 2 * math.pi / separation * math.log(n**2)
        hyperplanes = max(1, min(n - 1, math.ceil(enough)))
        bits = number_of_bits(problem.classes)
        shape = _Shape.largest(n, self.load)
        chain = (
            hyperplanes,
            shape.bits * hyperplanes,
            SEGMENTS * (shape.rows + shape.columns - 2),
            SEGMENTS * shape.rows * bits,
            SEGMENTS * bits,
        )
        inputs = (d, chain[0], 2 * SEGMENTS, *chain[2:])
        linear = ((chain[1] + 1) * 2 * SEGMENTS, (chain[-1] + 1) * bits)
        return Size(
            depth=5,
            widths=chain,
            neurons=sum(chain),
            parameters=sum((a + 1) * b for a, b in zip(inputs, chain, strict=False)) + sum(linear),
        )

    def layers(self, data: DataSet, context: Context) -> tuple[tuple[Layer, ...], Decision]:
        """Hyperplanes, then integers: parities, addresses, rows of the table, exclusive or."""
        bits, decision = bits_of_codes(data)
        dtype = context.dtype
        assert data.codes is not None
        if not bits.any():
            width = bits.shape[1]
            return (Affine(np.zeros((width, data.d), dtype), np.zeros(width, dtype)),), decision
        cuts = parting_cuts(data, context)
        patterns, rows = np.unique(cuts.on, axis=0, return_index=True)
        shape = _Shape.of(len(patterns), self.load)
        table = _table(patterns, data.codes[rows], shape, context)
        return (cuts.layer(dtype), *table.layers(bits.shape[1], dtype)), decision


@dataclass(frozen=True)
class _Shape:
    """Rows and columns of a segment, and the hash bits that address them.

    Attributes:
        rows: R = 2^row_bits.
        columns: C.
        row_bits: Bits of a row's number.
        column_bits: Bits of the hash that a column's number is scaled from.
    """

    rows: int
    columns: int
    row_bits: int
    column_bits: int

    @classmethod
    def of(cls, keys: int, load: float) -> _Shape:
        """Segments nearly square, of all together load times as many cells as keys."""
        segment = math.ceil((load * keys + _SPARE_CELLS) / SEGMENTS)
        row_bits = round(math.log2(segment) / 2)
        columns = -(-segment // (1 << row_bits))
        spare = _SPARE_BITS if columns > 1 else 0
        return cls(1 << row_bits, columns, row_bits, (columns - 1).bit_length() + spare)

    @classmethod
    def largest(cls, keys: int, load: float) -> _Shape:
        """What no table of as many keys or fewer exceeds, with room for failed draws."""
        segment = (load * keys + _SPARE_CELLS) / SEGMENTS + 1
        side = math.ceil(math.sqrt(2 * segment))  # R and C differ by a factor of two at most
        columns = math.ceil(_GROWN * (side + 1))
        row_bits = side.bit_length() - 1
        return cls(1 << row_bits, columns, row_bits, (columns - 1).bit_length() + _SPARE_BITS)

    @property
    def bits(self) -> int:
        """Bits of all addresses."""
        return SEGMENTS * (self.row_bits + self.column_bits)

    @property
    def cells(self) -> int:
        """Cells of all segments."""
        return SEGMENTS * self.rows * self.columns

    def edges(self) -> Integers:
        """The least hash of column 1, 2, ..., C - 1."""
        return -(-np.arange(1, self.columns) * (1 << self.column_bits) // self.columns)

    def places(self) -> list[tuple[slice, slice]]:
        """For each segment the hash bits of the row and of the column."""
        step = self.row_bits + self.column_bits
        return [
            (slice(k, k + self.row_bits), slice(k + self.row_bits, k + step))
            for k in range(0, self.bits, step)
        ]


@dataclass(frozen=True, eq=False)
class _Table:
    """A filled table and the code that addresses it.

    Attributes:
        shape: Rows and columns.
        code: 0 or 1, shape (hash bits, m): which signs each hash bit is the parity of.
        content: Class codes whose exclusive or is a key's, shape (3, R, C).
    """

    shape: _Shape
    code: Integers
    content: Integers

    def layers(self, bits: int, dtype: DType) -> tuple[Layer, ...]:
        """The layers behind the signs."""
        counters, values = self._hash_layers()
        steps, rows = self._select_layers(bits)
        parity, output = _exclusive_or(bits, self.shape.rows)
        return tuple(
            Affine(weight.astype(dtype), bias.astype(dtype), activation)
            for weight, bias, activation in (counters, values, steps, rows, parity, output)
        )

    def _hash_layers(self) -> tuple[_Raw, _Raw]:
        """Units that count the signs of each parity, and the numbers that the parities spell."""
        counts = self.code.sum(axis=1)
        of_bit = np.repeat(np.arange(len(counts)), counts)
        number = np.concatenate([np.arange(c) for c in counts])  # unit j is on for more than j
        sign = np.where(number % 2 == 0, 1, -1)
        value = np.zeros((2 * SEGMENTS, len(of_bit)))
        for k, places in enumerate(p for pair in self.shape.places() for p in pair):
            within = (of_bit >= places.start) & (of_bit < places.stop)
            value[k, within] = (sign << (of_bit - places.start).clip(0))[within]
        return (
            (self.code[of_bit], -0.5 - number, THRESHOLD),
            (value, np.zeros(len(value)), IDENTITY),
        )

    def _select_layers(self, bits: int) -> tuple[_Raw, _Raw]:
        """Units for "row at least r" and "column at least c", and for cells of 1 in that row."""
        R, C = self.shape.rows, self.shape.columns
        per_segment = R - 1 + C - 1
        steps = np.zeros((SEGMENTS * per_segment, 2 * SEGMENTS))
        bias = np.tile(np.concatenate([-np.arange(1, R), -self.shape.edges()]) + 0.5, SEGMENTS)
        weight = np.zeros((bits, SEGMENTS, R, SEGMENTS * per_segment))
        constant = np.zeros((bits, SEGMENTS, R))
        row = np.eye(R, R - 1, -1) - np.eye(R, R - 1)  # at least r, but not at least r + 1
        for s in range(SEGMENTS):
            at = s * per_segment
            steps[at : at + R - 1, 2 * s] = 1
            steps[at + R - 1 : at + per_segment, 2 * s + 1] = 1
            plane = self.content[s] >> np.arange(bits)[:, None, None] & 1
            weight[:, s, :, at : at + R - 1] = row
            weight[:, s, :, at + R - 1 : at + per_segment] = np.diff(plane, axis=2)
            constant[:, s] = plane[:, :, 0] - 1.5
            constant[:, s, 0] += 1
        return (
            (steps, bias, THRESHOLD),
            (weight.reshape(-1, SEGMENTS * per_segment), constant.ravel(), THRESHOLD),
        )


_Raw = tuple[Array, Array, Activation]


def _exclusive_or(bits: int, rows: int) -> tuple[_Raw, _Raw]:
    """Units that count the segments with a 1, and their alternating sum, for each bit."""
    counted = np.kron(np.eye(bits), np.ones((SEGMENTS, SEGMENTS * rows)))
    alternating = np.kron(np.eye(bits), [[1, -1, 1]])
    return (
        (counted, np.tile(-0.5 - np.arange(SEGMENTS), bits), THRESHOLD),
        (alternating, np.zeros(bits), IDENTITY),
    )


def _table(patterns: Array, codes: Integers, shape: _Shape, context: Context) -> _Table:
    """Draw codes until the table can be filled."""
    draws = 0
    while True:
        context.progress("codes", draws, draws + 1)
        code = context.rng.integers(0, 2, (shape.bits, patterns.shape[1]))
        code[code.sum(axis=1) == 0, 0] = 1
        content = fill_table(_cells(patterns, code, shape), codes, shape.cells)
        if content is not None:
            return _Table(shape, code, content.reshape(SEGMENTS, shape.rows, shape.columns))
        draws += 1
        if draws % _PATIENCE == 0:
            columns = shape.columns + max(1, shape.columns // 50)
            bits = max(shape.column_bits, (columns - 1).bit_length() + _SPARE_BITS)
            shape = _Shape(shape.rows, columns, shape.row_bits, bits)


def _cells(patterns: Array, code: Integers, shape: _Shape) -> Integers:
    """The three cells of each pattern."""
    hashed = patterns.astype(np.float64) @ code.T.astype(np.float64) % 2
    cells = np.empty((len(patterns), SEGMENTS), np.int64)
    for s, (row, column) in enumerate(shape.places()):
        r = hashed[:, row] @ (1 << np.arange(shape.row_bits))
        c = hashed[:, column] @ (1 << np.arange(shape.column_bits))
        cells[:, s] = r * shape.columns + np.searchsorted(shape.edges(), c, side="right")
        cells[:, s] += s * shape.rows * shape.columns
    return cells
