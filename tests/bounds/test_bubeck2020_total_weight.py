"""The lower bound of the total weight: its constant, its proof's steps, and networks above it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rote.bounds.bubeck2020_total_weight import least_total_weight
from rote.constructions import make
from rote.data import DataSet
from rote.errors import OptionError


def test_the_constant_of_half_the_squared_error() -> None:
    assert math.isclose(least_total_weight(10_000), 0.10355 * 100, rel_tol=1e-4)
    assert math.isclose(least_total_weight(400), 2 * least_total_weight(100))


def test_less_error_and_less_doubt() -> None:
    assert least_total_weight(100, epsilon=0.1) > least_total_weight(100, epsilon=0.5)
    assert least_total_weight(100, failure=0.01) < least_total_weight(100, failure=0.5)
    assert least_total_weight(100, failure=0.5) < least_total_weight(100)
    assert least_total_weight(100, radius=0.0) > least_total_weight(100, radius=1.0)


def test_no_direction_correlates_more_than_the_proof_allows() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((300, 5))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    lifted = np.hstack([x, -np.ones((300, 1))])
    largest = []
    for _ in range(20):
        y = rng.choice([-1.0, 1.0], 300)
        w = rng.standard_normal((6, 200))
        for _ in range(20):  # climbs to a local maximum of the convex function of w
            w = lifted.T @ np.where(lifted @ w > 0, y[:, None], 0)
            w /= np.maximum(np.linalg.norm(w, axis=0), 1e-300)
        largest.append(np.abs(y @ np.maximum(lifted @ w, 0)).max())
    assert np.mean(largest) <= 2 * math.sqrt(2 * 300)
    assert np.mean(largest) > 0.3 * math.sqrt(300)  # the order of magnitude is right


def test_networks_weigh_more() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((200, 40))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    data = DataSet.from_arrays(x, rng.choice([-1.0, 1.0], 200), task="real")
    network = make("bubeck2020-ntk", epsilon=0.1).build(data)
    assert (network.size.total_weight or 0) > least_total_weight(200, epsilon=0.1)


@pytest.mark.parametrize(
    "arguments", [{"n": 0}, {"epsilon": 1.0}, {"radius": -1.0}, {"failure": 0.0}, {"failure": 1.0}]
)
def test_meaningless_arguments_are_refused(arguments: dict[str, float]) -> None:
    with pytest.raises(OptionError):
        least_total_weight(**{"n": 10, **arguments})
