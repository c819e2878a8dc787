"""Frames, balanced units and their order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rote.constructions._gadgets.two_layer import (
    Frame,
    Units,
    assemble,
    balanced,
    interleaved,
    refuse_unfit,
)
from rote.data import DataSet
from rote.errors import PrecisionError
from rote.network import Affine, Network, Value

ROUNDING = 1e-12
"""A few hundred roundings of numbers of size 1."""


@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 20),
    d=st.integers(1, 5),
    shift=st.sampled_from([0.0, -3.0, 1e3]),
    scale=st.sampled_from([1e-3, 1.0, 1e3]),
)
def test_rows_of_a_frame_mean_the_same_on_the_data(
    seed: int, n: int, d: int, shift: float, scale: float
) -> None:
    rng = np.random.default_rng(seed)
    x = shift + scale * rng.standard_normal((n, d))
    rows = rng.standard_normal((4, d + 1))
    frame = Frame.of(x)
    weight, bias = frame.plain(rows)
    magnitude = 1 + (np.abs(shift) + scale) / frame.scale
    assert np.allclose(x @ weight.T + bias, frame.points @ rows.T, atol=ROUNDING * magnitude)


def test_a_frame_has_mean_zero_and_size_one() -> None:
    x = 100 + 7 * np.random.default_rng(0).standard_normal((50, 3))
    moved = Frame.of(x).points
    assert np.allclose(moved[:, :-1].mean(axis=0), 0, atol=ROUNDING)
    assert 0.7 <= np.sqrt(np.square(moved[:, :-1]).sum(axis=1).mean()) <= 1.5
    assert (moved[:, -1] == 1).all()


def test_a_frame_of_one_point_or_of_equal_columns_is_finite() -> None:
    assert np.isfinite(Frame.of(np.array([[3.0, 4.0]])).points).all()


def test_balancing_changes_no_output_and_lowers_the_largest_weight() -> None:
    rng = np.random.default_rng(0)
    units = Units(rng.standard_normal((5, 3)), rng.standard_normal(5), 1e8 * rng.standard_normal(5))
    x = rng.standard_normal((20, 3))
    light = balanced(units)

    def value(u: Units) -> np.ndarray:
        return np.maximum(x @ u.weight.T + u.bias, 0) * u.output

    assert np.array_equal(value(units), value(light))
    assert np.abs(light.output).max() < 1e5
    assert np.abs(light.weight).max() < 1e5


def test_balancing_keeps_zero_units() -> None:
    units = Units(np.zeros((1, 2)), np.zeros(1), np.ones(1))
    assert np.array_equal(balanced(units).output, units.output)


@given(tuples=st.integers(1, 70), members=st.integers(1, 4))
def test_the_order_is_a_permutation_with_the_members_of_a_tuple_close(
    tuples: int, members: int
) -> None:
    order = interleaved(tuples, members)
    assert sorted(order) == list(range(tuples * members))
    place = np.argsort(order).reshape(members, tuples)
    last = tuples % 16 or 16
    whole = tuples - last
    assert (np.diff(place[:, :whole], axis=0) == 16).all()
    assert (np.diff(place[:, whole:], axis=0) == last).all()


def test_outputs_get_their_own_units() -> None:
    one = Units(np.eye(2), np.zeros(2), np.array([1.0, 2.0]))
    other = Units(-np.eye(2), np.ones(2), np.array([4.0, 8.0]))
    layers = assemble([one, other], [0.5, -0.5], 2, "float64")
    x = np.array([[3.0, -1.0], [0.25, 0.5]])
    raw = Network(layers, Value(1.0)).raw(x)
    first = np.maximum(x, 0) @ [1, 2] + 0.5
    second = np.maximum(1 - x, 0) @ [4, 8] - 0.5
    assert np.array_equal(raw, np.stack([first, second], axis=1))


def test_no_units_give_a_constant() -> None:
    none = Units(np.empty((0, 3)), np.empty(0), np.empty(0))
    (layer,) = assemble([none], [2.5], 3, "float32")
    assert isinstance(layer, Affine)
    assert layer(np.ones((2, 3), np.float32)).tolist() == [[2.5], [2.5]]


def test_weights_that_float32_cannot_hold_are_refused() -> None:
    units = Units(np.full((1, 1), 1e60), np.zeros(1), np.ones(1) * 1e60)
    with pytest.raises(PrecisionError, match="float32 cannot hold the weights"):
        assemble([units], [0.0], 1, "float32")


def test_an_unfit_network_is_refused_with_its_rows() -> None:
    data = DataSet.from_arrays([[0.0], [1.0], [2.0]], [0.5, 0.5, 9.5])
    layers = (Affine(np.zeros((1, 1)), np.array([0.5])),)
    refuse_unfit(layers, Value(9.5), data, "float64")
    with pytest.raises(PrecisionError, match=r"error of 9.0e\+00 .* first at row 2") as caught:
        refuse_unfit(layers, Value(0.1), data, "float64")
    assert caught.value.rows == (2,)
