"""The search for a hash."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rote.certify import verify
from rote.constructions._compact.fold import draw_fold, smallest_sizes
from rote.constructions._compact.search import _collisions
from rote.constructions._compact.words import class_words
from rote.constructions.compact import Compact
from rote.data import DataSet


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(0, 1)), min_size=2))
def test_equal_projections_of_different_labels_are_found(rows: list[tuple[int, int, int]]) -> None:
    values = np.array([row[:2] for row in rows])
    labels = np.array([row[2] for row in rows])
    words = class_words(labels, np.arange(2)[:, None], 0)
    pairs = itertools.combinations(rows, 2)
    clash = any(a[:2] == b[:2] and a[2] != b[2] for a, b in pairs)
    assert (_collisions(values, words) > 0) == clash


def test_more_projections_than_integers_can_number_are_taken_for_different() -> None:
    words = class_words(np.array([0, 1]), np.arange(2)[:, None], 0)
    assert _collisions(np.full((2, 4), 1 << 20), words) == 0


@pytest.mark.parametrize(("parts", "projections"), [(6, 2), (7, 3), (7, 5), (5, 5)])
def test_the_smallest_ranges_have_the_smallest_combinations(parts: int, projections: int) -> None:
    ranges = tuple(range(5, 5 + parts))
    largest = np.full(projections, 1000)
    fold = draw_fold(largest, ranges, np.random.default_rng(0))
    assert fold is not None
    assert np.abs(fold.combinations).sum(axis=1).tolist() == smallest_sizes(parts, projections)


@pytest.mark.parametrize("n", [300, 20_000])
def test_a_table_of_numbered_rows_is_remembered(n: int) -> None:
    rng = np.random.default_rng(0)
    data = DataSet.from_arrays(np.arange(n)[:, None], rng.integers(0, 2, n))
    network = Compact().build(data, dtype="float32")
    assert verify(network, data).certified
