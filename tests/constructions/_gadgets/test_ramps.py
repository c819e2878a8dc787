"""Ramps and clipped functions, evaluated without rounding."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rote.constructions._gadgets.ramps import clip_layer, ramps
from rote.constructions._gadgets.zigzag import signs
from rote.network import Activation, Affine, Network, Value
from rote.network.activation import HARD_TANH, RELU, leaky
from rote.network.exact import evaluate
from rote.typing import Array, DType, Floats

KINDS = (HARD_TANH, RELU, leaky(0.25), leaky(0.01))
CLOSE = Fraction(1, 10**9)
"""Weights of leaky and hard-tanh units are quotients, rounded to float64; values are below 10^3."""


def exactly(layers: tuple[Affine, ...], c: Floats) -> Array:
    """Values of the last layer at positions of the line, as fractions."""
    return evaluate(Network(layers, Value(1.0)), c[:, None])


@pytest.mark.parametrize("paired", [False, True])
@pytest.mark.parametrize("kind", KINDS, ids=str)
@given(seed=st.integers(0, 2**32 - 1), p=st.integers(1, 6))
def test_weights_on_ramps_give_any_zigzag(
    kind: Activation, paired: bool, seed: int, p: int
) -> None:
    rng = np.random.default_rng(seed)
    knots = np.sort(rng.choice(64, p + 1, replace=False)).astype(float)
    c = np.linspace(knots[0], knots[-1], 4 * p + 1)
    made = ramps(knots, np.tile(knots[:-1, None], (1, 2)), kind, paired=paired, dtype="float64")
    start, rate = rng.integers(-8, 8, (2, 3)).astype(float), rng.integers(0, 8, (p, 2, 3)) / 4
    weight, bias = made.weights(start, rate)
    last = Affine(weight.reshape(6, -1), bias.ravel())
    values = exactly((*made.layers, last), c)
    corner = start + np.vstack(
        [
            np.zeros((1, 2, 3)),
            np.cumsum(signs(p)[:, None, None] * rate * made.width[:, None, None], axis=0),
        ]
    )
    for i, position in enumerate(c):
        j = min(int(np.searchsorted(knots, position, side="right")) - 1, p - 1)
        share = Fraction(float(position - knots[j])) / Fraction(float(knots[j + 1] - knots[j]))
        for f in range(6):
            a, b = (Fraction(float(corner[j + t].ravel()[f])) for t in (0, 1))
            assert abs(values[i, f] - (a + share * (b - a))) < CLOSE


@pytest.mark.parametrize(
    ("kind", "paired", "units"),
    [(HARD_TANH, True, 5), (RELU, True, 10), (RELU, False, 5), (leaky(0.5), False, 5)],
    ids=str,
)
def test_units_per_group(kind: Activation, paired: bool, units: int) -> None:
    knots = np.arange(6.0)
    made = ramps(knots, knots[:-1, None] + 0.5, kind, paired=paired, dtype="float32")
    assert made.layers[0].outputs == units
    assert made.layers[0].weight.dtype == np.float32
    assert all(layer.linear for layer in made.layers[1:])


@pytest.mark.parametrize("kind", [RELU, HARD_TANH])
def test_integer_positions_have_ramps_without_rounding(kind: Activation) -> None:
    knots = np.array([0.5, 2.5, 10.5, 18.5])
    made = ramps(knots, knots[:-1, None] + 1, kind, paired=False, dtype="float64")
    c = np.arange(20.0)
    h = c[:, None]
    for layer in made.layers:
        h = layer(h)
    assert (h == exactly(made.layers, c).astype(np.float64)).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("facing", [1.0, -1.0])
@pytest.mark.parametrize("kind", [HARD_TANH, RELU, leaky(0.25)], ids=str)
@given(numerators=st.lists(st.integers(-64, 64), min_size=1, max_size=9))
def test_clipped_functions_can_be_read(
    kind: Activation, facing: float, dtype: DType, numerators: list[int]
) -> None:
    t = np.array(numerators) / 16
    made = clip_layer(np.array([[1.0]]), np.array([0.5]), kind, np.array([facing]), dtype)
    units = made.layer(t[:, None].astype(dtype)).astype(np.float64)
    read = units @ made.coefficient[0] + made.constant[0]
    np.testing.assert_allclose(read, np.clip(t + 0.5, -1, 1), rtol=1e-12, atol=1e-12)


def test_relus_are_off_on_the_side_that_they_face_away_from() -> None:
    for facing in (1.0, -1.0):
        made = clip_layer(np.array([[1.0]]), np.zeros(1), RELU, np.array([facing]), "float64")
        assert not made.layer(np.array([[-3.0 * facing]])).any()
