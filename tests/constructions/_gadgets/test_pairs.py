"""Gauss-Newton on antisymmetric pairs against the explicit Jacobian, and its ingredients."""

from __future__ import annotations

import numpy as np
import pytest

from rote.constructions._gadgets import pairs
from rote.constructions._gadgets.bases import bases
from rote.constructions._gadgets.pairs import Base, Pairs, fit_pairs, gram_of_points
from rote.constructions._gadgets.slopes import ACTIVATIONS, curve, smoothed_relu
from rote.constructions._gadgets.whitening import whitened
from rote.network.activation import RELU, SIN, TANH
from rote.typing import Floats

STEP = 1e-5
"""Step of a central difference: its error is STEP^2 and 1e-16 / STEP."""
DIFFERENCE = 1e-8
TWIN = 1e-9
"""Two ways to one least-norm solution, at condition numbers of about 1e3."""


def value(pairs: Pairs, points: Floats, psi: object) -> Floats:
    f = curve(TANH).value
    first = points @ (pairs.base.weight + pairs.move).T + pairs.base.bias + pairs.shift
    second = points @ (pairs.base.weight - pairs.move).T + pairs.base.bias - pairs.shift
    return (f(first) - f(second)) @ pairs.output


@pytest.mark.parametrize("name", list(ACTIVATIONS))
def test_slopes_are_derivatives(name: str) -> None:
    psi = curve(ACTIVATIONS[name])
    t = np.linspace(-4, 4, 81) + 0.013  # away from the kink of the ReLU
    difference = (psi.value(t + STEP) - psi.value(t - STEP)) / (2 * STEP)
    slope = psi.slope(t)
    assert np.abs(difference - slope).max() < DIFFERENCE * max(1.0, np.abs(slope).max() * 10)


def test_slopes_do_not_overflow() -> None:
    t = np.array([-1e4, -800.0, 800.0, 1e4])
    for name in ("tanh", "sigmoid", "gelu", "silu", "softplus"):
        slope = curve(ACTIVATIONS[name]).slope(t)
        assert np.isfinite(slope).all()
        assert (np.round(slope, 12) == (0 if name in {"tanh", "sigmoid"} else t > 0)).all()


def test_the_smoothed_relu_is_log_2_over_its_sharpness_above_the_relu() -> None:
    t = np.linspace(-3, 3, 601)
    gap = smoothed_relu(64.0).value(t) - RELU(t)
    assert gap.min() >= 0
    assert gap.max() == pytest.approx(np.log(2) / 64)


def test_the_first_step_is_the_least_norm_solution_of_the_linear_problem(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With a small move the fit is linear: compare with lstsq on the explicit Jacobian."""
    monkeypatch.setattr(pairs, "_MOVE", 0.1)
    rng = np.random.default_rng(0)
    n, d, h = 30, 4, 8
    points, y = rng.standard_normal((n, d)), rng.standard_normal(n)
    base = Base(rng.standard_normal((h, d)), rng.standard_normal(h))
    signs = np.random.default_rng(5).choice([-1.0, 1.0], h)
    slopes = 2 * signs * curve(TANH).slope(points @ base.weight.T + base.bias)
    lifted = np.hstack([points, np.ones((n, 1))])
    jacobian = (slopes[:, :, None] * lifted[:, None, :]).reshape(n, -1)
    least = np.linalg.lstsq(jacobian, y, rcond=None)[0].reshape(h, d + 1)
    found = fit_pairs(
        points, gram_of_points(points), y, [base], [curve(TANH)], np.random.default_rng(5)
    )
    assert found is not None
    scale = np.abs(found.output[0])
    # The whole move is the first step up to terms of third order in its size.
    step = np.hstack([found.move, found.shift[:, None]]) * scale
    assert np.linalg.norm(step - least) < 0.02 * np.linalg.norm(least)
    assert found.residual < TWIN
    assert np.abs(value(found, points, None) - y).max() < TWIN


def test_a_jacobian_without_the_rank_has_no_fit() -> None:
    points = np.ones((5, 2)) * np.arange(5)[:, None]  # on a line: rank 2 for one unit
    base = Base(np.ones((1, 2)), np.zeros(1))
    found = fit_pairs(
        points,
        gram_of_points(points),
        np.arange(5.0) ** 2 - 6,
        [base],
        [curve(SIN)],
        np.random.default_rng(0),
    )
    assert found is None or found.residual > 0.01


@pytest.mark.parametrize("name", ["tanh", "gelu", "sin", "relu", "power(3)"])
@pytest.mark.parametrize(("n", "d", "h"), [(1, 1, 1), (2, 1, 2), (7, 3, 3), (40, 2, 20)])
def test_bases_have_the_shape_asked_for(name: str, n: int, d: int, h: int) -> None:
    rng = np.random.default_rng(0)
    for base in bases(rng.standard_normal((n, d)), h, ACTIVATIONS[name], rng):
        assert base.weight.shape == (h, d)
        assert base.bias.shape == (h,)
        assert np.isfinite(base.weight).all()
        assert np.isfinite(base.bias).all()


def test_slabs_on_a_line_put_a_kink_between_any_two_points() -> None:
    points = np.array([[0.1], [2.0], [0.7], [0.71], [-3.0]])
    *_, base = bases(points, 5, RELU, np.random.default_rng(0))
    kinks = np.sort(-base.bias / base.weight[:, 0])
    line = np.sort(points[:, 0])
    if base.weight[0, 0] > 0:  # the direction is u or -u
        assert kinks[0] < line[0]
        assert ((line[:-1] < kinks[1:]) & (kinks[1:] < line[1:])).all()
    else:
        assert kinks[-1] > line[-1]
        assert ((line[:-1] < kinks[:-1]) & (kinks[:-1] < line[1:])).all()


@pytest.mark.parametrize(("n", "d"), [(30, 4), (5, 12)])
def test_whitened_points_have_unit_spread_in_every_direction(n: int, d: int) -> None:
    rng = np.random.default_rng(3)
    points = rng.standard_normal((n, d)) @ rng.standard_normal((d, d)) + 7
    frame, x = whitened(points)
    r = min(d, n - 1)
    assert x.shape == (n, r)
    assert np.abs(x.T @ x / n - np.eye(r)).max() < TWIN
    weight, bias = rng.standard_normal((3, r)), rng.standard_normal(3)
    folded = frame.fold(weight, bias)
    assert np.abs(points @ folded[0].T + folded[1] - (x @ weight.T + bias)).max() < TWIN


def test_constant_features_get_no_weight() -> None:
    rng = np.random.default_rng(4)
    points = np.hstack([rng.standard_normal((9, 2)), np.full((9, 1), 5.0)])
    frame, x = whitened(points)
    assert x.shape == (9, 2)
    assert np.abs(frame.map[2]).max() < TWIN
