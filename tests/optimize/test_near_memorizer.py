"""SGD near a memorizer: the theorem's three statements, and the first order against itself."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from rote.constructions import make
from rote.data import DataSet
from rote.errors import AssumptionError, OptionError
from rote.network import Affine, Network, Value
from rote.network.activation import TANH
from rote.optimize.near_memorizer import Descent, descend
from rote.optimize.parameters import Parameters

FORMS = {
    "three layers": make("yun2019-three-layer"),
    "three layers of ReLUs": make("yun2019-three-layer", activation="relu"),
    "five layers": make("yun2019-deep"),
}


def random_data(n: int = 24) -> DataSet:
    rng = np.random.default_rng(2)
    return DataSet.from_arrays(rng.standard_normal((n, 5)), rng.standard_normal(n), task="real")


def smooth() -> tuple[Network, DataSet]:
    """A random network, which memorizes what it puts out."""
    rng = np.random.default_rng(4)
    layers = (
        Affine(rng.standard_normal((6, 5)), rng.standard_normal(6), TANH),
        Affine(rng.standard_normal((1, 6)), np.zeros(1)),
    )
    return Network(layers, Value(1.0)), random_data(12)


@pytest.fixture(scope="module", params=FORMS)
def run(request: pytest.FixtureRequest) -> Descent:
    data = random_data()
    return descend(FORMS[request.param].build(data), data, epochs=40)


def test_four_decades_of_distances_have_one_curve_and_it_is_the_predicted_one(run: Descent) -> None:
    assert run.radius[0] / run.radius[-1] == pytest.approx(1e4)
    curves = run.risk / np.square(run.radius)[:, None]
    middle = slice(1, 4)  # the first is at the edge of linearity, the last near rounding
    np.testing.assert_allclose(curves[middle], np.tile(run.predicted, (3, 1)), rtol=0.1)


def test_the_risk_falls_and_the_distance_stays_below_twice_the_first(run: Descent) -> None:
    assert (run.risk[:4, -1] < 0.2 * run.risk[:4, 0]).all()
    assert (run.distance[:4] <= 2 * run.radius[:4, None]).all()
    assert (run.parallel <= run.distance * (1 + 1e-9)).all()


def test_the_part_in_the_span_contracts(run: Descent) -> None:
    """Not in every epoch, but over ten of them, by no less than the slowest direction."""
    assert 0 < run.contraction < 1
    parallel = run.parallel[2]
    assert all(b < a for a, b in itertools.pairwise(parallel[::10]))


def test_the_contraction_of_small_steps_is_that_of_the_least_eigenvalue() -> None:
    network, data = smooth()
    run = descend(network, data, epochs=1, step=1e-6)
    assert run.contraction == pytest.approx(1 - 1e-6 * run.eigenvalues[-1], abs=1e-9)
    assert (np.diff(run.eigenvalues) <= 0).all()


def test_full_batches_are_gradient_descent() -> None:
    """One unit, written out: f = v tanh(w x + b) + c."""
    unit = Affine(np.array([[0.7]]), np.array([0.1]), TANH)
    network = Network((unit, Affine(np.array([[1.3]]), np.array([-0.2]))), Value(1.0))
    x = np.array([-1.0, 0.0, 0.5, 2.0])
    data = DataSet.from_arrays(x[:, None], network.raw(x[:, None])[:, 0], task="real")
    run = descend(network, data, epochs=3, batch=4, step=0.05, radius=0.3, seed=9)
    star = np.array([0.7, 0.1, 1.3, -0.2])
    direction = np.random.default_rng(9).standard_normal(4)
    theta = star + 0.3 * direction / np.linalg.norm(direction)
    y = network.raw(x[:, None])[:, 0]
    for epoch in range(4):
        w, b, v, c = theta
        t = np.tanh(w * x + b)
        error = v * t + c - y
        assert run.risk[0, epoch] == pytest.approx(np.mean(error**2) / 2, rel=1e-12)
        assert run.distance[0, epoch] == pytest.approx(np.linalg.norm(theta - star), rel=1e-12)
        inner = error * v * (1 - t**2)
        slope = np.array([np.mean(inner * x), np.mean(inner), np.mean(error * t), np.mean(error)])
        theta = theta - 0.05 * slope


def test_the_span_is_that_of_the_gradients() -> None:
    network, data = smooth()
    model = Parameters(network)
    run = descend(network, data, epochs=1)
    gradients = model.jacobian(model.theta, data.points)
    direction = np.random.default_rng(0).standard_normal(len(model.theta))
    direction /= np.linalg.norm(direction)
    inside = gradients.T @ np.linalg.lstsq(gradients.T, direction, rcond=None)[0]
    assert run.parallel[0, 0] == pytest.approx(run.radius[0] * np.linalg.norm(inside), rel=1e-6)


def test_networks_with_units_at_a_kink_are_refused() -> None:
    data = random_data()
    network = make("zhang2017").build(data)  # its kinks are the points
    with pytest.raises(AssumptionError, match="without units at a kink"):
        descend(network, data, epochs=1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": 0}, "not 0 and 1"),
        ({"batch": 25}, "hold 1 to 12 points, not 100 and 25"),
        ({"step": -1.0}, "'step' must be positive"),
        ({"radius": np.inf}, "'radius' must be positive"),
    ],
)
def test_arguments_without_meaning_are_refused(options: dict[str, float], message: str) -> None:
    network, data = smooth()
    with pytest.raises(OptionError, match=message):
        descend(network, data, **options)  # type: ignore[arg-type]
