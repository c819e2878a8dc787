"""Two hidden layers: about 3 sqrt(n) units, every activation, every dimension."""

from __future__ import annotations

import numpy as np
import pytest

from rote.certify import verify
from rote.constructions.madden2024_deep import Madden2024Deep, NonPolynomial
from rote.data import DataSet, Problem
from rote.errors import OptionError
from rote.network import Affine
from rote.network.activation import RELU, SIN, TANH
from rote.typing import Floats

FIT = 1e-9
"""Relative error of a fit. Measured: 1e-14 to 1e-11 at these sizes."""

KINDS: tuple[NonPolynomial, ...] = ("tanh", "sigmoid", "gelu", "silu", "softplus", "sin", "relu")


def random_data(n: int, d: int, outputs: int = 1) -> DataSet:
    rng = np.random.default_rng(n + d)
    return DataSet.from_arrays(rng.standard_normal((n, d)), rng.standard_normal((n, outputs)))


@pytest.mark.parametrize("n", [50, 10_000, 1_000_000])
@pytest.mark.parametrize("outputs", [1, 10])
def test_about_two_roots_of_2nk_units_are_promised(n: int, outputs: int) -> None:
    promise = Madden2024Deep().promise(Problem(n=n, d=5, classes=None, outputs=outputs))
    assert promise.neurons is not None
    assert promise.neurons <= 2 * np.sqrt(2 * n * outputs) + 2 * outputs + 1
    assert promise.parameters is not None
    assert promise.parameters > n * outputs  # no network of fewer parameters fits all labels


@pytest.mark.parametrize("activation", KINDS)
@pytest.mark.parametrize(("n", "d"), [(60, 1), (200, 2), (200, 12)])
def test_every_activation_fits_in_every_dimension(
    activation: NonPolynomial, n: int, d: int
) -> None:
    data = random_data(n, d)
    network = Madden2024Deep(activation=activation).build(data)
    error: Floats = network.raw(data.points) - data.target
    assert np.linalg.norm(error) < FIT * np.linalg.norm(data.target)


def test_several_outputs_share_the_first_layer() -> None:
    data = random_data(60, 4, outputs=3)
    network = Madden2024Deep(first=12).build(data)
    assert network.size.widths == (12, 2 * 5 * 3)
    assert verify(network, data).holds("exact")


def test_few_dimensions_begin_with_sines() -> None:
    for d, expected in ((2, SIN), (9, TANH)):
        first, second, _ = Madden2024Deep().build(random_data(80, d)).layers
        assert isinstance(first, Affine)
        assert isinstance(second, Affine)
        assert (first.activation, second.activation) == (expected, TANH)


def test_relu_networks_are_proved_portable() -> None:
    data = random_data(100, 10)
    network = Madden2024Deep(activation="relu").build(data)
    first = network.layers[0]
    assert isinstance(first, Affine)
    assert first.activation == RELU
    assert verify(network, data).holds("portable")


def test_one_point_and_equal_labels_need_no_fit() -> None:
    for n in (1, 20):
        X = np.random.default_rng(n).standard_normal((n, 3))
        data = DataSet.from_arrays(X, np.full(n, 2.5))
        assert verify(Madden2024Deep().build(data), data).holds("exact")


def test_the_first_layer_has_units() -> None:
    with pytest.raises(OptionError, match="Option 'first' must be at least 1, not 0"):
        Madden2024Deep(first=0)
