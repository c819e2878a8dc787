"""Portable verdicts: what is proved holds for every float machine, and exactly."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hand_made
import strategies
from oracles import FloatMachine, distance, smallest_distance
from rote.certify import verify
from rote.certify.interval import _Enclosed, prove_portable, unavailable
from rote.data import DataSet
from rote.network import Affine, ArgMax, Columns, Nearest, Network, Value
from rote.network.activation import RELU, TANH
from rote.typing import Array, no_progress


@st.composite
def cases(draw: st.DrawFn) -> tuple[Network, Array, Array]:
    """A network with points and its own exact answers, so that most are right."""
    network = draw(strategies.networks(draw(st.sampled_from(strategies.FLOAT_DTYPES))))
    points = draw(strategies.points(network.inputs, network.dtype))
    raw = network.raw(points)
    if network.decision.labels is None:
        return network, points, raw.astype(np.float64)
    if isinstance(network.decision, Columns):
        return network, points, network.decision.decide(raw)
    last = len(network.decision.labels) - 1
    return network, points, np.minimum(network.decision.decide(raw), last)


@given(cases(), st.integers(0, 2**32))
@settings(max_examples=50)
def test_what_is_proved_holds_for_every_machine(
    case: tuple[Network, Array, Array], seed: int
) -> None:
    network, points, target = case
    verdict = prove_portable(network, points, target, no_progress)
    right, smallest = smallest_distance(network, points, target)
    for i in np.flatnonzero(verdict.right):
        assert right[i]
        for k in range(3):
            computed = FloatMachine(network.dtype, seed + k).outputs(network, points[i].tolist())
            room = distance(network.decision, computed, target[i])
            assert room is None or room > 0
            if verdict.margin is not None and room is not None:
                assert room >= Fraction(verdict.margin)
    if smallest is not None and verdict.margin is not None:
        assert verdict.margin <= smallest


@pytest.mark.parametrize("dtype", strategies.FLOAT_DTYPES)
@pytest.mark.parametrize("name", ["lookup", "saturated"])
def test_integer_networks_are_portable_without_any_error(name: str, dtype: str) -> None:
    data = hand_made.table(9)
    network = getattr(hand_made, name)(data, dtype)
    certificate = verify(network, data)
    claim = certificate.claims["portable"]
    assert claim.holds
    assert claim.margin == certificate.claims["exact"].margin
    assert claim.audit["largest_error"] == 0
    assert (claim.audit["rounded_sums"] == 0) == (name == "lookup")
    assert 1 < claim.audit["largest_partial_sum"] < claim.audit["partial_sum_limit"]


def test_rounding_that_spoils_a_network_is_noticed() -> None:
    # 2^24 + x - 2^24 is x, but not in every order of float32.
    layer = Affine(np.array([[1, 2.0**24, -(2.0**24)]], np.float32), np.zeros(1, np.float32))
    network = Network((layer,), Nearest(np.arange(4)), "float32")
    X = np.array([[1, 1, 1], [3, 1, 1]])
    certificate = verify(network, DataSet.from_arrays(X, [1, 3]))
    assert certificate.holds("exact")
    claim = certificate.claims["portable"]
    assert not claim.holds
    assert claim.failures.total == 2
    assert "sure to within" in claim.reason
    assert not certificate.certified


def test_a_wrong_network_that_does_not_round_is_called_wrong() -> None:
    network = Network((Affine(np.ones((1, 1)), np.zeros(1)),), Nearest(np.arange(4)), "float64")
    claim = verify(network, DataSet.from_arrays([[1], [2]], [1, 3])).claims["portable"]
    assert claim.rows == (1,)
    assert claim.margin == -0.5
    assert "wrongly" in claim.reason


@pytest.mark.parametrize("dtype", strategies.FLOAT_DTYPES)
def test_overflow_fails_the_claim_and_has_no_margin(dtype: str) -> None:
    largest = float(np.finfo(dtype).max)
    layers = (
        Affine(np.array([[largest]], dtype), np.zeros(1, dtype), RELU),
        Affine(np.zeros((1, 1), dtype), np.ones(1, dtype)),
    )
    network = Network(layers, Nearest(np.arange(3)), dtype)
    certificate = verify(network, DataSet.from_arrays([[0.5], [2.0]], [1, 1]))
    assert certificate.holds("exact")
    claim = certificate.claims["portable"]
    assert claim.rows == (1,)
    assert claim.margin is None
    assert "overflow" in claim.reason


def test_outputs_near_the_largest_float_have_no_margin_in_floats() -> None:
    largest = np.finfo(np.float64).max
    network = Network((Affine(np.zeros((1, 1)), np.array([largest])),), Value(1.0), "float64")
    certificate = verify(network, DataSet.from_arrays([[1.0]], [-largest], task="real"))
    assert not certificate.holds("exact")
    assert not certificate.holds("portable")
    assert certificate.claims["portable"].margin is None


@pytest.mark.parametrize("n", [1, 2, 100, 1001])
def test_batches_of_every_size(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    network = hand_made.mixed(hand_made.table())
    points = np.random.default_rng(n).integers(-9, 10, (n, 2)).astype(np.float32)
    whole = prove_portable(network, points, np.ones(n, int), no_progress)
    monkeypatch.setattr("rote.certify.interval._NUMBERS", 600)
    calls: list[tuple[str, int, int]] = []
    parts = prove_portable(network, points, np.ones(n, int), lambda *call: calls.append(call))
    assert calls[-1] == ("portable", n, n)
    assert n < 1000 or len(calls) > 3
    # Smaller batches can only have coarser granules.
    assert parts.right[whole.right].all()
    right, _ = smallest_distance(network, points, np.ones(n, int))
    assert not np.any(parts.right & ~np.array(right))


def test_where_the_claim_has_no_meaning() -> None:
    smooth = Network((Affine(np.ones((2, 1)), np.zeros(2), TANH),), ArgMax(np.arange(2)))
    assert unavailable(smooth) == "IEEE 754 does not fix the rounding of tanh."
    long = np.array([[2**99]], object)
    exact = Network((Affine(long, long[0]),), Value(1.0), "exact")
    assert unavailable(exact) == "An exact network has no float evaluation."
    assert not unavailable(hand_made.mixed(hand_made.table()))
    wide = Affine(np.zeros((1, (1 << 22) + 1), np.float32), np.zeros(1, np.float32))
    assert "no bound here" in unavailable(Network((wide,), Value(1.0), "float32"))


FLOATS = st.floats(-(2.0**60), 2.0**60)


@given(FLOATS, FLOATS, FLOATS, st.floats(0, 2.0**60), st.floats(0, 2.0**60))
def test_enclosed_sums_hold_the_exact_ones(
    a: float, b: float, c: float, ra: float, rb: float
) -> None:
    x, y = (_Enclosed(np.array([[v]]), np.array([[r]])) for v, r in ((a, ra), (b, rb)))
    worst = Fraction(a) - Fraction(ra) - Fraction(b) - Fraction(rb) + Fraction(c)
    lower = float(x.minus(y).plus_constant(np.array([[c]])).lower[0, 0])
    assert Fraction(lower) <= worst
    assert abs(Fraction(lower) - worst) <= Fraction(2.0**-48) * sum(
        map(abs, (Fraction(a), Fraction(b), Fraction(c), Fraction(ra), Fraction(rb)))
    ) + Fraction(5e-324)
    if ra == rb == 0 and a - b == Fraction(a) - Fraction(b) and a - b + c == worst:
        assert lower == worst
