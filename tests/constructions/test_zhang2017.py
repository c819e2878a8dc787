"""One hidden ReLU layer: the closed form, its size, and what the arithmetics hold."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rote.constructions.zhang2017 import Zhang2017
from rote.data import DataSet, Problem
from rote.errors import OptionError, PrecisionError
from rote.network import Affine, Network, Value
from rote.network.exact import evaluate
from rote.typing import DType


def random_data(seed: int, n: int, d: int) -> DataSet:
    rng = np.random.default_rng(seed)
    return DataSet.from_arrays(rng.standard_normal((n, d)), rng.standard_normal(n), task="real")


def hidden_and_output(network: Network) -> tuple[Affine, Affine]:
    hidden, output = network.layers
    assert isinstance(hidden, Affine)
    assert isinstance(output, Affine)
    return hidden, output


def test_the_papers_size_is_n_units_and_2n_plus_d_weights() -> None:
    promise = Zhang2017().promise(Problem(n=50_000, d=3072, classes=10))
    assert (promise.neurons, promise.parameters) == (50_000, 103_072)


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(2, 30), d=st.integers(1, 4))
def test_normal_points_take_one_unit_less_than_points(seed: int, n: int, d: int) -> None:
    size = Zhang2017().build(random_data(seed, n, d)).size
    assert (size.depth, size.widths, size.parameters) == (1, (n - 1,), 2 * n + d - 1)


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(2, 25))
def test_the_closed_form_solves_the_papers_triangular_system(seed: int, n: int) -> None:
    """With the kinks found, the output weights are the only solution of the interpolation."""
    data = random_data(seed, n, 3)
    hidden, output = hidden_and_output(Zhang2017().build(data, dtype="exact"))
    scale = Fraction(2) ** hidden.exponent
    u = [Fraction(int(v)) * scale for v in hidden.weight[0]]
    kinks = [-Fraction(int(b)) * scale for b in hidden.bias]
    c = [sum(a * Fraction(v) for a, v in zip(u, row, strict=True)) for row in data.points.tolist()]
    order = sorted(range(n), key=lambda i: c[i])
    y = [Fraction(float(data.target[i, 0])) for i in order]
    solved: list[Fraction] = []
    for i in range(1, n):  # forward substitution, row by row
        reach = [c[order[i]] - kink for kink in kinks[:i]]
        known = sum((w * r for w, r in zip(solved, reach, strict=False)), Fraction(0))
        solved.append((y[i] - y[0] - known) / reach[-1])
    built = [Fraction(int(w)) * Fraction(2) ** output.exponent for w in output.weight[0]]
    # Slopes are rounded to a grid, so a weight may be off by two halves of it.
    grid = Fraction(2) ** output.exponent
    assert all(abs(a - b) <= grid for a, b in zip(built, solved, strict=True))


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 25), d=st.integers(1, 3))
def test_exact_networks_reach_any_tolerance(seed: int, n: int, d: int) -> None:
    data = random_data(seed, n, d)
    tolerance = Fraction(1, 2**80)
    network = Zhang2017(tolerance=float(tolerance)).build(data, dtype="exact")
    for f, y in zip(evaluate(network, data.points)[:, 0], data.target[:, 0], strict=True):
        assert abs(Fraction(f) - Fraction(float(y))) < tolerance


def test_vector_targets_share_the_units() -> None:
    rng = np.random.default_rng(3)
    data = DataSet.from_arrays(rng.standard_normal((20, 2)), rng.standard_normal((20, 3)))
    network = Zhang2017().build(data)
    assert network.size.widths == (19,)
    assert isinstance(network.decision, Value)
    assert np.abs(network.raw(data.points) - data.target).max() < network.decision.tolerance


def test_neighbours_on_one_slope_share_a_unit() -> None:
    data = DataSet.from_arrays(np.arange(30)[:, None], np.repeat([0, 1, 0], 10))
    assert Zhang2017().build(data).size.widths == (4,)


@pytest.mark.parametrize("dtype", ["float32", "float64", "exact"])
def test_one_point_and_one_class_need_no_unit(dtype: DType) -> None:
    one = DataSet.from_arrays([[3.5, 1.0]], ["a"])
    same = DataSet.from_arrays(np.arange(12).reshape(6, 2), [7] * 6)
    for data in (one, same):
        assert Zhang2017().build(data, dtype=dtype).size.neurons == 0


@pytest.mark.parametrize("scale", [1e-300, 1e-20, 1e20, 1e300])
def test_the_scale_of_the_data_does_not_matter(scale: float) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((40, 3)), rng.integers(0, 3, 40)
    network = Zhang2017().build(DataSet.from_arrays(scale * X, y))
    assert (network.decision.decide(network.raw(scale * X)) == y).all()


def test_values_of_every_size_in_one_column_are_held() -> None:
    data = DataSet.from_arrays([[1e300], [-1e300], [1e-300]], [0, 1, 2])
    assert Zhang2017().build(data).predict(data.points).tolist() == [0, 1, 2]


def test_constant_columns_and_columns_of_very_different_scale_are_used_or_ignored() -> None:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 4)) * np.array([1e-9, 1.0, 0.0, 1e9]) + np.array([0, 0, 5.0, 0])
    y = rng.integers(0, 2, 60)
    network = Zhang2017().build(DataSet.from_arrays(X, y))
    assert (network.decision.decide(network.raw(X)) == y).all()


def test_integers_project_without_rounding() -> None:
    rng = np.random.default_rng(0)
    data = DataSet.from_arrays(rng.integers(0, 256, (500, 64)), rng.integers(0, 10, 500))
    hidden, _ = hidden_and_output(Zhang2017().build(data))
    assert np.array_equal(hidden.weight, np.rint(hidden.weight))
    assert np.abs(hidden.weight).sum() * 255 + np.abs(hidden.bias).max() < 2**53


def test_what_float32_cannot_tell_apart_is_refused_with_both_rows() -> None:
    data = DataSet.from_arrays([[1.0], [1.0 + 2**-40], [2.0]], [0, 1, 0])
    with pytest.raises(PrecisionError, match=r"rows 0 and 1 apart.*float64") as caught:
        Zhang2017().build(data, dtype="float32")
    assert caught.value.rows == (0, 1)


@pytest.mark.parametrize("options", [{"directions": 0}, {"tolerance": 0.0}, {"tolerance": np.inf}])
def test_options_without_meaning_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(OptionError):
        Zhang2017(**options)  # type: ignore[arg-type]
