"""Shapes and levels: formulas, the search for a shape, labels as integers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rote.constructions._gadgets.levels import LIMIT, levels
from rote.constructions._gadgets.shape import (
    Demand,
    Shape,
    narrowest,
    shallowest,
    shape_for,
    usual_bits,
)
from rote.data import DataSet
from rote.errors import PrecisionError
from rote.network import Value


def demand(n: int, limit: int | None = None) -> Demand:
    return Demand(n, 4, 1, lambda size: usual_bits(n, size), limit)


def test_comparisons_of_rounded_numbers_need_few_digits_at_a_time() -> None:
    shape = Shape(100, 4, 10, 4, 18, 4, 1, 22, 24)
    assert not shape.accurate  # 2^5 + 1 summands below 2^19 in all
    assert replace(shape, rounds=5).accurate
    assert replace(shape, precision=None).accurate
    found = shape_for(Demand(1000, 4, 1, lambda _: 18, 22, 24), 200, 2, 500)
    assert found is not None
    assert found.rounds == 5


def test_the_formulas_of_the_docstring() -> None:
    shape = Shape(100, 4, 10, 3, 12, 4, 1, None)
    assert shape.depth == 1 + 5 * 7 + 2 * 3 * 10 + 3
    digits = (2**4 - 1) + (2**2 - 1)
    assert shape.width == max(2 + 3 + 9, 2 + 2 + 3 + digits)


def literal_shallowest(n: int, width: int) -> int:
    """The least depth over every S, T and q."""
    depths = []
    for size in range(1, n + 1):
        bits = usual_bits(n, size)
        for q in range(1, max(bits, 4) + 1):
            for side in range(1, int(n**0.5) + 2):
                shape = Shape(-(-n // size), side, size, q, bits, 4, 1, None)
                if shape.width <= width:
                    depths.append(shape.depth)
    return min(depths, default=0)


@pytest.mark.parametrize(("n", "width"), [(1, 12), (10, 9), (60, 12), (60, 25), (60, 8)])
def test_no_other_shape_within_the_width_is_less_deep(n: int, width: int) -> None:
    shape = shallowest(demand(n), width)
    best = literal_shallowest(n, width)
    assert (shape.depth if shape else 0) == best


@given(n=st.integers(1, 10**6), width=st.integers(9, 300), limit=st.sampled_from([None, 51]))
def test_a_shape_keeps_to_the_width(n: int, width: int, limit: int | None) -> None:
    shape = shallowest(demand(n, limit), width)
    if shape is None:
        assert width < (11 if limit is None else 300)
        return
    assert shape.width <= width
    assert shape.groups * shape.words >= n


@given(n=st.integers(1, 10**5), depth=st.integers(20, 500))
def test_the_narrowest_shape_of_a_depth(n: int, depth: int) -> None:
    wanted = narrowest(lambda w: shallowest(demand(n), w), lambda shape, _: shape.depth <= depth)
    assert wanted is not None
    assert wanted.depth <= depth
    narrower = shallowest(demand(n), wanted.width - 1)
    assert narrower is None or narrower.depth > depth


def test_no_width_may_do() -> None:
    assert narrowest(lambda w: shallowest(demand(9, limit=2), w), lambda *_: True) is None


@given(
    y=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20),
    tolerance=st.floats(1e-3, 1e3),
)
def test_targets_are_off_by_half_the_tolerance_at_most(y: list[float], tolerance: float) -> None:
    X = np.arange(len(y))[:, None]
    data = DataSet.from_arrays(X, np.array(y), task="real")
    found = levels(data, "float64", tolerance)
    assert isinstance(found.decision, Value)
    assert found.level.min() == 0
    assert int(found.level.max()) < 1 << found.bits
    back = (found.level[:, 0] + found.offset[0]) * 2.0**found.exponent
    assert (np.abs(back - y) <= tolerance / 2).all()


def test_classes_are_their_codes() -> None:
    data = DataSet.from_arrays(np.arange(4)[:, None], np.array(["b", "a", "c", "b"]))
    found = levels(data, "float32", None)
    assert found.level[:, 0].tolist() == [1, 0, 2, 1]
    assert (found.bits, found.offset, found.exponent) == (2, (0,), 0)


def test_a_tolerance_may_be_too_fine() -> None:
    data = DataSet.from_arrays(np.arange(2)[:, None], np.array([0.5, 1e6]), task="real")
    assert levels(data, "float64", 1e-6).bits <= (LIMIT["float64"] or 0)
    with pytest.raises(PrecisionError, match=r"row 1's target in steps of 2\^-20") as error:
        levels(data, "float32", 1e-6)
    assert error.value.rows == (1,)
