"""Prefix codes and their demands, against folding numbers in the open."""

from __future__ import annotations

import heapq

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rote.constructions._compact.codes import LONGEST, PLANES, Code, huffman_lengths

counts = st.lists(st.integers(1, 10**6), min_size=2, max_size=60)


def huffman_cost(weights: list[int]) -> int:
    """Total length of Huffman's code, from the heap."""
    heap = list(weights)
    heapq.heapify(heap)
    total = 0
    while len(heap) > 1:
        merged = heapq.heappop(heap) + heapq.heappop(heap)
        total += merged
        heapq.heappush(heap, merged)
    return total


@given(counts)
def test_lengths_without_a_limit_are_huffmans(weights: list[int]) -> None:
    lengths = huffman_lengths(np.array(weights), 64)
    assert int(lengths @ np.array(weights)) == huffman_cost(weights)


@given(counts)
def test_limited_codes_are_complete(weights: list[int]) -> None:
    code = Code.for_counts(np.array(weights))
    assert code.depth <= LONGEST
    assert np.sum(2.0**-code.lengths) == 1


@given(counts, st.integers(0, PLANES - 1), st.integers(0, 2**32 - 1), st.booleans())
@settings(max_examples=200)
def test_demands_make_the_reader_find_the_symbol(
    weights: list[int], start: int, seed: int, complement: bool
) -> None:
    code = Code.for_counts(np.array(weights))
    rng = np.random.default_rng(seed)
    symbol = int(rng.integers(len(weights)))
    bits = rng.integers(0, 2, PLANES)
    demands = code.demands
    reference = demands.reference[symbol, start]
    for plane in range(PLANES):
        if demands.asked[symbol, start, plane]:
            relative = bits[reference] if reference >= 0 else 0
            bits[plane] = demands.value[symbol, start, plane] ^ relative
    number = float(bits @ (1 << np.arange(PLANES))) + 0.25
    if complement:  # the folds above the byte may have mirrored it
        number = 256 - number
    below = code.depth - 1
    appended = 2**below * (2 * number - 0.5) + np.floor(number / 2 ** (PLANES - below)) + 0.5
    length = 2.0 ** (PLANES + below)
    point = abs(appended - length)
    for _ in range(PLANES - 1 - start):
        point = abs(2 * point - length)
    assert code.decode(np.array([point / length])).tolist() == [symbol]


@given(counts)
def test_every_plane_is_asked_equally_often(weights: list[int]) -> None:
    code = Code.for_counts(np.array(weights))
    asked = code.demands.asked.sum(axis=1)
    assert np.array_equal(asked, np.repeat(code.lengths[:, None], PLANES, axis=1))


@given(counts, st.integers(0, 2**32 - 1), st.integers(1, 4))
@settings(max_examples=100, deadline=None)
def test_keys_agree_if_some_number_serves_all(weights: list[int], seed: int, keys: int) -> None:
    code = Code.for_counts(np.array(weights))
    rng = np.random.default_rng(seed)
    asked = [(int(rng.integers(len(weights))), int(rng.integers(PLANES))) for _ in range(keys)]
    numbers = np.arange(1 << PLANES)
    serves = np.ones(1 << PLANES, np.bool_)
    demands = code.demands
    for symbol, start in asked:
        reference = demands.reference[symbol, start]
        relative = numbers >> reference & 1 if reference >= 0 else 0
        for plane in np.flatnonzero(demands.asked[symbol, start]):
            value = demands.value[symbol, start, plane] ^ relative
            serves &= (numbers >> plane & 1) == value
    assert code.agree(asked) == bool(serves.any())
