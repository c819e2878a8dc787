"""Ball verdicts: enclosures hold the exact value, and nothing undecided is certified."""

from __future__ import annotations

from fractions import Fraction

import flint
import numpy as np
import pytest
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st

import hand_made
import strategies
from oracles import below, smallest_distance
from rote.certify import verify
from rote.certify.ball import activate, prove_ball
from rote.data import DataSet
from rote.network import Activation, Affine, ArgMax, Network, Residual, Sign, Value
from rote.network.activation import SIGMOID, SIN, TANH, power
from rote.typing import DType, no_progress

RELATIVE = 1e-11
"""Float activations, those that cancel included, are this near to the exact ones. Ours."""


@pytest.mark.parametrize("activation", strategies.ALL_ACTIVATIONS, ids=str)
@given(st.floats(-30, 30))
def test_activations_are_those_of_the_float_network(activation: Activation, t: float) -> None:
    ball = activate(activation, arb(t))
    expected = float(activation(np.array([t]))[0])
    assert float(ball.rad()) <= RELATIVE * max(1e-300, abs(float(ball.mid())))
    assert float(ball.mid()) == pytest.approx(expected, rel=RELATIVE, abs=1e-300)


@pytest.mark.parametrize("activation", strategies.ALL_ACTIVATIONS, ids=str)
@pytest.mark.parametrize("t", [-1e300, -800.0, -1e-300, -5e-324, 0.0, 5e-324, 1e-300, 800.0, 1e300])
def test_activations_of_extreme_sums_are_finite(activation: Activation, t: float) -> None:
    assert activate(activation, arb(t)).is_finite()


@pytest.mark.parametrize("activation", strategies.ALL_ACTIVATIONS, ids=str)
@given(st.floats(-9, 9), st.floats(0, 3), st.floats(-1, 1))
def test_the_image_of_a_ball_holds_the_images_of_its_points(
    activation: Activation, mid: float, radius: float, place: float
) -> None:
    inside = arb(mid + place * radius)
    whole = arb(mid, radius).union(inside)
    assert activate(activation, whole).overlaps(activate(activation, inside))
    assert activate(activation, whole).contains(activate(activation, inside).mid())


@st.composite
def rational(draw: st.DrawFn) -> Network:
    """A network that fractions can evaluate, powers among its activations."""
    dtype: DType = draw(st.sampled_from(strategies.DTYPES))
    kinds = strategies.PIECEWISE_LINEAR + strategies.POWERS
    decision = ArgMax(np.arange(2))
    return draw(strategies.networks(dtype, kinds, decision=decision, outputs=2))


@given(st.data())
@settings(max_examples=40)
def test_verdicts_agree_with_fractions(data: st.DataObject) -> None:
    network = data.draw(rational())
    points = data.draw(strategies.points(network.inputs, network.dtype))
    target = np.array([data.draw(st.integers(0, 1)) for _ in points])
    verdict = prove_ball(network, points, target, no_progress)
    right, smallest = smallest_distance(network, points, target)
    assert smallest is not None
    assert not np.any(verdict.right & ~np.array(right))
    if not verdict.audit["undecided"]:
        assert verdict.right.tolist() == right
    if verdict.margin is not None:
        assert verdict.margin <= smallest
    if all(right):
        assert verdict.right.all()
        assert verdict.margin == pytest.approx(below(smallest), rel=1e-9)


def two_units(difference: float) -> Network:
    """Two sigmoid units whose inputs differ by a little; the second is larger."""
    layers = (
        Affine(np.array([[1.0], [1.0]]), np.array([0.0, difference]), SIGMOID),
        Affine(np.eye(2), np.zeros(2)),
    )
    return Network(layers, ArgMax(np.arange(2)), "float64")


@pytest.mark.parametrize(("difference", "bits"), [(1e-3, 64), (1e-30, 256), (1e-200, 1024)])
def test_close_outputs_take_more_bits(difference: float, bits: int) -> None:
    verdict = prove_ball(two_units(difference), np.ones((1, 1)), np.array([1]), no_progress)
    assert verdict.right.all()
    assert verdict.audit == {"bits": bits, "wrong": 0, "undecided": 0}
    slope = float(1 / (1 + np.exp(-1)) * (1 - 1 / (1 + np.exp(-1))))
    assert verdict.margin == pytest.approx(difference * slope / 2, rel=1e-3)


def test_a_tie_is_never_certified_and_called_undecided() -> None:
    X = np.arange(1.0, 4.0)[:, None]
    certificate = verify(two_units(0.0), DataSet.from_arrays(X, [0, 1, 0]))
    claim = certificate.claims["exact"]
    assert not claim.holds
    assert claim.failures.total == 3
    assert claim.audit["undecided"] == 3
    assert "3 undecided at 4096 bits" in claim.reason


def test_wrong_points_are_told_from_undecided_ones() -> None:
    claim = verify(two_units(1e-3), DataSet.from_arrays([[1.0], [2.0]], [1, 0])).claims["exact"]
    assert claim.rows == (1,)
    assert claim.audit["wrong"] == 1
    assert "1 proved wrong" in claim.reason
    assert claim.margin is not None
    assert claim.margin < 0


def test_smooth_networks_are_certified_by_the_exact_claim_alone() -> None:
    data = hand_made.table(9)
    layers = (
        Affine(np.array([[3.0, 1.0]]), np.array([0.1, 0.2]), (TANH, SIN)),
        Residual((Affine(np.eye(2), np.zeros(2), power(3)),)),
        Affine(np.array([[1.0, -1.0]]), np.zeros(1)),
    )
    network = Network(layers, Sign(np.array([0, 1])), "float64")
    own = DataSet.from_arrays(data.points, network.predict(data.points))
    before = flint.ctx.prec
    certificate = verify(network, own)
    assert flint.ctx.prec == before
    assert certificate.certified
    assert certificate.holds("exact")
    portable = certificate.claims["portable"]
    assert not portable.available
    assert not portable.holds
    assert portable.failures.total == 0
    assert "IEEE 754 does not fix the rounding of tanh" in portable.reason
    wrong = DataSet.from_arrays(data.points, 1 - network.predict(data.points))
    assert verify(network, wrong).claims["exact"].failures.total == 9


def test_real_targets_are_compared_with_the_exact_difference() -> None:
    network = Network((Affine(np.ones((1, 1)), np.zeros(1), SIN),), Value(2.0**-40), "float64")
    x = np.array([[0.5], [1.5]])
    near = DataSet.from_arrays(x, np.sin(x), task="real")
    certificate = verify(network, near)
    assert certificate.holds("exact")
    margin = certificate.claims["exact"].margin
    assert margin is not None
    assert Fraction(margin) < Fraction(2) ** -40
    off = DataSet.from_arrays(x, np.sin(x) + 2.0**-39, task="real")
    assert verify(network, off).claims["exact"].failures.total == 2


def test_progress_counts_settled_points() -> None:
    calls: list[tuple[str, int, int]] = []
    points = np.linspace(-1, 1, 450)[:, None]
    prove_ball(two_units(0.1), points, np.ones(450, int), lambda *call: calls.append(call))
    assert calls == [("exact", 200, 450), ("exact", 400, 450), ("exact", 450, 450)]
