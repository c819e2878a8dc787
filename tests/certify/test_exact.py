"""Exact verdicts agree with an evaluation in fractions, to the last bit."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hand_made
import strategies
from oracles import below, smallest_distance
from rote.certify.exact import prove_exact
from rote.certify.verdict import float_below
from rote.network import Affine, ArgMax, Columns, Nearest, Network, Value
from rote.network.activation import RELU
from rote.typing import Array, no_progress


@st.composite
def cases(draw: st.DrawFn) -> tuple[Network, Array, Array]:
    """A network, points and targets; not often right."""
    network = draw(strategies.networks())
    points = draw(strategies.points(network.inputs, network.dtype))
    n = len(points)
    if network.decision.labels is None:
        tame = strategies.tame_floats("float32")
        return network, points, draw(strategies.tensors((n, network.outputs), "float64", tame))
    if isinstance(network.decision, Columns):
        lasts = [len(labels) - 1 for labels in network.decision.labels]
        rows = draw(
            st.lists(st.tuples(*(st.integers(0, k) for k in lasts)), min_size=n, max_size=n)
        )
        return network, points, np.array(rows, np.int64)
    last = len(network.decision.labels) - 1
    codes = draw(st.lists(st.integers(0, last), min_size=n, max_size=n))
    return network, points, np.array(codes, np.int64)


def agrees(network: Network, points: Array, target: Array) -> None:
    verdict = prove_exact(network, points, target, no_progress)
    right, smallest = smallest_distance(network, points, target)
    assert verdict.right.tolist() == right
    assert verdict.margin == (None if smallest is None else below(smallest))
    assert bool(verdict.reason) == (not all(right))


@given(cases())
@settings(max_examples=60)
def test_any_network_agrees_with_fractions(case: tuple[Network, Array, Array]) -> None:
    agrees(*case)


@given(st.data())
@settings(max_examples=30)
def test_weights_and_points_of_every_size_agree_with_fractions(data: st.DataObject) -> None:
    dtype = data.draw(st.sampled_from(["float32", "float64"]))
    wild = strategies.finite_floats(dtype)
    layers = data.draw(strategies.layer_chains(2, 2, dtype, elements=wild))
    points = data.draw(strategies.tensors((3, 2), dtype, wild))
    agrees(Network(layers, ArgMax(np.arange(2)), dtype), points, np.array([0, 1, 1]))


@pytest.mark.parametrize("scale", [1e-300, 5e-324, 1e300])
def test_huge_and_tiny_weights(scale: float) -> None:
    layers = (
        Affine(np.array([[scale], [-scale]]), np.zeros(2), RELU),
        Affine(np.array([[scale, -scale]]), np.zeros(1)),
    )
    network = Network(layers, Value(1e-3), "float64")
    points = np.array([[0.0], [scale], [-scale]])
    agrees(network, points, np.zeros((3, 1)))


@pytest.mark.parametrize("n", [1, 2, 100, 1001])
def test_batches_of_every_size(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rote.certify.exact._DIGITS", 600)
    rng = np.random.default_rng(n)
    network = hand_made.mixed(hand_made.table())
    points = rng.integers(-9, 10, (n, 2)).astype(np.float32)
    calls: list[tuple[str, int, int]] = []
    verdict = prove_exact(network, points, np.ones(n, int), lambda *call: calls.append(call))
    right, smallest = smallest_distance(network, points, np.ones(n, int))
    assert verdict.right.tolist() == right
    assert smallest is not None
    assert verdict.margin == below(smallest)
    assert calls[-1] == ("exact", n, n)
    assert n < 100 or len(calls) > 3


def test_deep_network_of_long_numbers_agrees_with_fractions() -> None:
    rng = np.random.default_rng(0)
    layers = tuple(
        Affine(rng.standard_normal((3, 3)), rng.standard_normal(3), RELU) for _ in range(20)
    )
    network = Network(layers, ArgMax(np.arange(3)), "float64")
    agrees(network, rng.standard_normal((4, 3)), np.array([0, 1, 2, 0]))


def test_a_tie_is_wrong_for_both() -> None:
    same = Network((Affine(np.ones((2, 1)), np.zeros(2)),), ArgMax(np.arange(2)), "float64")
    verdict = prove_exact(same, np.ones((2, 1)), np.array([0, 1]), no_progress)
    assert verdict.right.tolist() == [False, False]
    assert verdict.margin == 0


def test_one_class_is_right_whatever_the_output() -> None:
    network = Network((Affine(np.ones((1, 1)), np.zeros(1)),), Nearest(np.array(["a"])), "float64")
    verdict = prove_exact(network, np.array([[1e9]]), np.array([0]), no_progress)
    assert verdict.right.all()
    assert verdict.margin is None


@given(st.fractions() | st.floats(allow_nan=False, allow_infinity=False).map(Fraction))
def test_margins_are_rounded_down(value: Fraction) -> None:
    assert float_below(value) == below(value)
    assert Fraction(float_below(value)) <= value


def test_margins_beyond_floats_are_cut() -> None:
    largest = np.finfo(np.float64).max
    assert float_below(Fraction(10) ** 400) == largest
    assert float_below(-(Fraction(10) ** 400)) == -largest
    assert float_below(Fraction(1, 10**400)) == 0
    assert float_below(-Fraction(1, 10**400)) == -5e-324
