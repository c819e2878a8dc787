"""The smallest trained network: near the parameter count, judged after rounding, never stuck."""

from __future__ import annotations

import numpy as np
import pytest

from rote.certify import verify
from rote.constructions.minimal import Minimal
from rote.data import DataSet, Problem
from rote.errors import OptionError, PrecisionError
from rote.network import Affine, Network
from rote.network.activation import RELU, TANH


def random_data(n: int, d: int, classes: int | None = None) -> DataSet:
    rng = np.random.default_rng(n + d)
    y = rng.standard_normal(n) if classes is None else rng.integers(0, classes, n)
    return DataSet.from_arrays(rng.standard_normal((n, d)), y)


def parameters(network: Network) -> int:
    assert network.size.parameters is not None
    return network.size.parameters


def test_real_labels_take_about_as_many_parameters() -> None:
    data = random_data(200, 8)
    network = Minimal().build(data)
    assert parameters(network) < 1.06 * data.n
    assert verify(network, data).holds("exact")


def test_relus_take_about_one_parameter_more_each() -> None:
    data = random_data(120, 8)
    network = Minimal(activation="relu").build(data)
    units = network.size.neurons
    assert units is not None
    assert parameters(network) - units < 1.1 * data.n
    assert verify(network, data).certified


def test_two_classes_take_a_third_of_that() -> None:
    data = random_data(400, 10, classes=2)
    network = Minimal().build(data, dtype="float32")
    assert data.n / parameters(network) > 2.5
    assert verify(network, data).holds("exact")


def test_several_classes_are_read_by_the_largest_output() -> None:
    data = random_data(100, 6, classes=4)
    network = Minimal().build(data, dtype="float32")
    assert network.outputs == 4
    assert data.information_bits / parameters(network) > 1.5
    assert verify(network, data).certified


def test_labels_that_one_unit_decides_take_one_unit() -> None:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((80, 4))
    data = DataSet.from_arrays(X, X @ [1.0, -2.0, 0.5, 0.0] > 0.1)
    assert Minimal().build(data).size.widths == (1,)


def test_where_training_fails_the_points_are_interpolated() -> None:
    """Labels that alternate along a line leave no network that one step could reach."""
    data = DataSet.from_arrays(np.arange(30.0)[:, None], np.arange(30) % 2)
    network = Minimal(steps=1, seeds=1).build(data)
    assert network.size.widths == (29,)
    first = network.layers[0]
    assert isinstance(first, Affine)
    assert first.activation == RELU
    assert verify(network, data).certified


def test_a_width_or_an_activation_that_fails_is_refused() -> None:
    data = random_data(60, 3)
    with pytest.raises(PrecisionError, match="did not reach all labels at width 2"):
        Minimal(width=2).build(data)
    alternating = DataSet.from_arrays(np.arange(30.0)[:, None], np.arange(30) % 2)
    with pytest.raises(PrecisionError, match=r"tanh units .* any width"):
        Minimal(activation="tanh", steps=1, seeds=1).build(alternating)


def test_a_width_may_be_given() -> None:
    data = random_data(50, 4, classes=2)
    network = Minimal(width=9).build(data)
    first = network.layers[0]
    assert isinstance(first, Affine)
    assert first.outputs == 9
    assert first.activation == TANH


def test_promises() -> None:
    assert Minimal().promise(Problem(n=100, d=3)).widths == (99,)
    assert Minimal(width=7).promise(Problem(n=100, d=3, classes=5)).parameters == 7 * 4 + 5 * 8


@pytest.mark.parametrize("name", ["width", "seeds", "steps"])
def test_counts_are_positive(name: str) -> None:
    with pytest.raises(OptionError, match=f"Option '{name}' must be at least 1, not 0"):
        Minimal(**{name: 0})
