"""Columns selected by two digits: one column of a group passes, for all columns of an address."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from rote.constructions._compact.columns import column_lookup, digit_layers, digit_units
from rote.constructions._compact.layout import Layout, choose_layout
from rote.constructions._compact.steps import Step
from rote.network import Affine
from rote.typing import Floats


def forward(layers: Sequence[Affine], values: Floats) -> Floats:
    """The layers' outputs, rectified, shape (units, columns of ``values``)."""
    for layer in layers:
        values = np.maximum(layer.weight @ values + layer.bias[:, None], 0)
    return values


def shape(columns: tuple[int, ...], planes: int = 18) -> Layout:
    return Layout(1, (3, 4), columns, 1, planes, selected=True)


def last_sums(layout: Layout, delta: Floats) -> tuple[Floats, Floats, Floats]:
    """For columns ``delta`` of addresses, (groups, n): the units, and the weights and biases."""
    unit = 0.25
    inputs = [*(f"c{g}" for g in range(len(layout.columns))), "k"]
    kept = Step(inputs)
    kept.unit("k", {"k": 1})
    steps = digit_layers(inputs, unit, layout, kept)
    units = digit_units(steps[-1].names, layout)
    layers = [step.layer("float64") for step in (*steps, units)]
    values = np.concatenate([(2 * delta + 1) / unit, np.full((1, delta.shape[1]), 5.0)])
    return forward(layers, values), *column_lookup(units.names, layout)


@pytest.mark.parametrize("columns", [(2, 3, 5), (4, 5, 7), (9, 10, 11, 13), (25, 29, 31, 36)])
def test_one_column_of_a_group_passes(columns: tuple[int, ...]) -> None:
    layout = shape(columns)
    largest = layout.spacing - 2.0  # of two entries
    for g, size in enumerate(columns):
        delta = np.zeros((len(columns), size))
        delta[g] = np.arange(size)
        units, weight, bias = last_sums(layout, delta)
        sums = weight @ units + bias[:, None]
        assert np.all(sums[-1] == 5)  # the start plane
        # Twin: one unit per column, which is 1 where that is the column of the address.
        selected = np.stack([delta[h] == c for h, c in layout.stored_columns])
        assert np.array_equal(np.maximum(largest + sums[:-1], 0), largest * selected)


@pytest.mark.parametrize("size", range(2, 37))
def test_sums_of_distances_stay_exact(size: int) -> None:
    layout = shape((size, 3, 2))
    delta = np.zeros((3, size))
    delta[0] = np.arange(size)
    units, weight, bias = last_sums(layout, delta)
    sums = np.abs(weight[:size]) @ units + np.abs(bias[:size, None])
    assert sums.max() + layout.spacing < 1 << 24


@pytest.mark.parametrize("n", [10, 10**4, 10**6, 10**7])
def test_long_numbers_have_short_digits(n: int) -> None:
    layout = choose_layout(n / 18, 1.0, n * n / 4, 1, 18, 1.0, selected=True)
    assert layout.shards * layout.room >= n / 18
    assert max(max(digits) for digits in layout.digits) <= 6
