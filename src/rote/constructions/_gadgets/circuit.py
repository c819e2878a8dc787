r"""Circuit: ReLU units placed in layers by hand, their values carried by themselves.

A unit is $\sigma(\sum_j a_j h_j + b)$ with integers $a_j, b$ and with units $h_j$ of any earlier
layers. Where a value is used later than in the next layer, a unit $\sigma(h) = h$ in each layer
between copies it, since no unit is negative. So widths come out as the number of values that are
alive, and a gadget says only what it computes and when.

A :data:`Sum` is a value that no unit holds yet: an integer combination of units of one layer. It
costs nothing until a unit of a later layer takes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias, final

import numpy as np

from rote.network import Affine
from rote.network.activation import IDENTITY, RELU
from rote.typing import Array, DType

__all__ = ["Circuit", "Sum", "added", "held", "scaled"]

Sum: TypeAlias = Mapping[int, int]
"""Coefficients of units, by the units' numbers."""


@final
class Circuit:
    """Units in layers, behind a layer of sources.

    Attributes:
        sources: How many units layer 0 has; they are the units 0, 1, ...
    """

    def __init__(self, sources: int) -> None:
        self.sources = sources
        self._layer = [0] * sources
        self._terms: list[Sum] = [{}] * sources
        self._bias = [0] * sources
        self._outputs: list[tuple[Sum, int]] = []

    def unit(self, layer: int, terms: Sum, bias: int = 0) -> int:
        r"""Add a unit $\sigma(\sum a_j h_j + b)$.

        Args:
            layer: Where it stands, from 1.
            terms: The coefficients $a_j$ of units of earlier layers.
            bias: b.

        Returns:
            The unit's number.
        """
        self._layer.append(layer)
        self._terms.append({j: a for j, a in terms.items() if a})
        self._bias.append(bias)
        return len(self._layer) - 1

    def output(self, terms: Sum, bias: int = 0) -> None:
        """Add an output, a sum of units and a constant without an activation."""
        self._outputs.append(({j: a for j, a in terms.items() if a}, bias))

    def layers(self, dtype: DType, *, exponent: int = 0) -> tuple[Affine, ...]:
        """The layers behind layer 0, the last of them linear.

        Args:
            dtype: Arithmetic; all coefficients are exact in it.
            exponent: The outputs are multiplied by two to this power.

        Returns:
            The layers.
        """
        depth = max(self._layer)
        held = self._alive(depth)
        place = {unit: k for k, unit in enumerate(held[0])}
        result = []
        for layer in range(1, depth + 1):
            rows = [
                (self._terms[u], self._bias[u]) if self._layer[u] == layer else ({u: 1}, 0)
                for u in held[layer]
            ]
            result.append(Affine(*_tensors(rows, place, dtype), RELU))
            place = {unit: k for k, unit in enumerate(held[layer])}
        weight, bias = _tensors(self._outputs, place, dtype)
        if dtype == "exact":
            result.append(Affine(weight, bias, IDENTITY, exponent))
        else:
            result.append(Affine(np.ldexp(weight, exponent), np.ldexp(bias, exponent)))
        return tuple(result)

    def _alive(self, depth: int) -> list[list[int]]:
        """The units that each layer holds: its own, and those that a later layer takes."""
        last = list(self._layer)
        users = zip(self._layer, self._terms, strict=True)
        for layer, terms in [*users, *((depth + 1, terms) for terms, _ in self._outputs)]:
            for j in terms:
                if self._layer[j] >= layer:
                    raise AssertionError(f"Unit {j} of layer {self._layer[j]} in layer {layer}.")
                last[j] = max(last[j], layer - 1)
        held: list[list[int]] = [[] for _ in range(depth + 1)]
        for unit, (first, end) in enumerate(zip(self._layer, last, strict=True)):
            for layer in range(first, end + 1):
                held[layer].append(unit)
        return held


def added(*sums: Sum) -> dict[int, int]:
    """The sum of sums."""
    total: dict[int, int] = {}
    for terms in sums:
        for j, a in terms.items():
            total[j] = total.get(j, 0) + a
    return total


def scaled(terms: Sum, factor: int) -> dict[int, int]:
    """A sum times an integer."""
    return {j: factor * a for j, a in terms.items()}


def held(circuit: Circuit, layer: int, value: Sum) -> Sum:
    """The value in one unit of a layer; if it is one unit already, it need not move."""
    if not value or (len(value) == 1 and set(value.values()) == {1}):
        return value
    return {circuit.unit(layer, value): 1}


def _tensors(
    rows: Sequence[tuple[Sum, int]], place: Mapping[int, int], dtype: DType
) -> tuple[Array, Array]:
    kind = np.dtype(object if dtype == "exact" else dtype)
    weight = np.zeros((len(rows), len(place)), kind)
    for k, (terms, _) in enumerate(rows):
        for j, a in terms.items():
            weight[k, place[j]] = a
    bias = np.array([b for _, b in rows], kind)
    return weight, bias
