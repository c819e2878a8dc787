"""bubeck2020-harmonic: the formulas of the harmonics, the guarantee, and the fits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rote.constructions._gadgets.residual import squared_error
from rote.constructions.bubeck2020_harmonic import (
    Bubeck2020Harmonic,
    harmonic_difference,
    phases,
)
from rote.data import DataSet
from rote.errors import OptionError

ROUNDING = 1e-9


def sphere(n: int, d: int, seed: int = 0) -> np.ndarray:
    x = np.random.default_rng(seed).standard_normal((n, d))
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def signs(n: int, d: int, seed: int = 0) -> DataSet:
    y = np.random.default_rng(seed + 1).choice([-1.0, 1.0], n)
    return DataSet.from_arrays(sphere(n, d, seed), y, task="real")


def harmonic(z: np.ndarray, m: int) -> np.ndarray:
    return z**m / np.abs(z) ** (m - 1)


@pytest.mark.parametrize("m", [2, 4, 6, 8])
def test_the_integral_over_phases_is_the_harmonic(m: int) -> None:
    phi = 2 * np.pi * (np.arange(40_000) + 0.5) / 40_000
    c = (-1) ** (m // 2 + 1) / (np.pi * (m * m - 1))
    for z in (1.0, 2j, -0.3 + 0.4j):
        mean = np.mean(np.maximum((z * np.exp(-1j * phi)).real, 0) * np.exp(1j * m * phi))
        assert np.isclose(mean, c * harmonic(np.array(z), m), atol=1e-8)


@pytest.mark.parametrize("m", [2, 4, 6])
def test_an_odd_number_of_phases_leaves_two_small_aliases(m: int) -> None:
    angle, weight = phases(m)
    assert len(angle) == 2 * m + 1
    z = np.exp(1j * np.linspace(0, 2 * np.pi, 1001))
    value = np.maximum((z[:, None] * np.exp(-1j * angle)).real, 0) @ weight

    def ratio(k: int) -> float:
        return (m * m - 1) / (k * k - 1)

    error = np.abs(value - harmonic(z, m).real).max()
    q = 2 * m + 1
    tail = sum(ratio(2 * q * j - m) + ratio(2 * q * j + m) for j in range(1, 4000)) * 1.01
    assert error <= tail < 0.2
    assert error > ratio(2 * q - m) - ratio(2 * q + m) - tail / 2  # it is not zero


@pytest.mark.parametrize("m", [2, 4])
def test_the_derivative_that_the_direction_uses(m: int) -> None:
    rng = np.random.default_rng(0)
    z = rng.standard_normal(20) + 1j * rng.standard_normal(20)
    h = 1e-6
    along = (harmonic(z + h, m) - harmonic(z - h, m)) / (2 * h)
    across = (harmonic(z + 1j * h, m) - harmonic(z - 1j * h, m)) / (2 * h)
    derivative = (along - 1j * across) / 2  # Wirtinger
    assert np.allclose(derivative, (m + 1) / 2 * (z / np.abs(z)) ** (m - 1), atol=1e-6)


@pytest.mark.parametrize("m", [2, 4])
def test_the_kernel_is_a_positive_series_from_the_power_m(m: int) -> None:
    rng = np.random.default_rng(0)
    for rho in (0.0, 0.3, 0.6):
        x = np.array([[1.0, 0.0], [rho, math.sqrt(1 - rho**2)]])
        w = rng.standard_normal((400_000, 2)) + 1j * rng.standard_normal((400_000, 2))
        turn = (w @ x.T) / np.abs(w @ x.T)
        mean = np.mean(turn[:, 0] ** (m - 1) * np.conj(turn[:, 1]) ** (m - 1)).real * rho
        assert -0.01 <= mean <= rho**m + 0.01


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(2, 20), d=st.integers(2, 6))
def test_a_proposal_is_its_units_and_points_downhill(seed: int, n: int, d: int) -> None:
    x, r = sphere(n, d, seed), np.random.default_rng(seed).standard_normal(n)
    proposal = harmonic_difference(x, r, 2, 0.5, 3, np.random.default_rng(seed))
    units = np.maximum(x @ proposal.rows.T, 0) @ proposal.output
    assert len(proposal.output) == 10
    assert np.allclose(proposal.values, units, atol=ROUNDING)


def test_proposals_correlate_with_the_residual_on_average() -> None:
    x, r = sphere(100, 20), np.random.default_rng(0).standard_normal(100)
    rng = np.random.default_rng(1)
    values = [harmonic_difference(x, r, 2, 0.5, 1, rng).values for _ in range(50)]
    share = [(r @ g) ** 2 / (g @ g) / (r @ r) for g in values]
    assert np.mean([r @ g > 0 for g in values]) > 0.9
    assert np.mean(share) > 0.5 * 20 / 100  # about 1.8 d / n by the isotropic estimate


def test_the_degree_comes_from_the_coherence() -> None:
    degrees = [Bubeck2020Harmonic().guarantee(signs(n, d))[0] for n, d in [(20, 400), (300, 100)]]
    assert degrees == [2, 4]
    degree, guarantee = Bubeck2020Harmonic().guarantee(signs(500, 5))
    assert degree == 2
    assert guarantee.rounds(0.1) == math.inf


@pytest.mark.parametrize("step", [0.1, 1.0])
def test_rounds_stay_within_the_promise(step: float) -> None:
    data = signs(300, 100)
    construction = Bubeck2020Harmonic(step=step, epsilon=0.1)
    degree, guarantee = construction.guarantee(data)
    network = construction.build(data)
    rounds = (network.size.neurons or 0) / (2 * (2 * degree + 1))
    assert rounds <= guarantee.rounds(0.1) < math.inf
    assert squared_error(network, data) <= 0.1


def test_the_total_weight_stays_near_the_square_root() -> None:
    data = signs(1000, 50)
    network = Bubeck2020Harmonic(degree=2, epsilon=0.1).build(data)
    assert (network.size.total_weight or 0) < 20 * math.sqrt(1000)


def test_classes_are_decided_within_the_promise_of_the_options() -> None:
    y = np.random.default_rng(0).integers(0, 3, 60)
    data = DataSet.from_arrays(sphere(60, 10), y)
    construction = Bubeck2020Harmonic(degree=2, rounds=200)
    network = construction.build(data)
    assert np.array_equal(network.predict(data.points), y)
    assert not network.size.exceeds(construction.promise(data.problem))


@pytest.mark.parametrize("options", [{"degree": 3}, {"degree": 0}, {"step": 0.0}, {"epsilon": 2.0}])
def test_meaningless_options_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(OptionError):
        Bubeck2020Harmonic(**options)
