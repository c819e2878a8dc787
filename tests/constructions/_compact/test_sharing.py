"""Sharing words: the words spell all codes, whatever was joined, and are no dearer than apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rote.constructions._compact import sharing
from rote.constructions._compact.sharing import column_words
from rote.typing import Integers


def spelt(codes: Integers) -> list[int]:
    """See that the words spell these codes; returns how many symbols each has."""
    words, orders = column_words(codes)
    answers = np.sum([word.values[word.symbols] for word in words], axis=0)
    for column, answer, order in zip(codes.T, answers.T, orders, strict=True):
        assert sorted(order.tolist()) == list(range(column.max() + 1))
        assert np.array_equal(order[answer], column)
    for word in words:
        assert np.array_equal(np.unique(word.symbols), np.arange(len(word.values)))
    return sorted(len(word.values) for word in words)


def columns(n: int, kinds: list[int], seed: int = 0) -> Integers:
    """Columns with all codes below these numbers."""
    rng = np.random.default_rng(seed)
    drawn = [np.append(np.arange(k), rng.integers(0, k, n))[:n] for k in kinds]
    return np.stack([rng.permutation(column) for column in drawn], axis=1)


@given(
    st.lists(st.sampled_from([1, 2, 3, 7, 40, 256, 300]), min_size=2, max_size=5),
    st.integers(0, 99),
)
def test_words_spell_the_codes(kinds: list[int], seed: int) -> None:
    assert max(spelt(columns(700, kinds, seed))) <= 256


@pytest.mark.parametrize(
    ("n", "kinds", "sizes"),
    [
        (3000, [2, 2], [4]),
        (3000, [5, 12, 2], [10, 12]),  # two words of about equal bits
        (10**6, [5, 12, 2], [120]),  # the shortest table pays for the longest reader
        (20_000, [2] * 10, [4] * 5),
        (3000, [1, 9, 1], [9]),
    ],
)
def test_columns_go_together_where_that_is_cheaper(
    n: int, kinds: list[int], sizes: list[int]
) -> None:
    assert spelt(columns(n, kinds)) == sizes


def test_columns_that_say_the_same_take_one_word() -> None:
    codes = columns(3000, [30])
    assert spelt(np.hstack([codes, codes % 3, codes // 7])) == [30]


def test_symbols_that_a_sample_misses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "_SAMPLE", 4)
    assert len(spelt(columns(5000, [20, 20, 5]))) > 1
    assert spelt(columns(5000, [300, 2])) != []
