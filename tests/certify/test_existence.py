"""The claim ``exists``: the network that it speaks of is found, and what must fail fails."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import flint
import numpy as np
import pytest
from flint import arb

from rote.certify import Claim, verify
from rote.certify.ball import BallLayer, as_balls, through
from rote.certify.existence import DERIVATIVES, _slope
from rote.constructions import make
from rote.constructions._gadgets.slopes import ACTIVATIONS, curve
from rote.data import DataSet
from rote.network import Activation, Affine, Network

DIFFERENCE = 1e-8
"""Central differences of step 1e-5 of functions of order 1."""

FOUND = 1e-25
"""Residual at which a zero counts as found, in 128 bits."""


def random_data(n: int, d: int, outputs: int = 1) -> DataSet:
    rng = np.random.default_rng(n + d)
    X, y = rng.standard_normal((n, d)), rng.standard_normal((n, outputs))
    return DataSet.from_arrays(X, y)


def existence(network: Network, data: DataSet) -> Claim:
    return verify(network, data, claims=["exists"]).claims["exists"]


def furthest_weight(network: Network, data: DataSet) -> float:
    """How far the last layers' weights must move in the end, by Newton's method in 128 bits."""
    hidden, last = network.layers[-2:]
    assert isinstance(hidden, Affine)
    assert isinstance(last, Affine)
    kind = hidden.activations[0]
    psi = curve(ACTIVATIONS[str(kind)])
    x = data.points
    for layer in network.layers[:-2]:
        x = layer(x)
    sums = x @ hidden.weight.T + hidden.bias
    slopes, units = psi.slope(sums), psi.value(sums)
    lifted = np.hstack([x, np.ones((data.n, 1))])
    first = (slopes * last.weight[0])[:, :, None] * lifted[:, None, :]
    J = np.hstack([first.reshape(data.n, -1), units, np.ones((data.n, 1))])
    inverse = np.linalg.pinv(J)
    with flint.ctx.workprec(128):
        inputs = through(network.layers[:-2])(as_balls(data.points))
        move: Any = as_balls(np.zeros((J.shape[1], 1)))[:, 0]
        h, m = hidden.weight.shape
        for _ in range(30):
            steps = move[: h * (m + 1)].reshape(h, m + 1)
            weight = as_balls(hidden.weight) + steps[:, :m]
            layer = BallLayer(
                flint.arb_mat(weight.T.tolist()),
                as_balls(hidden.bias[:, None])[:, 0] + steps[:, m],
                hidden.activations,
            )
            out = as_balls(last.weight)[0] + move[h * (m + 1) : -1]
            errors = layer(inputs) @ out + (arb(float(last.bias[0])) + move[-1])
            errors = errors - as_balls(data.target)[:, 0]
            if max(float(abs(e).upper()) for e in errors) < FOUND:
                return max(float(abs(s).upper()) for s in move)
            step = inverse @ np.array([float(e.mid()) for e in errors])
            move = np.array([(s - arb(v)).mid() for s, v in zip(move, step.tolist(), strict=True)])
    raise AssertionError("Newton's method did not converge")


@pytest.mark.parametrize(
    ("key", "options", "n", "d"),
    [
        ("madden2024", {"activation": "tanh"}, 30, 4),
        ("madden2024", {"activation": "gelu"}, 30, 4),
        ("madden2024", {"activation": "softplus"}, 20, 5),
        ("madden2024-deep", {}, 30, 4),
        ("minimal", {}, 40, 5),
    ],
)
def test_the_network_is_found_within_the_radius(
    key: str, options: dict[str, Any], n: int, d: int
) -> None:
    data = random_data(n, d)
    network = make(key, **options).build(data)
    claim = existence(network, data)
    assert claim.holds
    radius = claim.audit["radius"]
    assert isinstance(radius, float)
    assert furthest_weight(network, data) <= radius < 1e-6
    assert claim.describe() == f"exists: holds within {radius:.1e}"


def test_several_outputs() -> None:
    data = random_data(20, 4, outputs=3)
    assert existence(make("madden2024").build(data), data).holds


def test_too_large_an_error_is_not_proved_away() -> None:
    data = random_data(30, 4)
    network = make("madden2024").build(data)
    last = network.layers[-1]
    assert isinstance(last, Affine)
    far = replace(network, layers=(network.layers[0], Affine(last.weight * 1.5, last.bias)))
    claim = existence(far, data)
    assert claim.available
    assert not claim.holds
    assert claim.failures.total == data.n
    assert "too large together" in claim.reason


def test_more_targets_than_weights_have_no_inverse() -> None:
    few, many = random_data(8, 2), random_data(60, 2)
    claim = existence(make("madden2024").build(few), many)
    assert not claim.holds
    assert "no right inverse" in claim.reason


def test_where_the_claim_has_no_meaning_it_is_not_available() -> None:
    real = random_data(20, 4)
    classes = DataSet.from_arrays(real.points, np.arange(20) % 2)
    for network, data, reason in (
        (make("madden2024").build(classes), classes, "Labels of classes"),
        (make("madden2024", activation="relu").build(real), real, "last hidden layer must have"),
        (make("madden2024", activation="power(3)").build(real), real, "must have one of tanh"),
    ):
        claim = existence(network, data)
        assert not claim.available
        assert reason in claim.reason


@pytest.mark.parametrize("name", DERIVATIVES)
def test_derivatives_and_their_bounds(name: str) -> None:
    psi = curve(ACTIVATIONS[name])
    t = np.linspace(-12, 12, 4801)
    steepest, bent = DERIVATIVES[name]
    step = 1e-5
    assert np.abs(psi.slope(t)).max() <= steepest
    second = (psi.slope(t + step) - psi.slope(t - step)) / (2 * step)
    assert np.abs(second).max() <= bent
    assert np.abs(psi.slope(t)).max() > 0.99 * steepest  # the bounds are no looser than needed
    assert np.abs(second).max() > 0.99 * bent
    activation = Activation(name)  # type: ignore[arg-type]
    with flint.ctx.workprec(128):
        enclosed = [float(_slope(activation, arb(v)).mid()) for v in t[::100].tolist()]
    assert np.abs(np.array(enclosed) - psi.slope(t[::100])).max() < DIFFERENCE
