r"""Layout: the shape of the memory, chosen by predicted bytes.

A key reads the entries of two rows (one per block) at three or four prefix sums of columns, so it
sees six or eight unknown bits per plane; systems of such equations were solvable up to 0.995
equations per unknown (measured for 1,600 to 60,000 unknowns). Keys fall into
shards and start planes at random, so the fullest system, a few standard deviations above the mean,
decides the size; seeds are retried to keep it small.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import cache, cached_property
from statistics import NormalDist
from typing import final

import numpy as np

from rote.constructions._compact.codes import PLANES

__all__ = ["Layout", "choose_layout"]

_LARGEST_SUM = 1 << 22
"""Bound of the sum over columns: with two bits behind the point it stays below 2^24."""

_ROWS = 112
"""Largest range of a row index: its centred odd weights must fit int8, and the range is a sum
of a constant and 15 times a constant of four bits each."""

_LONG_ROWS = 400
"""The same where weights are floats anyway; the values to fold grow with it. Ours."""

_SYSTEM = 30_000
"""Most unknowns of a system: elimination is cubic in a quarter of them, 0.3 s here. Ours."""

_MANY_EQUATIONS = 10**6
"""Equations of a plane from which on systems are half as large: a fourth of the time, and less than
a hundredth more bytes. Ours."""

_LONG_COLUMNS = 36
"""Largest range of a column index of long numbers: its two digits have at most six values each, so
that a column's distances from an address stay below 2^24."""

_LONG_FOLDS = 8
"""Folds of long addresses, about."""

_MORE_SHARDS = 16
"""Most shards of the shallow form beyond the fewest. Ours."""

_LANES = 16
"""Units that a processor computes at a time. Ours, measured."""

_UNIT = 15
"""Time that a unit takes besides its products, in products. Ours, measured."""

_SPARE = {3: 0.004, 4: 0.0015, 5: 0.001, 6: 0.001}
"""Share of the unknowns left over, besides four, by groups of columns. Ours, measured."""

_MANY = 1e9
"""From so many pairs on, seeds are dear: fewer conflicts and less luck are counted on. Ours."""

_MANY_SYSTEMS = 64
_DRAWN = 1 << 14
"""Draws of the deviations of so many systems from their mean. Ours."""

_LAYER = 33
"""Bytes of a repeated layer in an ONNX file: one Gemm and one Relu node."""


