"""One hidden layer of smooth pairs: sizes, exact fits for every activation, and refusals."""

from __future__ import annotations

import numpy as np
import pytest

from rote.certify import verify
from rote.constructions.madden2024 import Madden2024, SmoothName
from rote.data import DataSet, Problem
from rote.errors import AssumptionError, OptionError, PrecisionError
from rote.network import Affine, Network
from rote.typing import Floats

FIT = 1e-9
"""Relative error of a fit. Measured: 1e-14 to 1e-11 at these sizes, most where d = 1."""

SMOOTH: tuple[SmoothName, ...] = ("tanh", "sigmoid", "gelu", "silu", "softplus", "sin", "relu")


def random_data(n: int, d: int, outputs: int = 1) -> DataSet:
    rng = np.random.default_rng(n + d)
    return DataSet.from_arrays(rng.standard_normal((n, d)), rng.standard_normal((n, outputs)))


def relative_error(network: Network, data: DataSet) -> float:
    error: Floats = network.raw(data.points) - data.target
    return float(np.linalg.norm(error) / np.linalg.norm(data.target))


def test_the_theorem_asks_for_md_at_least_2n() -> None:
    promise = Madden2024().promise(Problem(n=10_000, d=784))
    assert promise.neurons == 26
    assert 26 * 784 >= 2 * 10_000 > 24 * 784
    assert promise.parameters == 26 * (784 + 2) + 1


@pytest.mark.parametrize("activation", SMOOTH)
@pytest.mark.parametrize(("n", "d"), [(60, 1), (100, 2), (150, 7), (90, 45), (20, 30)])
def test_every_activation_fits_in_every_dimension(activation: SmoothName, n: int, d: int) -> None:
    data = random_data(n, d)
    network = Madden2024(activation=activation).build(data)
    assert network.size.widths == (2 * -(-n // d),)
    assert relative_error(network, data) < FIT


@pytest.mark.parametrize("k", [3, 4, 5])
def test_powers_fit_where_their_rank_allows(k: int) -> None:
    data = random_data(100, 15)
    network = Madden2024(activation=f"power({k})").build(data)  # type: ignore[arg-type]
    assert relative_error(network, data) < FIT


def test_a_power_without_the_rank_is_refused_by_the_formula() -> None:
    with pytest.raises(AssumptionError, match="has rank 10 "):  # cubics in 2 variables and 1
        Madden2024(activation="power(3)").build(random_data(40, 2))
    with pytest.raises(AssumptionError, match="Hirschowitz"):
        Madden2024(activation="power(2)").promise(Problem(n=100, d=4))


def test_smooth_networks_are_proved_by_enclosing_their_outputs() -> None:
    data = random_data(40, 4)
    certificate = verify(Madden2024().build(data), data)
    assert certificate.holds("exact")
    assert not certificate.claims["portable"].available


def test_relu_networks_are_proved_portable() -> None:
    data = random_data(60, 5)
    certificate = verify(Madden2024(activation="relu").build(data), data)
    assert certificate.holds("portable")


def test_each_output_has_its_own_pairs() -> None:
    data = random_data(50, 5, outputs=3)
    network = Madden2024().build(data)
    assert network.size.widths == (60,)
    assert relative_error(network, data) < FIT
    output = network.layers[1]
    assert isinstance(output, Affine)
    assert (np.count_nonzero(output.weight, axis=0) == 1).all()
    assert np.abs(output.weight.sum(axis=1)).max() == 0  # pairs of opposite signs


def test_constant_targets_cost_no_iteration() -> None:
    data = DataSet.from_arrays(np.arange(10.0).reshape(5, 2), np.full((5, 1), 0.25))
    assert (Madden2024().build(data).raw(data.points) == 0.25).all()


def test_features_of_very_different_scales_and_far_from_zero() -> None:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((80, 4)) * [1e-6, 1.0, 1e5, 1.0] + [0.0, 100.0, 0.0, -3.0]
    data = DataSet.from_arrays(X, rng.standard_normal(80))
    assert relative_error(Madden2024().build(data), data) < FIT


def test_points_in_a_flat_are_refused_until_there_are_enough_pairs() -> None:
    rng = np.random.default_rng(1)
    X = rng.standard_normal((40, 2)) @ rng.standard_normal((2, 8))
    data = DataSet.from_arrays(X, rng.standard_normal(40))
    with pytest.raises(AssumptionError, match=r"dimension r = 2\. Use pairs=14") as caught:
        Madden2024().build(data)
    assert len(caught.value.witness) == 3 * 5 + 1
    network = Madden2024(pairs=14).build(data)
    assert network.size.neurons == 28
    assert relative_error(network, data) < FIT


def test_too_many_points_on_a_line_are_named() -> None:
    rng = np.random.default_rng(2)
    X = rng.integers(-50, 51, (40, 8))
    line = np.arange(10, 21)  # 11 points, where 2 ceil(40/8) = 10 are allowed
    X[line] = np.arange(11)[:, None] * X[3] + X[4] + 1
    data = DataSet.from_arrays(X, rng.standard_normal(40))
    with pytest.raises(AssumptionError, match="flat") as caught:
        Madden2024().build(data)
    assert set(line) <= set(caught.value.witness)


def test_points_that_float64_cannot_tell_apart_are_refused_as_such() -> None:
    X = np.array([[0.0, 0.0], [1e-13, 0.0], [1.0, 1.0], [0.3, 2.0], [-1.0, 0.4], [0.0, -2.0]])
    data = DataSet.from_arrays(X, np.array([0.5, -1.5, 1.0, 2.0, 0.1, 0.2]))
    with pytest.raises(PrecisionError, match="float64 cannot"):
        Madden2024(tolerance=1e-9).build(data)


def test_options_are_checked() -> None:
    with pytest.raises(OptionError, match="'pairs' must be at least 1, not 0"):
        Madden2024(pairs=0)
    with pytest.raises(OptionError, match="'activation' must be one of"):
        Madden2024(activation="cosine")  # type: ignore[arg-type]
