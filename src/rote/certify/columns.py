r"""Exact evaluation unit by unit, for narrow and deep networks of long weights and few connections.

A batch of m points is one *column* per unit: m integers times a power of two that the unit has for
itself. In such networks most units hold a flag, a digit or a copy, and only a few hold the long
integers that limbs would have to provide for in all of them. So each column stands in int64 where
a bound of its sum of absolute terms allows that, and in Python integers where not; a unit that
copies shares its column; and a unit whose inputs are all short is computed once for each
combination of them that occurs. Nothing is rounded: the values are those that limbs give.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rote.exact.dyadic import common_exponent, to_integers, trailing_zeros
from rote.exact.limbs import Limbs
from rote.network import Affine, Network
from rote.network.activation import IDENTITY, RELU
from rote.typing import Array

__all__ = ["Columns", "fan_in"]

_SHORT = 1 << 62
"""Bound of the integers that stand in int64."""

_FEW = 2
"""Terms up to which a sum is cheaper than its table of combinations. Ours."""


def fan_in(network: Network) -> float:
    """Terms of a unit on the average; infinite where a layer is not made of ReLUs and sums."""
    units = terms = 0
    for layer in network.layers:
        if not isinstance(layer, Affine) or not {RELU, IDENTITY}.issuperset(layer.activations):
            return np.inf
        units += layer.outputs
        terms += int(np.count_nonzero(layer.weight)) * layer.outputs // len(layer.weight)
    return terms / units


@dataclass(frozen=True, eq=False)
class _Column:
    """One unit's values for a batch of points: integers times 2 ** exponent.

    Attributes:
        integers: Shape (m,), int64 or Python integers.
        exponent: The power of two.
        largest: Largest absolute value of the integers.
        positive: Whether none is negative.
    """

    integers: Array
    exponent: int
    largest: int
    positive: bool

    @classmethod
    def of(cls, integers: Array, exponent: int, *, relu: bool = False) -> _Column:
        """The column in the shortest form; ``relu`` if none of the integers is negative."""
        if integers.dtype == object and exponent < 0:  # what is left of the points' own exponents
            together = np.bitwise_or.reduce(integers)
            shift = min(-exponent, trailing_zeros(together) if together else 0)
            if shift:
                integers, exponent = integers >> shift, exponent + shift
        largest = int(integers.max())
        positive = relu or int(integers.min()) >= 0
        if not positive:
            largest = max(largest, -int(integers.min()))
        short = integers.astype(np.int64) if largest < _SHORT else integers
        return cls(short, exponent, largest, positive)

    @property
    def short(self) -> bool:
        """Whether the integers are of int64."""
        return self.integers.dtype == np.int64


@dataclass(frozen=True, eq=False)
class _Unit:
    """A unit: its terms as (input, integer), its bias, both times 2 ** exponent."""

    terms: tuple[tuple[int, int], ...]
    bias: int
    exponent: int
    relu: bool

    def __call__(self, inputs: Sequence[_Column], m: int) -> _Column:
        terms = [(inputs[j], a) for j, a in self.terms if inputs[j].largest]
        if len(terms) == 1 and terms[0][1] == 1 and not self.bias and not self.exponent:
            column = terms[0][0]
            if column.positive or not self.relu:
                return column
        low = min([0, *(column.exponent for column, _ in terms)])
        bias = self.bias << -low
        terms = [(column, a << (column.exponent - low)) for column, a in terms]
        bound = abs(bias) + sum(abs(a) * column.largest for column, a in terms)
        if bound < _SHORT:
            z = self._sum(terms, np.full(m, bias, np.int64))
        elif len(terms) > _FEW and (found := _combinations([column for column, _ in terms])):
            some, place = found
            table = [(column, a) for column, (_, a) in zip(some, terms, strict=True)]
            z = self._sum(table, np.full(len(some[0].integers), bias, object))[place]
        else:
            z = self._sum(terms, np.full(m, bias, object))
        return _Column.of(z, low + self.exponent, relu=self.relu)

    def _sum(self, terms: Sequence[tuple[_Column, int]], z: Array) -> Array:
        for column, a in terms:
            integers = column.integers.astype(z.dtype, copy=False)
            if a == 1:
                z = z + integers
            elif a == -1:
                z = z - integers
            else:
                z = z + a * integers
        return np.maximum(z, 0) if self.relu else z


def _combinations(columns: Sequence[_Column]) -> tuple[list[_Column], Array] | None:
    """The different rows of short columns, and which of them each row is; None if they are long."""
    key: Array = np.zeros(1, np.int64)
    size = 1
    for column in columns:
        size *= column.largest + 1
        if size >= _SHORT or not (column.short and column.positive):
            return None
        key = key * (column.largest + 1) + column.integers
    _, first, place = np.unique(key, return_index=True, return_inverse=True)
    return [
        _Column(column.integers[first], column.exponent, column.largest, True) for column in columns
    ], place


class Columns:
    """A network of ReLUs and sums, evaluated unit by unit."""

    def __init__(self, network: Network) -> None:
        """Prepare the units of all layers."""
        self.layers = [_units(layer) for layer in network.affine_layers]

    def __call__(self, points: Array) -> Limbs:
        """The outputs for some points, shape (m, d) to (m, k)."""
        integers, exponent = to_integers(points)
        columns = [_Column.of(column, exponent) for column in integers.T]
        for units in self.layers:
            columns = [unit(columns, len(points)) for unit in units]
        low = min(column.exponent for column in columns)
        values = [column.integers.astype(object) << column.exponent - low for column in columns]
        return Limbs.exact(np.stack(values, axis=1), low)


def _units(layer: Affine) -> list[_Unit]:
    low = common_exponent(layer.weight, layer.bias)
    weight, bias = (to_integers(t, low)[0] for t in (layer.weight, layer.bias))
    rows = [tuple((j, a) for j, a in enumerate(row) if a) for row in weight.tolist()]
    rows *= layer.outputs // len(rows)  # one row for all units if shared
    return [
        _Unit(terms, b, low + layer.exponent, activation == RELU)
        for terms, b, activation in zip(rows, bias.tolist(), layer.activations, strict=True)
    ]
