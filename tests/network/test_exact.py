"""Exact evaluation against a literal evaluation in Fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracles import outputs as literal
from rote.errors import DataError, OptionError
from rote.network import Affine, Nearest, Network, Value
from rote.network.activation import HARD_TANH, Activation
from rote.network.exact import evaluate, evaluate_layers, predict_exact
from strategies import PIECEWISE_LINEAR, POWERS, SMOOTH, finite_floats, networks, tensors

EXACT = PIECEWISE_LINEAR + POWERS


@given(st.data())
def test_equals_the_literal_evaluation(data: st.DataObject) -> None:
    network = data.draw(networks(activations=EXACT))
    kind = data.draw(st.sampled_from(["float32", "float64", "exact"]))
    wide = finite_floats(kind) if kind != "exact" else None
    points = data.draw(tensors((3, network.inputs), kind, wide))
    outputs = evaluate(network, points)
    assert outputs.dtype == object
    assert outputs.tolist() == [literal(network, point) for point in points.tolist()]
    assert all(type(v) is Fraction for v in outputs.flat)


@given(st.data())
def test_predicts_what_the_float_network_decides_on_small_integers(data: st.DataObject) -> None:
    network = data.draw(networks("float64", residual=False, max_layers=1, max_width=2))
    points = data.draw(tensors((4, network.inputs), "float64", st.integers(-9, 9).map(float)))
    exact, rounded = predict_exact(network, points), network.predict(points)
    if isinstance(network.decision, Value):
        assert exact.shape == rounded.shape
    # One layer of multiples of 2^-26 below 2^8 is exact in float64, so the labels are the same.
    assert exact.tolist() == rounded.tolist()


def test_numbers_far_beyond_floats() -> None:
    huge = 10**400
    weight = np.array([[huge]], dtype=object)
    layers = (
        Affine(weight, np.array([1], dtype=object), HARD_TANH, exponent=-2000),
        Affine(weight, np.array([0], dtype=object)),
    )
    network = Network(layers, Nearest(np.array(["no", "yes"])), "exact")
    x = np.array([[2**600], [0]], dtype=object)
    one, other = evaluate(network, x)[:, 0]
    assert one == min(Fraction(1), Fraction(huge * 2**600 + 1, 2**2000)) * huge
    assert other == Fraction(huge, 2**2000)
    assert predict_exact(network, x).tolist() == ["yes", "no"]


def test_many_points_and_progress() -> None:
    seen: list[tuple[str, int, int]] = []
    layers = (Affine(np.array([[2.0]]), np.array([1.0])),)
    points = np.arange(600)[:, None]
    outputs = evaluate_layers(layers, points, progress=lambda *a: seen.append(a))
    assert outputs[:, 0].tolist() == [2 * k + 1 for k in range(600)]
    assert seen[-1] == ("evaluate", 600, 600)


def test_no_points() -> None:
    layers = (Affine(np.ones((2, 3)), np.ones(2)),)
    assert evaluate_layers(layers, np.empty((0, 3))).shape == (0, 2)


@pytest.mark.parametrize("kind", [a.kind for a in SMOOTH])
def test_smooth_activations_are_refused(kind: str) -> None:
    layers = (Affine(np.ones((1, 1)), np.ones(1), Activation(kind)),)
    with pytest.raises(OptionError, match=f"'{kind}' has no exact values"):
        evaluate_layers(layers, np.ones((1, 1)))


@pytest.mark.parametrize(
    ("points", "error"),
    [
        (np.ones((2, 2)), OptionError),
        (np.ones(1), OptionError),
        (np.array([[np.nan]]), DataError),
        (np.array([["a"]]), DataError),
        (np.array([[1.5]], dtype=object), DataError),
    ],
)
def test_bad_points(points: np.ndarray, error: type[Exception]) -> None:
    layers = (Affine(np.ones((1, 1)), np.ones(1)),)
    with pytest.raises(error):
        evaluate_layers(layers, points)
