"""Decoding: packing, peeling, comparing and selecting, against a table in plain Python."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rote.constructions._gadgets.circuit import Circuit
from rote.constructions._gadgets.decode import Packing, decode, decode_layers, decode_width
from rote.network.exact import evaluate_layers
from rote.typing import DType


@given(
    words=st.integers(1, 9),
    bits=st.integers(1, 8),
    limit=st.one_of(st.none(), st.integers(8, 30)),
    data=st.data(),
)
def test_packed_words_come_back(
    words: int, bits: int, limit: int | None, data: st.DataObject
) -> None:
    packing = Packing(words, bits, limit)
    values = data.draw(st.lists(st.integers(0, (1 << bits) - 1), max_size=words))
    codes = packing.pack(values)
    assert len(codes) == packing.registers
    back = []
    for register, code in enumerate(codes):
        assert code < 1 << packing.length(register)
        assert limit is None or packing.length(register) <= limit
        count = packing.length(register) // bits
        back += [(code >> bits * (count - 1 - k)) & ((1 << bits) - 1) for k in range(count)]
    assert back == values + [0] * (words - len(values))


def test_a_word_may_be_too_long_for_a_register() -> None:
    assert Packing(3, 23, 22).per_register == 0


@st.composite
def tasks(draw: st.DrawFn) -> tuple[list[int], list[list[int]], int, int, int]:
    """Keys that are 2 w + 1 apart at least, labels of each output, their bits, the window w."""
    window = draw(st.integers(0, 1))
    count = draw(st.integers(1, 5))
    spaced = draw(st.lists(st.integers(0, 12), min_size=count, max_size=count, unique=True))
    keys = [(2 * window + 1) * k + 1 for k in spaced]
    bits = draw(st.integers(1, 5))
    outputs = draw(st.integers(1, 2))
    label = st.integers(0, (1 << bits) - 1)
    labels = [draw(st.lists(label, min_size=count, max_size=count)) for _ in range(outputs)]
    return keys, labels, max(keys).bit_length(), bits, window


@pytest.mark.parametrize("overlap", [True, False])
@pytest.mark.parametrize("dtype", ["exact", "float32"])
@given(
    task=tasks(),
    step=st.integers(1, 4),
    limit=st.one_of(st.none(), st.integers(6, 22)),
)
def test_the_label_of_the_key_is_selected(
    dtype: DType,
    overlap: bool,
    task: tuple[list[int], list[list[int]], int, int, int],
    step: int,
    limit: int | None,
) -> None:
    keys, labels, key_bits, label_bits, window = task
    if dtype == "float32":
        limit = limit or 22
    packings = Packing(len(keys), key_bits, limit), Packing(len(keys), label_bits, limit)
    q = -(-max(key_bits, label_bits) // step)
    circuit = Circuit(sources=1)
    codes = [circuit.unit(1, {}, code) for code in packings[0].pack(keys)]
    label_codes = [[circuit.unit(1, {}, c) for c in packings[1].pack(row)] for row in labels]
    answers = decode(
        circuit,
        2,
        0,
        window,
        ([{c: 1} for c in codes], [[{c: 1} for c in row] for row in label_codes]),
        packings,
        q,
        overlap=overlap,
    )
    for answer in answers:
        circuit.output(answer)
    layers = circuit.layers(dtype)
    assert len(layers) - 1 == 1 + decode_layers(len(keys), q, overlap=overlap)
    width = max(layer.outputs for layer in layers[1:-1])
    assert width <= decode_width(*packings, len(labels), q, overlap=overlap)

    near = [key + shift for key in keys for shift in range(-window, window + 1)]
    far = [h for h in range(90) if all(abs(h - key) > window for key in keys)]
    points = np.array(near + far)[:, None]
    if dtype == "exact":
        got = evaluate_layers(layers, points).tolist()
    else:
        values = points.astype(dtype)
        for layer in layers:
            values = layer(values)
        got = values.tolist()
    want = [[row[k // (2 * window + 1)] for row in labels] for k in range(len(near))]
    assert got == want + [[0] * len(labels)] * len(far)


def test_one_bit_at_a_time_takes_eight_units_without_overlap() -> None:
    packings = Packing(4, 9), Packing(4, 3)
    assert decode_width(*packings, 1, 9, overlap=False) == 8
    assert decode_layers(4, 9, overlap=False) == 4 * (2 * 9 + 3)
    assert decode_width(*packings, 1, 9, overlap=True) == 9
    assert decode_layers(4, 9, overlap=True) == 4 * 2 * 9 + 3
