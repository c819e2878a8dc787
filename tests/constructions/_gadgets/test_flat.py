"""Flats: coordinates that forget the columns' sizes, whatever their order."""

from __future__ import annotations

import numpy as np
import pytest

from rote.constructions._gadgets.flat import Flat


@pytest.mark.parametrize("scale", [1e-20, 1.0, 1e20])
def test_the_scale_of_a_column_and_constant_columns_change_nothing(scale: float) -> None:
    rng = np.random.default_rng(0)
    x = np.hstack([rng.standard_normal((50, 3)) * [1, scale, 1], np.full((50, 1), 7.0)])
    flat = Flat.of(x, "float64")
    assert flat.dimension == 3
    assert np.linalg.cond(flat.lifted) < 100


def test_dependent_columns_leave_fewer_dimensions() -> None:
    x = np.random.default_rng(0).standard_normal((30, 4))
    assert Flat.of(np.hstack([x, 4 * x[:, :2]]), "float32").dimension == 4


def test_another_order_permutes_what_belongs_to_points() -> None:
    x = np.random.default_rng(0).standard_normal((6, 3))
    flat, order = Flat.of(x, "float32"), np.array([3, 1, 5, 0, 2, 4])
    again = flat.ordered(order)
    w = np.ones((1, 3))
    assert np.array_equal(again.points, x[order])
    assert np.array_equal(again.lifted, flat.lifted[order])
    assert np.allclose(again.rounding(w), flat.rounding(w)[:, order], rtol=1e-12)
