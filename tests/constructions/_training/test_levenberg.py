"""Levenberg-Marquardt against gradient methods, on problems that it must and cannot solve."""

from __future__ import annotations

import numpy as np

from rote.constructions._gadgets.slopes import ACTIVATIONS, curve
from rote.constructions._training.goals import Equal, Margins
from rote.constructions._training.gradient import adam, lbfgs
from rote.constructions._training.levenberg import _System, finish, levenberg_marquardt
from rote.constructions._training.perceptron import Jacobian, Perceptron, random_perceptron
from rote.network import ArgMax, Sign
from rote.typing import Floats

SOLVED = 1e-9
"""Two solvers on systems whose condition number is at most 1e5."""

STALL = 80
"""Steps that leave a few rows wrong below."""

PSI = curve(ACTIVATIONS["tanh"])


def start(d: int, h: int, k: int = 1) -> Perceptron:
    return random_perceptron(d, h, k, 0.3, np.random.default_rng(d + h + k))


def normal(n: int, d: int) -> Floats:
    return np.random.default_rng(n).standard_normal((n, d))


def test_real_labels_are_fitted_up_to_nearly_as_many_as_parameters() -> None:
    network = start(6, 12)
    n = int(0.97 * network.size)
    goal = Equal(normal(n, 1), 1e-11)
    fit = levenberg_marquardt(PSI, network, normal(n + 1, 6)[:n], goal, 300)
    assert fit.reached
    assert fit.left < 1e-21 * n


def test_more_real_labels_than_parameters_are_not() -> None:
    network = start(6, 6)
    n = network.size + 5
    fit = levenberg_marquardt(PSI, network, normal(n, 6), Equal(normal(n + 1, 1)[:n], 1e-6), 150)
    assert not fit.reached


def test_signs_are_fitted_to_three_times_as_many_as_parameters() -> None:
    network = start(10, 8)
    n = 3 * network.size
    codes = np.random.default_rng(0).integers(0, 2, n)
    goal = Margins.of(Sign(np.arange(2)), 1, codes, 1.0, 0.5)
    points = normal(n, 10)
    fit = levenberg_marquardt(PSI, network, points, goal, 300)
    assert fit.reached
    assert goal.slack(fit.network.respond(points, PSI).outputs).min() >= 0.5


def test_the_last_wrong_rows_are_settled_by_weights() -> None:
    network = start(10, 8)
    n = 3 * network.size
    codes = np.random.default_rng(4).integers(0, 2, n)
    goal = Margins.of(Sign(np.arange(2)), 1, codes, 1.0, 0.2)
    points = normal(n, 10)
    stalled = levenberg_marquardt(PSI, network, points, goal, STALL)
    wrong = goal.wrong(stalled.network.respond(points, PSI).outputs)
    assert 0 < wrong < 0.05 * n
    fit = finish(PSI, stalled, points, goal)
    assert fit.reached
    assert goal.wrong(fit.network.respond(points, PSI).outputs) == 0


def test_both_systems_give_the_step_of_least_squares() -> None:
    """Few rows are solved through their Gram matrix, many through the normal equations."""
    network = start(4, 3)
    damping = 1e-3
    for n in (10, 100):
        points, r = normal(n, 4), normal(n, 1)[:, 0]
        response = network.respond(points, PSI)
        jacobian = Jacobian.of(network, points, response, PSI, np.arange(n), np.ones((n, 1)))
        system = _System.of(jacobian, r, network.size)
        assert system.dual == (n < network.size)
        solved = system.solve(damping)
        assert solved is not None
        step, predicted = solved
        J = np.array([jacobian.pull(e) for e in np.eye(n)])
        shift = damping * np.trace(J @ J.T) / (n if system.dual else network.size)
        expected = np.linalg.solve(J.T @ J + shift * np.eye(network.size), J.T @ r)
        assert np.allclose(step, expected, rtol=SOLVED, atol=SOLVED)
        assert np.isclose(predicted, r @ r - np.square(r - J @ expected).sum(), rtol=SOLVED)


def test_gradient_methods_reach_easy_goals() -> None:
    points = normal(40, 5)
    codes = np.random.default_rng(1).integers(0, 3, 40)
    goal = Margins.of(ArgMax(np.arange(3)), 3, codes, 1.0, 0.5)
    network = start(5, 12, 3)
    for found in (
        lbfgs(PSI, network, points, goal, 500),
        adam(PSI, network, points, goal, 1500, 0.03),
    ):
        assert goal.reached(found.respond(points, PSI).outputs)
    values = Equal(normal(40, 1), 1e-3)
    single = start(5, 12)
    found = lbfgs(PSI, single, points, values, 2000)
    assert values.reached(found.respond(points, PSI).outputs)
