"""Error bounds: no float evaluation leaves them, and they are sharp where networks allow it."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hand_made
import strategies
from oracles import FloatMachine, outputs
from rote.certify.bounds import Values, prepared
from rote.exact.rounding import FloatName
from rote.network import Activation, Affine, Layer, Network, Residual, Value
from rote.network.activation import HARD_TANH, IDENTITY, RELU, THRESHOLD, leaky
from rote.typing import Array, DType

EVALUATIONS = 4
"""Float machines tried on each network."""


def bounds(layers: tuple[Layer, ...], points: Array, dtype: FloatName) -> Values:
    """What the layers do to the points."""
    with np.errstate(all="ignore"):
        values = Values.inputs(points, dtype)
        for layer in layers:
            values = prepared(layer, dtype)(values)
    return values


def wild_floats(dtype: DType) -> st.SearchStrategy[float]:
    """Weights of every size, most of them harmless."""
    return st.one_of(
        strategies.numbers(dtype),
        st.floats(-2, 2, width=32),
        strategies.finite_floats(dtype),
        st.sampled_from([0.0, 1.0, -1.0, 2.0, 0.5, 2.0**-126, -(2.0**-126), 1e-45, 2.0**100]),
    ).map(lambda v: float(np.dtype(dtype).type(v)))


@st.composite
def chains(draw: st.DrawFn) -> tuple[tuple[Layer, ...], Array, FloatName]:
    """Layers and points, tame or wild."""
    dtype: FloatName = draw(st.sampled_from(["float32", "float64"]))
    wild = wild_floats(dtype)
    elements = wild if draw(st.booleans()) else None
    inputs, outputs = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    layers = draw(strategies.layer_chains(inputs, outputs, dtype, elements=elements))
    n = draw(st.integers(1, 4))
    points = draw(strategies.tensors((n, inputs), dtype, wild))
    return layers, points, dtype


@given(chains(), st.integers(0, 2**32))
@settings(max_examples=75)
def test_no_evaluation_leaves_the_bounds(
    chain: tuple[tuple[Layer, ...], Array, FloatName], seed: int
) -> None:
    layers, points, dtype = chain
    values = bounds(layers, points, dtype)
    network = Network(layers, Value(1.0), dtype)
    for i, point in enumerate(points.tolist()):
        if not values.bounded[i]:
            continue
        exact = outputs(network, point)
        centre, error, spread = (
            [Fraction(v) for v in a[i].tolist()]
            for a in (values.centre, values.error, values.spread)
        )
        for h, c, e in zip(exact, centre, error, strict=True):
            assert abs(c - h) <= e
        for k in range(EVALUATIONS):
            computed = FloatMachine(dtype, seed + k).outputs(network, point)  # never overflows
            for h, c, u in zip(exact, computed, spread, strict=True):
                assert abs(c - h) <= u


@given(chains())
def test_numpy_stays_within_the_bounds_too(
    chain: tuple[tuple[Layer, ...], Array, FloatName],
) -> None:
    layers, points, dtype = chain
    values = bounds(layers, points, dtype)
    raw = Network(layers, Value(1.0), dtype).raw(points)[values.bounded]
    doubt = values.doubt[values.bounded]
    assert np.isfinite(raw).all()
    for a, b, r in zip(
        raw.ravel(), values.centre[values.bounded].ravel(), doubt.ravel(), strict=True
    ):
        assert abs(Fraction(float(a)) - Fraction(float(b))) <= Fraction(float(r))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_integers_behind_a_real_projection_have_no_error(dtype: FloatName) -> None:
    data = hand_made.table(15)
    network = hand_made.saturated(data, dtype)
    values = bounds(network.layers, data.points.astype(dtype), dtype)
    assert not values.spread.any()
    assert not values.error.any()
    assert values.rounded.all()  # the projection itself is rounded at every point
    assert 1 <= values.granules.max() <= 30
    assert np.array_equal(values.centre, network.raw(data.points))


def one(weight: object, bias: object, activation: Activation, dtype: str = "float32") -> Affine:
    return Affine(np.array(weight, dtype), np.array(bias, dtype), activation)


def test_a_step_is_exact_where_it_saturates_and_only_there() -> None:
    # relu(1 - relu(7 (1/3 - x))): 0 at -1, inside at 0.3, 1 at 2.
    third = float(np.float32(1 / 3))
    step = (one([[-7]], [7 * third], RELU), one([[-1]], [1], RELU))
    values = bounds(step, np.array([[-1], [0.3], [2]], np.float32), "float32")
    assert (values.spread[:, 0] == 0).tolist() == [True, False, True]
    assert values.centre[[0, 2], 0].tolist() == [0, 1]


@pytest.mark.parametrize(
    ("activation", "exact"),
    [(THRESHOLD, [True] * 3), (HARD_TANH, [True, False, True]), (RELU, [True, False, False])],
)
def test_saturated_units_have_no_error(activation: Activation, exact: list[bool]) -> None:
    sums = one([[1 / 3]], [0.1], activation)
    values = bounds((sums,), np.array([[-9], [0.7], [9]], np.float32), "float32")
    assert (values.spread[:, 0] == 0).tolist() == exact


def test_a_threshold_too_near_to_tell_may_be_either() -> None:
    sums = one([[1 / 3, 1 / 3, -2 / 3]], [0], THRESHOLD)
    values = bounds((sums,), np.array([[1, 1, 1]], np.float32), "float32")
    assert values.spread.tolist() == [[1.0]]


@pytest.mark.parametrize(("dtype", "bits"), [("float32", 24), ("float64", 53)])
def test_granules_are_counted_up_to_the_limit(dtype: FloatName, bits: int) -> None:
    sums = one([[3, -2]], [0.5], IDENTITY, dtype)
    # 3 x + 1/2 and 2 y in halves: 2^24 of either are exact, more are not.
    most = (2.0**bits * (1 - 2.0**-28) - 1) // 2 // 3
    points = np.array([[most, most], [most * 2, most * 2]], dtype)
    values = bounds((sums,), points, dtype)
    assert (values.spread[:, 0] == 0).tolist() == [True, False]
    # What the limit of float64 is lowered by, float64 sums may have lost.
    assert values.granules[0] == pytest.approx((3 * most + 0.5) * 2, rel=2.0**-28, abs=0)
    assert values.rounded.tolist() == [0, 1]


def test_granules_may_differ_between_units_and_points() -> None:
    # A fine value that a unit does not use, or that is zero at a point, does not matter to it.
    layer = one([[1, 0], [1, 1]], [1, 1], IDENTITY)
    points = np.array([[2**20, 2.0**-20], [2**20, 0]], np.float32)
    assert (bounds((layer,), points, "float32").spread == 0).tolist() == [
        [True, False],
        [True, False],
    ]
    inexact = (one([[1 / 3, 0], [0, 1]], [0.1, 0], RELU), layer)
    points = np.array([[-9, 5], [9, 5]], np.float32)
    values = bounds(inexact, points, "float32")
    assert (values.spread == 0).tolist() == [[True, True], [False, False]]


def test_copies_do_not_round() -> None:
    x = np.array([[1 / 3, 1e-30], [-7 / 9, 5]], np.float32)
    copy = one([[0, 1], [4, 0], [-1, 0]], [0, 0, 0], IDENTITY)
    values = bounds((copy,), x, "float32")
    assert not values.spread.any()
    assert np.array_equal(values.centre, x @ [[0, 4, -1], [1, 0, 0]])
    once = bounds((one([[1 / 3, 1 / 7]], [0.1], IDENTITY),), x, "float32")
    twice = bounds(
        (one([[1 / 3, 1 / 7]], [0.1], IDENTITY), one([[1]], [0], IDENTITY)), x, "float32"
    )
    assert np.all(twice.spread <= once.spread * (1 + 2.0**-20))


def test_zero_inputs_are_no_summands() -> None:
    rng = np.random.default_rng(0)
    layer = one(rng.standard_normal((1, 1000)), [0], IDENTITY)
    x = rng.standard_normal((2, 1000)).astype(np.float32)
    x[1, 3:] = 0
    spread = bounds((layer,), x, "float32").spread[:, 0]
    sums = np.abs(x) @ np.abs(layer.weight[0])
    assert spread[0] / sums[0] == pytest.approx(1000 * 2.0**-24, rel=1e-3)
    assert spread[1] / sums[1] == pytest.approx(3 * 2.0**-24, rel=1e-3)


@pytest.mark.parametrize("slope", [0.0, 0.25, 0.01])
def test_a_leaky_unit_rounds_its_negative_side_only(slope: float) -> None:
    values = bounds((one([[1]], [0], leaky(slope)),), np.array([[-7], [7]], np.float32), "float32")
    assert (values.spread[:, 0] == 0).tolist() == [slope != 0.01, True]


def test_residual_addition_is_exact_where_a_part_is_zero_or_the_sum_a_float() -> None:
    block = Residual((one([[1 / 3]], [0.1], RELU),))
    x = np.array([[-5.3], [5.3]], np.float32)
    assert (bounds((block,), x, "float32").spread[:, 0] == 0).tolist() == [True, False]
    whole = Residual((one([[3]], [1], IDENTITY),))
    assert not bounds((whole,), np.array([[5]], np.float32), "float32").spread.any()
    # 2^24 + 1 is no float32.
    large = Residual((one([[0]], [1], IDENTITY),))
    assert bounds((large,), np.array([[2.0**24]], np.float32), "float32").spread.all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_may_overflow_has_no_bound(dtype: FloatName) -> None:
    largest = float(np.finfo(dtype).max)
    layer = one([[1, -1]], [0], THRESHOLD, dtype)  # finite in the end, but not in every order
    values = bounds((layer,), np.array([[largest, largest], [1, 2]], dtype), dtype)
    assert values.bounded.tolist() == [False, True]


def test_products_below_the_smallest_float_are_not_taken_for_zero() -> None:
    tiny = one([[1e-200]], [0], THRESHOLD, "float64")
    values = bounds((tiny,), np.array([[1e-200]]), "float64")
    assert values.spread.tolist() == [[1.0]]  # positive, but most machines find 0


def test_subnormal_inputs_and_weights_may_be_read_as_zero() -> None:
    layer = one([[1e10]], [0], IDENTITY)
    values = bounds((layer,), np.array([[1e-40]], np.float32), "float32")
    assert values.spread[0, 0] >= 1e-30
    layer = one([[1e-40]], [0], IDENTITY)
    values = bounds((layer,), np.array([[1e10]], np.float32), "float32")
    assert values.spread[0, 0] >= 1e-30
