"""rajput2021-two-layers: about 2.1 sqrt(n) units, in float32 too."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rote.certify import verify
from rote.constructions.rajput2021_two_layers import Rajput2021TwoLayers
from rote.data import DataSet
from rote.errors import OptionError


def normal(n: int, d: int, classes: int = 2) -> DataSet:
    rng = np.random.default_rng(0)
    return DataSet.from_arrays(rng.standard_normal((n, d)), rng.integers(0, classes, n))


@pytest.mark.parametrize(("n", "d"), [(1000, 20), (2000, 5)])
def test_units_are_at_most_2_7_square_roots_of_n(n: int, d: int) -> None:
    data = normal(n, d)
    network = Rajput2021TwoLayers().build(data, dtype="float32")
    assert network.size.depth == 2
    assert network.size.neurons <= 2.7 * math.sqrt(n)
    assert verify(network, data).holds("portable")


def test_the_bits_of_a_code_share_their_features() -> None:
    data = normal(1000, 20, classes=8)
    network = Rajput2021TwoLayers().build(data)
    assert network.size.neurons <= 2.7 * math.sqrt(3 * 1000)
    assert verify(network, data).certified


def test_points_on_a_line_need_more_features() -> None:
    x = np.arange(40)[:, None] * np.array([[1, 2, 3]])
    data = DataSet.from_arrays(x, np.arange(40) % 2)
    network = Rajput2021TwoLayers().build(data, dtype="float32")
    assert network.size.widths[0] > Rajput2021TwoLayers().build(normal(40, 3)).size.widths[0]
    assert verify(network, data).certified


def test_small_integers_and_several_bits_need_no_smaller_fill() -> None:
    rng = np.random.default_rng(0)
    x = np.unique(rng.integers(0, 16, (2000, 16)), axis=0)
    data = DataSet.from_arrays(x, rng.integers(0, 26, len(x)))
    network = Rajput2021TwoLayers().build(data, dtype="float32")
    assert network.size.neurons <= 2.7 * math.sqrt(5 * data.n)
    assert verify(network, data).holds("portable")


def test_one_label_needs_no_units() -> None:
    data = DataSet.from_arrays(np.arange(4.0)[:, None], ["a"] * 4)
    assert Rajput2021TwoLayers().build(data).size.neurons == 0


@pytest.mark.parametrize("options", [{"features": 0.0}, {"fill": 0.0}, {"groupings": -1}])
def test_meaningless_options_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(OptionError):
        Rajput2021TwoLayers(**options)
