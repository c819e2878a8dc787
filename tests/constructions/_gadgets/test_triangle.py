"""Triangle waves: the paper's iterates, bits of Python's integers, labels of keys; sizes."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rote.constructions._gadgets.circuit import Circuit
from rote.constructions._gadgets.decode import Packing
from rote.constructions._gadgets.triangle import Waves, decode_by_waves, fold, wave_layers
from rote.network import Affine
from rote.network.exact import evaluate_layers
from rote.typing import DType

LONGEST = {"exact": 300, "float64": 50, "float32": 21}
"""Bits of a number whose waves are exact, whatever the order of a sum."""


def evaluate(layers: tuple[Affine, ...], sources: list[list[int]], dtype: DType) -> list[list[int]]:
    if dtype == "exact":
        return evaluate_layers(layers, np.array(sources, object)).tolist()
    values = np.array(sources, dtype)
    for layer in layers:
        values = layer(values)
    return values.tolist()


def tooth(z: Fraction) -> Fraction:
    """The paper's wave."""
    return max(max(2 * z, Fraction(0)) - max(4 * z - 2, Fraction(0)), Fraction(0))


@given(n=st.integers(1, 40), data=st.data())
def test_folds_are_the_papers_iterates_times_powers_of_two(n: int, data: st.DataObject) -> None:
    number = data.draw(st.integers(0, (1 << n) - 1))
    shift = data.draw(st.integers(0, 4))
    circuit = Circuit(sources=1)
    unit, want = 0, Fraction(4 * number + shift, 1 << n + 2)
    for i in range(n):
        bias = 0 if i else shift
        unit = fold(circuit, 1 + 2 * i, {unit: 1 if i else 4}, bias, 1 << n + 1 - i)
        want = tooth(want)
    circuit.output({unit: 1})
    assert evaluate(circuit.layers("exact"), [[number]], "exact") == [[4 * want]]


@pytest.mark.parametrize("dtype", LONGEST)
@given(data=st.data())
def test_words_are_the_bits_of_the_number(dtype: DType, data: st.DataObject) -> None:
    n = data.draw(st.integers(1, LONGEST[dtype]))
    number = data.draw(st.integers(0, (1 << n) - 1))
    first = data.draw(st.integers(0, n - 1))
    last = data.draw(st.integers(first + 1, n))
    circuit = Circuit(sources=1)
    waves = Waves(circuit, {0: 1}, n)
    waves.word(1, first)
    circuit.output(waves.word(1 + 3 * first, last - first))
    layers = circuit.layers(dtype)
    assert evaluate(layers, [[number]], dtype) == [
        [(number >> n - last) & ((1 << last - first) - 1)]
    ]
    assert len(layers) - 1 == 3 * last
    assert max(layer.outputs for layer in layers) <= 5
    coefficients = [abs(int(a)) for k in layers for a in (*k.weight.flat, *k.bias.flat)]
    assert max(coefficients) < 1 << n + 2


def test_a_word_of_some_bits_takes_five_units() -> None:
    circuit = Circuit(sources=1)
    circuit.output(Waves(circuit, {0: 1}, 8).word(1, 8))
    assert [layer.outputs for layer in circuit.layers("exact")] == [4, 2, 3] + 6 * [5, 3, 4] + [
        5,
        3,
        2,
        1,
    ]


@pytest.mark.parametrize("dtype", LONGEST)
@given(window=st.integers(0, 1), data=st.data())
def test_the_label_of_the_key_is_selected(dtype: DType, window: int, data: st.DataObject) -> None:
    spaced = data.draw(st.lists(st.integers(0, 9), min_size=1, max_size=5, unique=True))
    keys = [(2 * window + 1) * k + 1 for k in spaced]
    label_bits = data.draw(st.integers(1, 6))
    packings = (
        Packing(len(keys), max(keys).bit_length()),
        Packing(len(keys), label_bits),
    )
    outputs = data.draw(st.integers(1, 2))
    label = st.integers(0, (1 << label_bits) - 1)
    labels = [[data.draw(label) for _ in keys] for _ in range(outputs)]
    if max(packing.length(0) for packing in packings) > LONGEST[dtype]:
        return
    circuit = Circuit(sources=1)
    codes = [{circuit.unit(1, {}, code): 1} for code in packings[0].pack(keys)]
    label_codes = [[{circuit.unit(1, {}, c): 1} for c in packings[1].pack(row)] for row in labels]
    q = max(packing.bits for packing in packings)
    for answer in decode_by_waves(circuit, 2, 0, window, (codes, label_codes), packings, q):
        circuit.output(answer)
    layers = circuit.layers(dtype)
    assert len(layers) - 1 == 1 + wave_layers(len(keys), q)
    assert max(layer.outputs for layer in layers) <= 6 + 6 * outputs

    def wanted(h: int, row: list[int]) -> int:
        near = (level for key, level in zip(keys, row, strict=True) if abs(h - key) <= window)
        return next(near, 0)

    points = list(range(60))
    want = [[wanted(h, row) for row in labels] for h in points]
    assert evaluate(layers, [[h] for h in points], dtype) == want


def test_the_size_is_within_the_papers() -> None:
    """Lemma A.5: width 12, and depth 3 n max(rho, c) + 2 n + 2."""
    circuit = Circuit(sources=1)
    packings = Packing(4, 9), Packing(4, 3)
    codes = [{circuit.unit(1, {}, 1): 1}], [[{circuit.unit(1, {}, 1): 1}]]
    for answer in decode_by_waves(circuit, 2, 0, 0, codes, packings, 9):
        circuit.output(answer)
    layers = circuit.layers("exact")
    assert max(layer.outputs for layer in layers) == 12
    assert wave_layers(4, 9) == len(layers) - 2 == 3 * 4 * 9 + 2 * 4 + 1
