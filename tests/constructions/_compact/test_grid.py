"""Points that are integers times one power of two."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rote.certify import verify
from rote.constructions._compact.grid import grid_exponent
from rote.constructions.compact import Compact
from rote.data import DataSet
from rote.export.onnx import to_bytes
from rote.typing import Array


@given(st.integers(-20, 20), st.lists(st.integers(-999, 999), min_size=1, max_size=20))
def test_the_exponent_is_the_largest(exponent: int, values: list[int]) -> None:
    odd = np.array([[v] for v in [*values, 1]], np.float64)
    assert grid_exponent(np.ldexp(odd, exponent), "float32") == exponent
    whole = (odd * 2.0 ** abs(exponent)).astype(np.int64)
    assert grid_exponent(whole, "float32") == abs(exponent)


def test_real_points_are_on_no_grid() -> None:
    points = np.random.default_rng(0).standard_normal((50, 3))
    assert grid_exponent(points, "float32") == 0
    assert grid_exponent(points.astype(np.float32), "float32") == 0
    assert grid_exponent(np.zeros((1, 2)), "float32") == 0


@pytest.mark.parametrize("exponent", [-4, 10, -25])
@pytest.mark.parametrize("kinds", [2, 7])
@pytest.mark.parametrize("shallow", [False, True])
def test_scaled_integers_take_as_many_bytes(exponent: int, kinds: int, shallow: bool) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.integers(-40, 60, (1500, 10)), rng.integers(0, kinds, 1500)

    def built(points: Array) -> int:
        data = DataSet.from_arrays(points, y)
        network = Compact(shallow=shallow).build(data, dtype="float32")
        assert verify(network, data).certified
        return len(to_bytes(network))

    assert built(np.ldexp(X.astype(np.float64), exponent)) <= 1.01 * built(X)
