"""The Jacobian of a perceptron against differences, and its products against the matrix."""

from __future__ import annotations

import numpy as np
import pytest

from rote.constructions._gadgets.slopes import ACTIVATIONS, curve
from rote.constructions._training.perceptron import Jacobian, Perceptron, random_perceptron
from rote.typing import Floats

DIFFERENCE = 1e-8
"""Central differences of step 1e-5 are off by about 1e-10 times a third derivative."""
ROUNDING = 1e-12
"""Two ways to add a few hundred products of order 1."""

PSI = curve(ACTIVATIONS["tanh"])


def case(k: int) -> tuple[Perceptron, Floats, Floats]:
    rng = np.random.default_rng(k)
    network = random_perceptron(3, 4, k, 1.0, rng)
    return network, rng.standard_normal((6, 3)), rng.standard_normal((6, k))


def dense(network: Perceptron, points: Floats, functional: Floats) -> Floats:
    """The Jacobian, column by column from differences."""

    def value(flat: Floats) -> Floats:
        outputs = network.like(flat).respond(points, PSI).outputs
        total: Floats = (functional * outputs).sum(axis=1)
        return total

    flat, step = network.flat(), 1e-5
    unit = np.eye(len(flat)) * step
    columns = [(value(flat + e) - value(flat - e)) / (2 * step) for e in unit]
    return np.array(columns).T


@pytest.mark.parametrize("k", [1, 3])
def test_products_with_the_jacobian_are_those_of_differences(k: int) -> None:
    network, points, functional = case(k)
    rows = np.arange(len(points))
    response = network.respond(points, PSI)
    jacobian = Jacobian.of(network, points, response, PSI, rows, functional)
    matrix = dense(network, points, functional)
    a = np.random.default_rng(0).standard_normal(len(points))
    assert np.abs(jacobian.pull(a) - matrix.T @ a).max() < DIFFERENCE
    columns = np.array([jacobian.pull(e) for e in np.eye(len(points))])
    assert np.abs(jacobian.gram() - columns @ columns.T).max() < ROUNDING
    assert np.abs(jacobian.normal() - columns.T @ columns).max() < ROUNDING


def test_parameters_go_to_a_vector_and_back() -> None:
    network, _, _ = case(2)
    assert network.flat().shape == (network.size,) == (4 * 4 + 2 * 5,)
    again = network.like(network.flat())
    assert (again.hidden == network.hidden).all()
    assert (again.output == network.output).all()