@final
@dataclass(frozen=True)
class Layout:
    """The ranges of all parts of an address.

    Attributes:
        shards: Number of shards, each with rows of its own.
        rows: Range of the row index in each block, within a shard.
        columns: Range of the column index in each group.
        words: Numbers read per key, each with columns of its own.
        planes: Bits of a number.
        selected: Whether the columns of the address alone are passed, instead of runs of columns:
            more weights, but sums of a few entries only, so that numbers can be long.
    """

    shards: int
    rows: tuple[int, int]
    columns: tuple[int, ...]
    words: int = 1
    planes: int = PLANES
    selected: bool = False

    @property
    def ranges(self) -> tuple[int, ...]:
        """Ranges of the folded values: shard if any, rows, columns, start plane."""
        shard = (self.shards,) if self.shards > 1 else ()
        return (*shard, *self.rows, *self.columns, self.planes)

    @property
    def shallow(self) -> bool:
        """Whether the network is the shallow one: short numbers of selected columns."""
        return self.selected and self.planes <= PLANES

    @property
    def stored_rows(self) -> int:
        """Rows of the table; the first of block 2 in each shard is redundant."""
        return self.shards * (sum(self.rows) - 1)

    @property
    def word_columns(self) -> int:
        """Columns of a word; the first of all groups but one are redundant."""
        return sum(self.columns) - len(self.columns) + 1

    @property
    def stored_columns(self) -> list[tuple[int, int]]:
        """Group and index of each stored column of a word."""
        return [(g, c) for g, size in enumerate(self.columns) for c in range(int(g > 0), size)]

    @property
    def digits(self) -> list[tuple[int, int]]:
        """Places and turns of each group: the values of the two digits of its column index."""
        places = [math.isqrt(size - 1) + 1 for size in self.columns]
        return [(p, -(-size // p)) for p, size in zip(places, self.columns, strict=True)]

    @property
    def unknowns(self) -> int:
        """Unknown bits of one system: a shard, a word and a plane."""
        return (sum(self.rows) - 1) * self.word_columns

    @property
    def room(self) -> int:
        """Most equations of one system that nearly always has a solution."""
        return int((self.unknowns - 4) * (1 - _SPARE[len(self.columns)]))

    @property
    def spacing(self) -> int:
        """More than the sum of two entries: 2^(planes + 1)."""
        return 2 << self.planes

    @property
    def addresses(self) -> float:
        """Number of addresses, whatever the start plane."""
        return math.prod(map(float, self.ranges[:-1]))

    @cached_property
    def sum_bits(self) -> int:
        """Bits of the largest sum over a word's columns."""
        return max(self.planes + 2, self.largest_sum.bit_length())

    @property
    def largest_sum(self) -> int:
        """Bound of the sum over a word's columns."""
        if self.selected:
            return len(self.columns) * self.spacing
        # Thresholds above an index, entries, none negative.
        return sum(self.spacing // 2 * c * (c + 1) for c in self.columns)

    @cached_property
    def square(self) -> int:
        """The power of two m, at least every row range, whose folds square row indices."""
        return int(max(4, 1 << (max(*self.rows, self.shards) - 1).bit_length()))

    @property
    def squarings(self) -> int:
        """Layers that repeat while row indices are squared."""
        return self.square.bit_length() - 3

    @property
    def passed_scale(self) -> int:
        """What tau of a column's group and of the start plane is multiplied by as a feature."""
        return 1 if self.selected else 8 << self.squarings

    @property
    def start_factors(self) -> tuple[int, int]:
        """What the start plane is multiplied by beside the table, and beside the sums."""
        if self.selected:
            return 1, 1
        bits = min(8, self.sum_bits - 3 - self.planes)  # as far as bytes and half bytes go
        return 1 << min(6, bits), 1 << max(0, bits - 6)

    @property
    def start_scale(self) -> int:
        """What tau of the start plane has been multiplied by behind the sums."""
        beside_table, beside_sums = self.start_factors
        return 1 if self.selected else beside_table * beside_sums << self.planes

    @property
    def cost(self) -> int:
        """Weights of the parts that depend on the shape; bytes or, of the shallow form, time."""
        if self.shallow:
            return self._shallow_cost
        return self._long_cost if self.selected else self._byte_cost

    @property
    def _byte_cost(self) -> int:
        """Bytes of the parts that depend on the shape; all but those of two layers are halved."""
        groups, shard = len(self.columns), int(self.shards > 1)
        hot, columns = self.stored_rows + groups + 2, self.words * self.word_columns + 1
        features, state = 7 + shard + groups, 11 + 3 * shard + groups
        folded = 2 * len(self.ranges) + 2
        halves = columns * (self.words + 1) + folded**2 + (folded + state + features) * state
        # Smaller ranges take more folds.
        layers = self.squarings + self.sum_bits / 2 - math.log2(min(*self.rows, *self.columns))
        return hot * (columns + features) + halves // 2 + round(_LAYER * layers)

    @property
    def _shallow_cost(self) -> int:
        """Time per input of the parts of the shallow form that depend on the shape, in products."""
        groups, starts = len(self.columns), self.planes
        hashed = sum(self.rows) + (self.shards if self.shards > 1 else 0) + groups
        units = (
            _LANES * 2,
            hashed + 2,
            self.stored_rows + self.word_columns + 2,
            self.words * self.word_columns + 2,
            self.words * 2 * groups + 2,
            self.words * (2 << self.planes) + starts,
            self.words * starts,
        )
        return sum(
            math.ceil(after / _LANES) * _LANES * before + _UNIT * after
            for before, after in itertools.pairwise(units)
        )

    @property
    def _long_cost(self) -> int:
        """Parameters of the parts of the form of long numbers that depend on the shape."""
        rows, columns = self.stored_rows, self.words * self.word_columns + 1
        groups, shard = len(self.columns), int(self.shards > 1)
        switches = sum(places + turns - 2 for places, turns in self.digits) + 1
        turns = sum(2 * turns - 1 for _, turns in self.digits) + 5 + shard
        squares, features = 10 + 3 * shard + groups, 5 + shard + 2 * groups
        fold = 2 * len(self.ranges) + 1
        table = (rows + switches + 1) * columns + (rows + switches) * (features + 1)
        hashed = _LONG_FOLDS * fold**2 + (self.square.bit_length() - 3) * squares**2
        hashed += (fold + turns) * squares + turns * features
        return table + (self.words + 1) * columns + hashed


def choose_layout(
    mean: float,
    variance: float,
    pairs: float,
    words: int,
    planes: int,
    margin: float,
    *,
    selected: bool,
    groups_tried: tuple[int, ...] = (3, 4),
) -> Layout:
    """The smallest layout that holds the fullest system with some luck.

    Args:
        mean: Expected equations per plane over all shards.
        variance: Variance of one shard's equations per plane over its mean.
        pairs: Expected number of pairs of keys whose rows or columns must differ.
        words: Numbers read per key.
        planes: Bits of a number.
        margin: Factor on the unknowns, above 1 after failures.
        selected: Whether the columns of the address alone are passed.
        groups_tried: Numbers of groups of columns; more groups make more addresses, which very many
            keys need.

    Returns:
        The layout.
    """
    large, shallow = pairs > _MANY and not selected, selected and planes <= PLANES
    conflicts, luck = (0.7, 1 / 3) if large else (1.5, 1 / 2) if shallow else (2.5, 1 / 64)
    best: tuple[float, Layout] | None = None
    limit = _LONG_ROWS if planes > PLANES else _ROWS
    fewest = max(1, math.ceil(mean / (_SYSTEM if mean < _MANY_EQUATIONS else _SYSTEM // 2)))
    # A row of the shallow form has a weight for each shard and each row of a shard.
    more = _MORE_SHARDS if shallow else max(2, fewest // 2)
    for shards in range(fewest, min(fewest + more, _ROWS) + 1):
        fullest = _fullest(mean / shards, variance, shards * planes, luck)
        for groups, total in itertools.product(groups_tried, range(5 * groups_tried[0], 260)):
            columns = _coprime(total, groups)
            if columns is None or (planes > PLANES and max(columns) > _LONG_COLUMNS):
                continue
            needed = (fullest + 4) / (1 - _SPARE[groups]) * margin
            rows = _rows(max(5, math.ceil(needed / (total - groups + 1)) + 1))
            layout = Layout(shards, rows, columns, words, planes, selected)
            if max(rows) > limit or layout.largest_sum >= _LARGEST_SUM:
                continue
            if pairs / layout.addresses > conflicts:
                continue
            if best is None or layout.cost < best[0]:
                best = layout.cost, layout
    if best is None:
        other = (5, 6) if groups_tried == (3, 4) else (3, 4)
        growth = 1.0 if groups_tried == (3, 4) else 1.1
        return choose_layout(
            mean * growth,
            variance,
            pairs,
            words,
            planes,
            margin,
            selected=selected,
            groups_tried=other,
        )
    return best[1]


def _fullest(mean: float, variance: float, systems: int, luck: float) -> float:
    """Equations of the fullest of all systems in the luckiest of a few draws."""
    return mean + _highest(systems, luck) * math.sqrt(variance * mean)


@cache
def _highest(count: int, luck: float) -> float:
    """What the highest of some normal deviations that add up to zero stays below with some luck."""
    if count > _MANY_SYSTEMS:  # what they add up to hardly matters
        return NormalDist().inv_cdf(luck ** (1 / count))
    deviations = np.random.default_rng(0).standard_normal((_DRAWN, count))
    highest = deviations.max(axis=1) - deviations.mean(axis=1)
    return float(np.quantile(highest, luck))


@cache
def _coprime(total: int, groups: int) -> tuple[int, ...] | None:
    """Nearly equal, pairwise coprime ranges with a given sum, if there are any."""
    middle = total // groups
    for spread in range(1, 2 * groups + 1):
        near = range(max(2, middle - spread), middle + spread + 1)
        for some in itertools.combinations(near, groups - 1):
            last = total - sum(some)
            if some[-1] < last <= middle + spread + 1 and all(
                math.gcd(a, b) == 1 for a, b in itertools.combinations((*some, last), 2)
            ):
                return (*some, last)
    return None


def _rows(total: int) -> tuple[int, int]:
    """Two nearly equal coprime ranges with at least a given sum."""
    a = total // 2
    b = total - a
    while math.gcd(a, b) > 1 or (a == b):
        b += 1
    return (a, b)
