"""Lookups: the code of the group of every number, nothing beyond, exact in every arithmetic."""

from __future__ import annotations

from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rote.constructions._gadgets.circuit import Circuit
from rote.constructions._gadgets.lookup import (
    narrow_lookup,
    wide_lookup,
    wide_lookup_layers,
    wide_lookup_width,
)
from rote.network import Affine
from rote.network.exact import evaluate_layers
from rote.typing import DType

LARGEST = (1 << 22) - 1  # the longest code of a float32 register


def wanted(cut: list[int], codes: list[list[int]], h: float) -> list[int]:
    for g, values in enumerate(codes):
        if cut[g] <= h < cut[g + 1]:
            return values
    return [0] * len(codes[0])


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[int], list[list[int]]]:
    gaps = draw(st.lists(st.integers(1, 5), min_size=1, max_size=14))
    start = draw(st.integers(0, 3))
    registers = draw(st.integers(1, 3))
    code = st.one_of(st.integers(0, LARGEST), st.sampled_from([0, LARGEST]))
    rows = st.lists(code, min_size=registers, max_size=registers)
    codes = draw(st.lists(rows, min_size=len(gaps), max_size=len(gaps)))
    return list(accumulate(gaps, initial=start)), codes


def inputs(cut: list[int]) -> list[int]:
    return list(range(cut[-1] + 4))


def run(layers: tuple[Affine, ...], h: list[int], dtype: DType) -> list[list[int]]:
    points = np.array(h)[:, None]
    if dtype == "exact":
        return evaluate_layers(layers, points).tolist()
    values = points.astype(dtype)
    for layer in layers:
        values = layer(values)
    return values.tolist()


@pytest.mark.parametrize("dtype", ["exact", "float64", "float32"])
@given(table=tables(), side=st.integers(1, 4), carried=st.booleans())
def test_the_wide_lookup_finds_every_code(
    dtype: DType, table: tuple[list[int], list[list[int]]], side: int, carried: bool
) -> None:
    cut, codes = table
    circuit = Circuit(sources=1)
    other = circuit.unit(1, {0: 1}) if carried else 0
    start = 2 if carried else 1
    found = wide_lookup(circuit, start, 0, cut, codes, side)
    for terms in found:
        circuit.output(terms)
    if carried:
        circuit.output({other: 1})
    layers = circuit.layers(dtype)
    depth = start - 1 + wide_lookup_layers(len(codes), side)
    # Where all codes are zero no gate is built, and the lookup may be less deep.
    assert len(layers) - 1 <= depth
    bound = wide_lookup_width(len(codes), side, len(codes[0]), int(carried))
    assert max(layer.outputs for layer in layers[start - 1 : -1]) <= bound
    got = run(layers, inputs(cut), dtype)
    for h, row in zip(inputs(cut), got, strict=True):
        assert row == wanted(cut, codes, h) + [h] * carried


def test_the_wide_lookup_is_as_wide_and_deep_as_stated() -> None:
    circuit = Circuit(sources=1)
    found = wide_lookup(circuit, 1, 0, list(range(3, 23)), [[k, 9] for k in range(1, 20)], 3)
    for terms in (*found, {0: 1}):
        circuit.output(terms)
    layers = circuit.layers("exact")
    assert len(layers) - 1 == wide_lookup_layers(19, 3) == 15
    assert max(f.outputs for f in layers) == wide_lookup_width(19, 3, 2, 0) == 10


@pytest.mark.parametrize("dtype", ["exact", "float64", "float32"])
@given(table=tables())
def test_the_narrow_lookup_finds_every_code(
    dtype: DType, table: tuple[list[int], list[list[int]]]
) -> None:
    cut, codes = table
    circuit = Circuit(sources=1)
    for terms in narrow_lookup(circuit, 1, 0, cut, codes):
        circuit.output(terms)
    circuit.output({0: 1})
    layers = circuit.layers(dtype)
    assert len(layers) - 1 <= 2 * len(codes)
    assert max(layer.outputs for layer in layers[:-1]) <= len(codes[0]) + 3
    for h, row in zip(inputs(cut), run(layers, inputs(cut), dtype), strict=True):
        assert row == [*wanted(cut, codes, h), h]


@given(table=tables(), side=st.integers(1, 3), seed=st.integers(0, 2**32 - 1))
def test_numbers_that_were_rounded_are_found_as_well(
    table: tuple[list[int], list[list[int]]], side: int, seed: int
) -> None:
    """Anything from a cut up to 1 below the next one falls into the group."""
    cut, codes = table
    rng = np.random.default_rng(seed)
    group = rng.integers(0, len(codes), 20)
    low, high = np.array(cut)[group], np.array(cut)[group + 1] - 1
    points = low + np.floor(rng.random(20) * 2**20) / 2**20 * (high - low)
    circuit = Circuit(sources=1)
    for terms in wide_lookup(circuit, 1, 0, cut, codes, side):
        circuit.output(terms)
    got = evaluate_layers(circuit.layers("exact"), points[:, None]).tolist()
    assert got == [codes[g] for g in group]
