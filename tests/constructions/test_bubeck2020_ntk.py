"""bubeck2020-ntk: rounds within the promise, exact derivative neurons, little total weight."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rote.constructions._gadgets.residual import squared_error
from rote.constructions.bubeck2020_ntk import Bubeck2020Ntk, derivative_neuron
from rote.data import DataSet
from rote.errors import AssumptionError, OptionError
from rote.network import Value

ROUNDING = 1e-9
"""A difference quotient with weights up to 10^5 in float64."""


def sphere(n: int, d: int, seed: int = 0) -> np.ndarray:
    x = np.random.default_rng(seed).standard_normal((n, d))
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def signs(n: int, d: int, seed: int = 0) -> DataSet:
    y = np.random.default_rng(seed + 1).choice([-1.0, 1.0], n)
    return DataSet.from_arrays(sphere(n, d, seed), y, task="real")


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 30), d=st.integers(2, 6))
def test_the_exact_step_is_the_derivative_neuron(seed: int, n: int, d: int) -> None:
    x, r = sphere(n, d, seed), np.random.default_rng(seed).standard_normal(n)
    proposal = derivative_neuron(x, r, "exact", 1, np.random.default_rng(seed))
    if not proposal.values.any():
        return
    u = proposal.rows.mean(axis=0)
    change = (proposal.rows[0] - proposal.rows[1]) / 2
    assert np.allclose(proposal.values, 2 * np.where(x @ u > 0, x @ change, 0), atol=ROUNDING)
    units = np.maximum(x @ proposal.rows.T, 0) @ proposal.output
    assert np.allclose(proposal.values, units, atol=ROUNDING)
    gradient = x.T @ np.where(x @ u > 0, r, 0)
    assert np.isclose(gradient @ change, np.linalg.norm(gradient) * np.linalg.norm(change))


@pytest.mark.parametrize("epsilon", [0.1, 1e-3])
def test_rounds_stay_within_the_promise(epsilon: float) -> None:
    data = signs(300, 30)
    construction = Bubeck2020Ntk(step="exact", epsilon=epsilon)
    network = construction.build(data)
    promised = construction.guarantee(data).rounds(epsilon)
    assert (network.size.neurons or 0) / 2 <= promised < math.inf
    assert squared_error(network, data) <= epsilon


def test_a_finite_step_has_little_total_weight() -> None:
    data = signs(1500, 50)
    finite = Bubeck2020Ntk(epsilon=0.1).build(data).size
    exact = Bubeck2020Ntk(epsilon=0.1, step="exact").build(data).size
    assert (finite.total_weight or 0) < 20 * math.sqrt(1500)
    assert (exact.total_weight or 0) > 100 * (finite.total_weight or 0)
    assert (finite.neurons or 0) < 2 * (exact.neurons or 0)


def test_more_directions_need_fewer_units_and_less_weight() -> None:
    data = signs(600, 15)
    one, many = (Bubeck2020Ntk(directions=k, epsilon=0.1).build(data).size for k in (1, 16))
    assert (many.neurons or 0) < 0.8 * (one.neurons or 0)
    assert (many.total_weight or 0) < 0.95 * (one.total_weight or 0)


def test_the_decision_states_the_tolerance_that_epsilon_left() -> None:
    data = signs(200, 20)
    network = Bubeck2020Ntk(epsilon=0.1).build(data)
    assert isinstance(network.decision, Value)
    error = np.abs(network.raw(data.points) - data.target).max()
    assert error < network.decision.tolerance < 1.01 * error + 1e-5
    assert 0.01 < squared_error(network, data) <= 0.1


def test_without_epsilon_every_point_meets_the_tolerance() -> None:
    data = signs(100, 20)
    network = Bubeck2020Ntk(tolerance=0.01).build(data)
    assert np.abs(network.raw(data.points) - data.target).max() < 0.01
    assert network.decision.tolerance == 0.01  # type: ignore[attr-defined]


def test_classes_are_decided() -> None:
    y = np.random.default_rng(0).integers(0, 4, 200)
    data = DataSet.from_arrays(sphere(200, 20), y)
    for dtype in ("float32", "float64"):
        network = Bubeck2020Ntk().build(data, dtype=dtype)
        assert np.array_equal(network.predict(data.points), y)


def test_a_refit_makes_the_fit_exact() -> None:
    data = DataSet.from_arrays(sphere(150, 10), np.random.default_rng(0).standard_normal(150))
    network = Bubeck2020Ntk(rounds=150, refit=True).build(data)
    assert np.abs(network.raw(data.points) - data.target).max() < 1e-10
    assert not network.size.exceeds(Bubeck2020Ntk(rounds=150).promise(data.problem))


@pytest.mark.parametrize("refit", [None, False])
def test_parallel_points_off_a_sphere_get_a_constant_appended(refit: bool | None) -> None:
    x = np.vstack([sphere(20, 5), 2 * sphere(20, 5)])
    data = DataSet.from_arrays(x, np.arange(40) % 2)
    network = Bubeck2020Ntk(rounds=5000, refit=refit).build(data)
    assert np.array_equal(network.predict(x), data.labels[data.codes])


def test_parallel_points_without_a_constant_are_refused_with_the_pair() -> None:
    x = sphere(8, 4)
    x = np.vstack([x, 3 * x[3]])
    x = np.vstack([x, -x.sum(axis=0)])  # the mean is 0, so rows 3 and 8 stay parallel when centred
    data = DataSet.from_arrays(x, [0, 0, 0, 1, 0, 0, 0, 0, 0, 0])
    with pytest.raises(AssumptionError, match=r"well dispersed; rows 3 and 8 .* 'zhang2017'") as e:
        Bubeck2020Ntk(bias=0.0, rounds=300).build(data)
    assert e.value.witness == (3, 8)


def test_several_outputs_are_fitted() -> None:
    data = DataSet.from_arrays(sphere(60, 10), np.random.default_rng(0).standard_normal((60, 2)))
    network = Bubeck2020Ntk().build(data)
    assert np.abs(network.raw(data.points) - data.target).max() < 1e-5


def test_one_point_needs_no_units() -> None:
    network = Bubeck2020Ntk().build(DataSet.from_arrays([[3.0, 4.0]], [0.25]))
    assert network.size.neurons == 0


@pytest.mark.parametrize(
    "options",
    [
        {"directions": 0},
        {"step": 0.0},
        {"step": "long"},
        {"epsilon": 1.0},
        {"rounds": 0},
        {"bias": -1.0},
        {"tolerance": 0.0},
    ],
)
def test_meaningless_options_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(OptionError):
        Bubeck2020Ntk(**options)
