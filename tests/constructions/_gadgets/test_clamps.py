"""Every clamp: ramps and clipped functions, evaluated without rounding."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rote.constructions._gadgets.clamp import Clamp
from rote.constructions._gadgets.clamp_composition import CompositionClamp
from rote.constructions._gadgets.clamp_difference import DifferenceClamp
from rote.constructions._gadgets.clamp_hard_tanh import HardTanhClamp
from rote.constructions._gadgets.clamps import advice_for, clamp_of
from rote.constructions._gadgets.slots import deal
from rote.constructions._gadgets.zigzag import signs
from rote.errors import OptionError
from rote.network import Affine, Network, Value
from rote.network.activation import RELU, leaky
from rote.network.exact import evaluate
from rote.typing import Array, DType, Floats

UNITS = (RELU, leaky(0.25), leaky(0.01))
CLAMPS: tuple[Clamp, ...] = (
    HardTanhClamp(even=False),
    CompositionClamp(even=False),
    *(DifferenceClamp(even, unit) for even in (False, True) for unit in UNITS),
)
CLOSE = Fraction(1, 10**9)
"""Weights of leaky and hard-tanh units are quotients, rounded to float64; values are below 10^3."""

ROUNDING = {"float32": 1e-5, "float64": 1e-13}
"""Of a few operations on numbers up to 5."""


def exactly(layers: tuple[Affine, ...], c: Floats) -> Array:
    """Values of the last layer at positions of the line, as fractions."""
    return evaluate(Network(layers, Value(1.0)), c[:, None])


@pytest.mark.parametrize("clamp", CLAMPS, ids=str)
@given(seed=st.integers(0, 2**32 - 1), p=st.integers(1, 6))
def test_weights_on_ramps_give_any_zigzag(clamp: Clamp, seed: int, p: int) -> None:
    rng = np.random.default_rng(seed)
    knots = np.sort(rng.choice(64, p + 1, replace=False)).astype(float)
    c = np.linspace(knots[0], knots[-1], 4 * p + 1)
    made = clamp.ramps(knots, "float64")
    start, rate = rng.integers(-8, 8, (2, 3)).astype(float), rng.integers(0, 8, (p, 2, 3)) / 4
    weight, bias = made.weights(start, rate)
    values = exactly((*made.layers, Affine(weight.reshape(6, -1), bias.ravel())), c)
    rise = signs(p)[:, None, None] * rate * made.width[:, None, None]
    corner = start + np.concatenate([np.zeros((1, 2, 3)), np.cumsum(rise, axis=0)])
    for i, position in enumerate(c):
        j = min(int(np.searchsorted(knots, position, side="right")) - 1, p - 1)
        share = Fraction(float(position - knots[j])) / Fraction(float(knots[j + 1] - knots[j]))
        for f in range(6):
            a, b = (Fraction(float(corner[j + t].ravel()[f])) for t in (0, 1))
            assert abs(values[i, f] - (a + share * (b - a))) < CLOSE


@pytest.mark.parametrize("clamp", CLAMPS, ids=str)
def test_slots_are_where_the_rounded_layers_have_them(clamp: Clamp) -> None:
    """A function of rate 1 in one group reads how far each of its slots is."""
    knots = np.array([0.0, 1.1, 2.3, 3.1, 4.7])
    at = knots[:-1, None] + np.diff(knots)[:, None] * [0.2, 0.7]
    made = clamp.ramps(knots, "float32")
    slots = deal(at.ravel(), 4, 2)
    groups = replace(slots.groups(0, 4), at=at)
    sign = signs(4)
    for j in range(4):
        rate = np.zeros((4, 1, 1))
        rate[j] = 1
        weight, bias = made.weights(np.zeros((1, 1)), rate)
        layers = tuple(
            Affine(f.weight.astype(np.float64), f.bias.astype(np.float64), f.activation)
            for f in made.layers
        )
        values = exactly((*layers, Affine(weight[0], bias[0])), at[j])
        want = [sign[j] * y for y in made.y(groups)[j].tolist()]
        assert all(abs(f - Fraction(y)) < CLOSE for f, y in zip(values[:, 0], want, strict=True))


@pytest.mark.parametrize(
    ("clamp", "widths"),
    [
        (HardTanhClamp(even=True), [5]),
        (CompositionClamp(even=False), [5, 5]),
        (DifferenceClamp(even=True), [10]),
        (DifferenceClamp(even=False), [5]),
        (DifferenceClamp(False, leaky(0.5)), [5]),
    ],
    ids=str,
)
def test_units_per_group(clamp: Clamp, widths: list[int]) -> None:
    knots = np.arange(6.0)
    made = clamp.ramps(knots, "float32")
    assert [layer.outputs for layer in made.layers if not layer.linear] == widths
    assert all(layer.activation == clamp.activation for layer in made.layers if not layer.linear)
    assert all(layer.weight.dtype == np.float32 for layer in made.layers)


@pytest.mark.parametrize("even", [False, True])
def test_integer_positions_have_differences_without_rounding(even: bool) -> None:
    knots = np.array([0.5, 2.5, 10.5, 18.5, 20.5])
    made = DifferenceClamp(even).ramps(knots, "float64")
    c = np.arange(22.0)
    h = c[:, None]
    for layer in made.layers:
        h = layer(h)
    assert (h == exactly(made.layers, c).astype(np.float64)).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("facing", [1.0, -1.0])
@pytest.mark.parametrize("clamp", CLAMPS, ids=str)
@given(numerators=st.lists(st.integers(-64, 64), min_size=1, max_size=9))
def test_clipped_functions_can_be_read(
    clamp: Clamp, facing: float, dtype: DType, numerators: list[int]
) -> None:
    t = np.array(numerators) / 16
    made = clamp.clip(np.array([[1.0]]), np.array([0.5]), np.array([facing]), dtype)
    h = t[:, None].astype(dtype)
    for layer in made.layers:
        h = layer(h)
    read = h.astype(np.float64) @ made.coefficient[0] + made.constant[0]
    want = np.clip(t + 0.5, -1, 1)
    if clamp.saturates:
        assert (read == want).all()
    else:
        np.testing.assert_allclose(read, want, rtol=0, atol=ROUNDING[dtype])


@pytest.mark.parametrize("clamp", [DifferenceClamp(even=False), CompositionClamp(even=False)])
def test_relus_are_off_where_the_function_mostly_is(clamp: Clamp) -> None:
    for facing in (1.0, -1.0):
        made = clamp.clip(np.array([[1.0]]), np.zeros(1), np.array([facing]), "float64")
        h = np.array([[-3.0 * facing]])
        for layer in made.layers:
            h = layer(h)
        assert not h.any()


def test_options() -> None:
    assert clamp_of("hard-tanh", 0.01, "paper") == HardTanhClamp(even=True)
    assert clamp_of("leaky", 0.25, "sharp") == DifferenceClamp(False, leaky(0.25))
    assert clamp_of("relu", 0.01, "sharp", composition=True) == CompositionClamp(even=False)
    with pytest.raises(OptionError, match="slope"):
        clamp_of("relu", 1.5, "sharp")
    with pytest.raises(OptionError, match=r"Only activation 'relu' .* not 'leaky'"):
        clamp_of("leaky", 0.25, "sharp", composition=True)


def test_advice_leads_to_units_that_saturate() -> None:
    assert "composition=true" in advice_for(clamp_of("relu", 0.01, "sharp"))
    assert "'hard-tanh'" in advice_for(clamp_of("leaky", 0.01, "paper"))
    assert not advice_for(clamp_of("hard-tanh", 0.01, "sharp"))
    assert not advice_for(clamp_of("relu", 0.01, "sharp", composition=True))
