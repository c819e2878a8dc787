"""bubeck2020-slabs: exact labels with 2 ceil(n/(d+1)) units."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rote.constructions.bubeck2020_slabs import Bubeck2020Slabs
from rote.data import DataSet
from rote.errors import AssumptionError, OptionError, PrecisionError
from rote.network import Network

RELATIVE = 1e-8
"""What the construction is asked to reach in float64 up to 10^4 points."""


def sphere(n: int, d: int, seed: int = 0) -> np.ndarray:
    x = np.random.default_rng(seed).standard_normal((n, d))
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def relative_error(network: Network, data: DataSet) -> float:
    target = data.target if data.targets is not None else data.target[:, None]
    return float(np.abs(network.raw(data.points) - target).max() / np.abs(target).max())


@pytest.mark.parametrize(
    ("n", "d", "units"), [(110, 10, 20), (111, 10, 22), (7, 9, 2), (30, 2, 20)]
)
def test_the_count_for_real_labels(n: int, d: int, units: int) -> None:
    data = DataSet.from_arrays(sphere(n, d), np.random.default_rng(1).standard_normal(n))
    construction = Bubeck2020Slabs()
    network = construction.build(data)
    assert network.size.neurons == construction.promise(data.problem).neurons == units
    assert relative_error(network, data) < RELATIVE


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 60))
def test_any_points_on_a_line_are_fitted(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    data = DataSet.from_arrays(rng.permutation(200)[:n, None], rng.integers(0, 4, n))
    network = Bubeck2020Slabs().build(data)
    assert np.array_equal(network.predict(data.points), data.labels[data.codes])
    assert network.size.neurons <= 2 * -(-n // 2)


@pytest.mark.parametrize(("n", "d"), [(1000, 20), (10_000, 100)])
def test_many_points_reach_the_relative_error(n: int, d: int) -> None:
    data = DataSet.from_arrays(sphere(n, d), np.random.default_rng(1).standard_normal(n))
    assert relative_error(Bubeck2020Slabs().build(data), data) < RELATIVE


def test_partly_filled_blocks_trade_units_for_weight() -> None:
    data = DataSet.from_arrays(sphere(1000, 20), np.random.default_rng(0).standard_normal(1000))
    full, part = (Bubeck2020Slabs(fill=fill).build(data).size for fill in (1.0, 0.7))
    assert (full.neurons, part.neurons) == (2 * 48, 2 * 72)
    assert (part.total_weight or 0) < (full.total_weight or 0) / 4


def test_several_outputs_have_their_own_units() -> None:
    data = DataSet.from_arrays(sphere(60, 5), np.random.default_rng(0).standard_normal((60, 3)))
    network = Bubeck2020Slabs().build(data)
    assert network.size.neurons == 3 * 20
    assert relative_error(network, data) < RELATIVE


def test_shifted_and_scaled_data_are_fitted() -> None:
    x, y = sphere(100, 5), np.random.default_rng(0).standard_normal(100)
    for moved in (x * 1e-6, 1e6 * x, x + 100.0):
        data = DataSet.from_arrays(moved, y)
        assert relative_error(Bubeck2020Slabs().build(data), data) < RELATIVE


def test_points_on_a_hyperplane_are_refused_with_them_as_witness() -> None:
    x = np.random.default_rng(0).integers(-50, 50, (40, 4))
    x[:, 3] = 1 - x[:, :3].sum(axis=1)
    data = DataSet.from_arrays(x, np.arange(40) % 3)
    with pytest.raises(AssumptionError, match=r"general position .* 'zhang2017'") as caught:
        Bubeck2020Slabs().build(data)
    rows = list(caught.value.witness)
    assert np.linalg.matrix_rank(np.hstack([x[rows], np.ones((len(rows), 1), int)])) < len(rows)


def test_float32_refuses_what_it_cannot_hold() -> None:
    data = DataSet.from_arrays(sphere(3000, 8), np.random.default_rng(0).standard_normal(3000))
    with pytest.raises(PrecisionError, match="float32 cannot hold this network"):
        Bubeck2020Slabs(directions=1).build(data, dtype="float32")


@pytest.mark.parametrize("options", [{"fill": 0.0}, {"directions": 0}, {"tolerance": -1.0}])
def test_meaningless_options_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(OptionError):
        Bubeck2020Slabs(**options)
