"""bubeck2020-relu: exact labels with 4 ceil(n/d) units, and refusals with a witness."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rote.constructions.bubeck2020_relu import Bubeck2020Relu
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


def exact_output(network: Network, x: np.ndarray) -> Fraction:
    """The stored weights evaluated in rationals: the slow twin."""
    hidden, output = network.affine_layers
    total = Fraction(float(output.bias[0]))
    for row, bias, a in zip(hidden.weight, hidden.bias, output.weight[0], strict=True):
        t = sum((Fraction(w) * Fraction(v) for w, v in zip(row, x, strict=True)), Fraction(bias))
        total += Fraction(a) * max(t, Fraction(0))
    return total


@pytest.mark.parametrize(
    ("n", "d", "units"), [(100, 10, 40), (101, 10, 44), (7, 9, 4), (30, 2, 60)]
)
def test_the_papers_count_for_real_labels(n: int, d: int, units: int) -> None:
    y = np.random.default_rng(1).standard_normal(n)
    data = DataSet.from_arrays(sphere(n, d), y)
    construction = Bubeck2020Relu()
    network = construction.build(data)
    assert network.size.neurons == construction.promise(data.problem).neurons == units
    assert network.size.depth == 1
    assert relative_error(network, data) < RELATIVE


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(2, 30), d=st.integers(2, 5))
def test_the_stored_weights_fit_without_rounding_too(seed: int, n: int, d: int) -> None:
    rng = np.random.default_rng(seed)
    data = DataSet.from_arrays(rng.standard_normal((n, d)), rng.standard_normal(n))
    network = Bubeck2020Relu().build(data)
    for i in rng.permutation(n)[:3]:
        error = exact_output(network, data.points[i]) - Fraction(data.target[i, 0])
        assert abs(error) <= RELATIVE * np.abs(data.target).max()


@pytest.mark.parametrize(("n", "d"), [(1000, 20), (10_000, 100)])
def test_many_points_reach_the_relative_error(n: int, d: int) -> None:
    y = np.random.default_rng(1).standard_normal(n)
    data = DataSet.from_arrays(sphere(n, d), y)
    assert relative_error(Bubeck2020Relu().build(data), data) < RELATIVE


def test_the_frequent_label_needs_no_slab() -> None:
    y = np.zeros(400, dtype=int)
    y[:41] = 1
    data = DataSet.from_arrays(sphere(400, 10), y)
    network = Bubeck2020Relu().build(data)
    assert network.size.neurons == 4 * 5
    assert np.array_equal(network.predict(data.points), y)


def test_one_label_needs_no_units() -> None:
    data = DataSet.from_arrays(sphere(20, 3), ["a"] * 20)
    network = Bubeck2020Relu().build(data)
    assert network.size.neurons == 0
    assert set(network.predict(data.points)) == {"a"}


def test_several_outputs_have_their_own_units() -> None:
    data = DataSet.from_arrays(sphere(60, 6), np.random.default_rng(0).standard_normal((60, 3)))
    network = Bubeck2020Relu().build(data)
    assert network.size.neurons == 3 * 40
    assert relative_error(network, data) < RELATIVE


def test_exchanges_lower_the_total_weight() -> None:
    data = DataSet.from_arrays(sphere(500, 10), np.random.default_rng(0).standard_normal(500))
    weights = [Bubeck2020Relu(groupings=k).build(data).size.total_weight or 0 for k in (0, 2, 12)]
    assert all(b < a for a, b in pairwise(weights))
    assert weights[-1] < weights[0] / 4


def test_partly_filled_blocks_trade_units_for_weight() -> None:
    data = DataSet.from_arrays(sphere(2000, 50), np.random.default_rng(0).standard_normal(2000))
    full, part = (Bubeck2020Relu(fill=fill).build(data).size for fill in (1.0, 0.9))
    assert (full.neurons, part.neurons) == (4 * 40, 4 * 45)
    assert (part.total_weight or 0) < (full.total_weight or 0) / 1.2


def test_float32_fits_few_points_and_refuses_many() -> None:
    y = np.random.default_rng(0).standard_normal(10_000)
    few = DataSet.from_arrays(sphere(300, 20), y[:300])
    assert relative_error(Bubeck2020Relu().build(few, dtype="float32"), few) < 1e-3
    many = DataSet.from_arrays(sphere(4000, 10), y[:4000])
    with pytest.raises(PrecisionError, match="float32 cannot hold this network") as caught:
        Bubeck2020Relu(groupings=0).build(many, dtype="float32")
    assert caught.value.rows


def test_shifted_and_scaled_data_are_fitted() -> None:
    x, y = sphere(100, 5), np.random.default_rng(0).standard_normal(100)
    for moved in (x * 1e-6, 1e6 * x, x + 100.0):
        data = DataSet.from_arrays(moved, y)
        assert relative_error(Bubeck2020Relu().build(data), data) < RELATIVE


def test_points_on_a_hyperplane_are_refused_with_them_as_witness() -> None:
    x = np.random.default_rng(0).integers(-50, 50, (40, 4))
    x[:, 3] = 1 - x[:, :3].sum(axis=1)
    data = DataSet.from_arrays(x, np.arange(40) % 3)
    with pytest.raises(AssumptionError, match=r"general position .* 'zhang2017'") as caught:
        Bubeck2020Relu().build(data)
    rows = caught.value.witness
    assert len(rows) >= 4
    lifted = np.hstack([x[list(rows)], np.ones((len(rows), 1), int)])
    assert np.linalg.matrix_rank(lifted) < min(len(rows), 5)


def test_fewer_than_d_points_on_a_line_are_refused() -> None:
    x = np.outer(np.arange(1, 5), np.ones(6, int))
    with pytest.raises(AssumptionError, match="lie on a flat") as caught:
        Bubeck2020Relu().build(DataSet.from_arrays(x, [0, 1, 0, 2]))
    assert caught.value.witness


def test_a_line_is_refused_and_the_right_construction_named() -> None:
    data = DataSet.from_arrays(np.arange(5.0)[:, None], [0, 1, 0, 1, 2])
    with pytest.raises(AssumptionError, match="'bubeck2020-slabs'"):
        Bubeck2020Relu().build(data)
    with pytest.raises(AssumptionError):
        Bubeck2020Relu().promise(data.problem)


@pytest.mark.parametrize(
    "options", [{"fill": 0.0}, {"fill": 1.5}, {"groupings": -1}, {"tolerance": 0.0}]
)
def test_meaningless_options_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(OptionError):
        Bubeck2020Relu(**options)
