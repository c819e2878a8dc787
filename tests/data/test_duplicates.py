"""Equal rows against a dictionary, hash collisions and signed zeros included."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rote.data import duplicates
from rote.data.duplicates import group_equal_rows
from rote.typing import Array

SHAPES = hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=12)
FEW = [0.0, -0.0, 1.0, -1.0, 2.0, 0.1, 5e-324, 1e300]
ARRAYS = st.one_of(
    hnp.arrays(np.float64, SHAPES, elements=st.sampled_from(FEW)),
    hnp.arrays(np.float32, SHAPES, elements=st.sampled_from([0.0, -0.0, 1.0, 0.5])),
    hnp.arrays(np.uint8, SHAPES, elements=st.integers(0, 2)),
    hnp.arrays(np.int64, SHAPES, elements=st.sampled_from([0, -1, 2**53, -(2**53)])),
)


def twin(points: Array) -> list[int]:
    """The first row equal to each, by Python's own equality of numbers."""
    seen: dict[tuple[float, ...], int] = {}
    return [seen.setdefault(tuple(row), i) for i, row in enumerate(points.tolist())]


@given(ARRAYS)
def test_groups_like_a_dictionary(points: Array) -> None:
    assert group_equal_rows(points).tolist() == twin(points)


@given(ARRAYS, st.integers(1, 3))
def test_survives_collisions(points: Array, hashes: int) -> None:
    def collide(given: Array) -> Array:
        return np.arange(len(given), dtype=np.uint64) % np.uint64(hashes)

    def collide_by_value(given: Array) -> Array:
        return (np.abs(given[:, 0]) > 0).astype(np.uint64)

    with pytest.MonkeyPatch.context() as patch:
        # Equal rows must keep equal hashes: this one depends on the first column alone.
        patch.setattr(duplicates, "_hash", collide_by_value)
        assert group_equal_rows(points).tolist() == twin(points)
        patch.setattr(duplicates, "_hash", lambda p: np.zeros(len(p), np.uint64))
        assert group_equal_rows(points).tolist() == twin(points)
        distinct = np.unique(points, axis=0)
        patch.setattr(duplicates, "_hash", collide)
        assert group_equal_rows(distinct).tolist() == list(range(len(distinct)))


@pytest.mark.parametrize("order", ["C", "F"])
def test_memory_order_and_blocks_do_not_matter(order: str) -> None:
    points = np.random.default_rng(0).integers(0, 3, (3000, 60)).astype(np.float64)
    points[1500:] = points[:1500]
    expected = np.arange(3000) % 1500
    assert np.array_equal(group_equal_rows(np.array(points, order=order)), expected)


@pytest.mark.parametrize(
    "values",
    [[0.0, 1.0], [0.0, 2.0], [1.0, 1.5], [1.0, 1 + 2**-52], [0.0, 2.0**500], [0.0, 5e-324]],
)
def test_hash_tells_two_values_apart(values: list[float]) -> None:
    """Rows over two values, however alike their bits, have different hashes."""
    grid = np.array(np.meshgrid(*[values] * 12)).reshape(12, -1).T
    assert len(np.unique(duplicates._hash(grid))) == len(grid)
