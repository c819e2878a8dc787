"""Projections: order, ties, and directions whose products are exact."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rote.constructions._base import Context
from rote.constructions._gadgets.projection import Projection, best_projection, directions_for
from rote.data import DataSet
from rote.errors import PrecisionError
from rote.typing import Array, DType, no_progress

BITS = {"float32": 24, "float64": 53}


def projections(data: DataSet, dtype: DType, count: int = 6) -> list[Projection]:
    """All valid projections that are tried."""
    seen: list[Projection] = []

    def cost(line: Projection, target: Array) -> float:
        assert len(target) == len(line.c)
        seen.append(line)
        return 0.0

    context = Context(dtype, np.random.default_rng(0), no_progress)
    best_projection(data.rounded(dtype), context, count, cost)
    return seen


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(2, 12),
    scales=st.lists(st.integers(0, 12), min_size=1, max_size=4),
    shift=st.integers(-20, 20),
)
def test_exact_directions_leave_room_for_every_sum(
    dtype: DType, seed: int, n: int, scales: list[int], shift: int
) -> None:
    rng = np.random.default_rng(seed)
    X = np.unique(rng.integers(-9, 9, (n, len(scales))), axis=0) * np.ldexp(1.0, scales)
    data = DataSet.from_arrays(np.ldexp(X, shift), np.zeros(len(X)))
    for line in projections(data, dtype):
        assert (np.diff(line.c) > 0).all()
        if not line.exact:
            continue
        terms = [
            [Fraction(a) * Fraction(b) for a, b in zip(row, line.u.tolist(), strict=True)]
            for row in data.points[line.order].tolist()
        ]
        assert [Fraction(c) for c in line.c.tolist()] == [sum(row) for row in terms]
        # All products are multiples of one power of two, so no partial sum has more bits than fit.
        common = max(t.denominator for row in terms for t in row)
        low = min(
            (int(t * common) & -int(t * common) for row in terms for t in row if t), default=1
        )
        assert max(sum(map(abs, row)) for row in terms) * common <= low * 2 ** BITS[dtype]


def test_columns_of_any_range_have_their_share_of_an_exact_projection() -> None:
    rng = np.random.default_rng(0)
    X = np.stack([rng.integers(0, 100, 500), rng.integers(0, 2, 500) * 10**9], axis=1)
    data = DataSet.from_arrays(X, np.zeros(500))
    for line in projections(data, "float64"):
        assert line.exact
        share = np.abs(line.u) * np.ptp(X, axis=0)
        assert share.min() > 1e-3 * share.max()


def test_floats_of_many_bits_are_projected_on_columns_too() -> None:
    data = DataSet.from_arrays(np.random.default_rng(0).standard_normal((50, 3)), np.zeros(50))
    lines = projections(data, "float64", count=9)
    single = [line for line in lines if np.count_nonzero(line.u) == 1]
    assert len(single) == 3
    assert all(line.exact == (np.count_nonzero(line.u) == 1) for line in lines)


def test_one_label_may_share_a_number_and_two_may_not() -> None:
    X = np.array([[0.0, 1.0], [0.0, 1.0 + 2**-52], [1.0, 0.0]])
    context = Context("float32", np.random.default_rng(0), no_progress)
    same = DataSet.from_arrays(X, [0, 0, 1])
    assert len(best_projection(same.rounded("float32"), context, 3, lambda *_: 0.0).c) == 2
    # Each column alone, and each sum of both, maps two of these labels to one number.
    X = np.array([[1.0, 0.0], [1.0, 2.0**-60], [0.0, 0.0], [0.0, 1.0]])
    with pytest.raises(PrecisionError, match=r"rows \d and \d coincide"):
        best_projection(DataSet.from_arrays(X, [0, 1, 1, 2]), context, 9, lambda *_: 0.0)


def test_fewer_directions_for_more_points() -> None:
    assert [directions_for(n) for n in (1, 10**4, 10**5, 10**7)] == [30, 30, 3, 1]
