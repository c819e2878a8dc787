"""Countdown: the label of every cell, at its width and depth, exact in every arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rote.constructions._gadgets.circuit import Circuit
from rote.constructions._gadgets.countdown import Countdown
from rote.network import Affine
from rote.network.exact import evaluate_layers
from rote.typing import Array, DType


def built(plan: Countdown, labels: list[int], cell: int, dtype: DType) -> tuple[Affine, ...]:
    circuit = Circuit(sources=1)
    code = circuit.unit(1, {}, plan.pack(labels))
    h = circuit.unit(1, {0: 1})
    circuit.output(plan.place(circuit, 2, {h: 1}, {code: 1}, cell))
    return circuit.layers(dtype)


@pytest.mark.parametrize("dtype", ["exact", "float64", "float32"])
@pytest.mark.parametrize("held", [False, True])
@given(data=st.data(), cells=st.integers(1, 9), bits=st.integers(1, 5), cell=st.integers(1, 6))
def test_the_label_of_every_cell(
    dtype: DType, held: bool, data: st.DataObject, cells: int, bits: int, cell: int
) -> None:
    cells = min(cells, 22 // bits - 1) if dtype == "float32" else cells
    plan = Countdown(cells, bits, data.draw(st.integers(1, bits)), held)
    label = st.integers(0, (1 << bits) - 1)
    labels = data.draw(st.lists(label, min_size=1, max_size=cells))
    layers = built(plan, labels, cell, dtype)
    assert len(layers) - 2 == plan.layers
    assert max(layer.outputs for layer in layers) <= plan.width
    points = np.arange(cells * cell)[:, None]
    values: Array
    if dtype == "exact":
        values = evaluate_layers(layers, points)
    else:
        values = points.astype(dtype)
        for layer in layers:
            values = layer(values)
    padded = labels + [0] * (cells - len(labels))
    assert values[:, 0].tolist() == np.repeat(padded, cell).tolist()
    if dtype == "exact":
        largest = max(abs(v) for layer in layers for v in layer.weight.ravel())
        assert largest.bit_length() <= max(plan.code_bits + 1, cell.bit_length())


def test_between_the_integers_of_a_cell() -> None:
    plan = Countdown(3, 2, 1, held=True)
    layers = built(plan, [1, 2, 3], 4, "float64")
    values = np.array([[0.3], [2.75], [4.5], [6.99], [8.01], [10.5]])
    for layer in layers:
        values = layer(values)
    assert values[:, 0].tolist() == [1, 1, 2, 2, 3, 3]


def test_width_three() -> None:
    assert Countdown(50, 4, 1, held=False).width == 3
    assert Countdown(50, 4, 1, held=False).layers == 49 * (3 * 4 + 2) + 2 * 4
    assert Countdown(50, 4, 4, held=True).layers == 1 + 49 * 3 + 2
