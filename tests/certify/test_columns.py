"""Columns give the numbers that an evaluation in fractions gives, and are chosen where they pay."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import strategies
from rote.certify import verify
from rote.certify.columns import Columns, fan_in
from rote.constructions import make
from rote.data import DataSet
from rote.exact.limbs import Limbs
from rote.network import Affine, Nearest, Network, Residual, Value
from rote.network.activation import HARD_TANH, IDENTITY, RELU
from rote.network.exact import evaluate
from rote.typing import Array


def fractions(limbs: Limbs) -> list[list[Fraction]]:
    n, m = limbs.shape
    return [[limbs.fraction(i, j) for j in range(m)] for i in range(n)]


@given(st.data())
@settings(max_examples=100)
def test_any_network_of_relus_agrees_with_fractions(data: st.DataObject) -> None:
    network = data.draw(strategies.networks(activations=(RELU, IDENTITY), residual=False))
    points = data.draw(strategies.points(network.inputs, network.dtype))
    assert fractions(Columns(network)(points)) == evaluate(network, points).tolist()


def flags_to_long(scale: int) -> Network:
    """Units whose inputs are all short and whose weights are long: computed per combination."""
    layers = (
        Affine(np.array([[1], [-1], [1], [2]], object), np.array([0, 1, -1, 0], object), RELU),
        Affine(
            np.array([[scale, -3, 1, 7], [1, scale, -scale, 5], [0, 1, 0, 0]], object),
            np.array([5, -scale, 0], object),
            RELU,
            -7,
        ),
        Affine(np.array([[1, 0, 0], [0, 1, -1]], object), np.array([0, 3], object), exponent=4),
    )
    return Network(layers, Value(1.0), "exact")


@pytest.mark.parametrize("scale", [1 << 61, (1 << 62) + 1, (1 << 300) - 1])
@pytest.mark.parametrize(
    "points", [[[0]], [[0], [1], [3], [1]], [[0.5], [-2.0], [2**-30], [2.0**40]]]
)
def test_long_weights_of_few_flags(scale: int, points: list[list[float]]) -> None:
    network = flags_to_long(scale)
    X = np.array(points)
    assert fractions(Columns(network)(X)) == evaluate(network, X).tolist()


def test_a_shared_row_counts_for_all_its_units() -> None:
    layers = (
        Affine(np.array([[1.0, 2.0]]), np.array([0.0, 1.0, -4.0]), RELU),
        Affine(np.array([[1.0, -1.0, 0.25]]), np.zeros(1)),
    )
    network = Network(layers, Value(1.0), "float64")
    assert fan_in(network) == (3 * 2 + 3) / 4
    X = np.array([[1.0, 1.0], [-3.0, 0.5]])
    assert fractions(Columns(network)(X)) == evaluate(network, X).tolist()


def test_other_activations_and_residual_blocks_are_left_to_limbs() -> None:
    hard = Affine(np.eye(2), np.zeros(2), HARD_TANH)
    last = Affine(np.ones((1, 2)), np.zeros(1))
    block = Residual((Affine(np.eye(2), np.zeros(2), RELU),))
    for first in (hard, block):
        assert fan_in(Network((first, last), Value(1.0), "float64")) == np.inf


@pytest.mark.parametrize("wrong", [False, True])
def test_verdicts_on_a_deep_network_are_those_of_limbs(
    wrong: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    data = DataSet.from_arrays(rng.standard_normal((200, 3)), rng.integers(0, 4, 200))
    network = make("yang2026", side=2, group=12).build(data, dtype="exact")
    if wrong:  # one code of one group differs by one bit
        layers = list(network.layers)
        k, row, column = next(
            (k, *place)
            for k, layer in enumerate(layers[1:], 1)
            for place in np.argwhere(layer.weight > 0)
            if layer.weight[*place].bit_count() > 20
        )
        weight = layers[k].weight.copy()
        weight[row, column] ^= 1 << weight[row, column].bit_length() - 2
        layers[k] = Affine(weight, layers[k].bias, RELU)
        network = Network(tuple(layers), network.decision, "exact")
    assert isinstance(network.decision, Nearest)
    used: list[int] = []
    call = Columns.__call__

    def counted(self: Columns, points: Array) -> Limbs:
        used.append(len(points))
        return call(self, points)

    monkeypatch.setattr(Columns, "__call__", counted)
    claim = verify(network, data, claims=("exact",)).claims["exact"]
    assert sum(used) == data.n - 8
    monkeypatch.setattr("rote.certify.exact._SPARSE", 0.0)
    assert verify(network, data, claims=("exact",)).claims["exact"] == claim
    assert sum(used) == data.n - 8
    assert claim.holds != wrong
