"""Circuits: values that are carried, widths that count what is alive, and every arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rote.constructions._gadgets.circuit import Circuit, added, scaled
from rote.network.exact import evaluate_layers
from rote.typing import DType


def literal(units: list[tuple[int, dict[int, int], int]], inputs: list[int]) -> list[int]:
    """Values of all units one after the other, without layers."""
    values = list(inputs)
    for _, terms, bias in units:
        values.append(max(0, sum(a * values[j] for j, a in terms.items()) + bias))
    return values


@st.composite
def circuits(draw: st.DrawFn) -> list[tuple[int, dict[int, int], int]]:
    """Units that take any units of earlier layers, in the order of their layers."""
    layers, units = [0, 0], []
    for layer in range(1, draw(st.integers(1, 5)) + 1):
        earlier = [j for j, at in enumerate(layers) if at < layer]
        for _ in range(draw(st.integers(1, 3))):
            some = draw(st.lists(st.sampled_from(earlier), max_size=3, unique=True))
            terms = {j: draw(st.integers(-3, 3)) for j in some}
            units.append((layer, terms, draw(st.integers(-5, 5))))
            layers.append(layer)
    return units


@given(
    units=circuits(),
    inputs=st.lists(st.integers(0, 9), min_size=2, max_size=2),
    dtype=st.sampled_from(["exact", "float64", "float32"]),
)
def test_layers_compute_what_the_units_say(
    units: list[tuple[int, dict[int, int], int]], inputs: list[int], dtype: DType
) -> None:
    circuit = Circuit(sources=2)
    for unit in units:
        circuit.unit(*unit)
    everything = dict.fromkeys(range(len(units) + 2), 1)
    circuit.output(everything, -3)
    circuit.output({}, 7)
    layers = circuit.layers(dtype, exponent=2)
    values = literal(units, inputs)
    want = [4 * (sum(values) - 3), 28]
    assert evaluate_layers(layers, np.array([inputs])).tolist() == [want]
    assert layers[-2].outputs == len(values)  # all are alive up to the end


def test_only_what_is_used_later_is_carried() -> None:
    circuit = Circuit(sources=2)
    a = circuit.unit(1, {0: 1})
    b = circuit.unit(3, {a: 2, 0: 1})
    circuit.output({b: 1})
    widths = [layer.outputs for layer in circuit.layers("float64")]
    assert widths == [2, 2, 1, 1]  # a and input 0 wait for layer 3; input 1 is not used


def test_a_unit_cannot_take_a_later_one() -> None:
    circuit = Circuit(sources=1)
    late = circuit.unit(2, {0: 1})
    circuit.unit(2, {late: 1})
    with pytest.raises(AssertionError, match="Unit 1 of layer 2 in layer 2"):
        circuit.layers("float64")


def test_sums_add_and_scale() -> None:
    assert added({1: 2}, {1: 3, 2: 1}) == {1: 5, 2: 1}
    assert scaled({1: 2, 2: -1}, -3) == {1: -6, 2: 3}
