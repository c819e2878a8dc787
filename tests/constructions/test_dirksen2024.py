"""dirksen2024: the size follows the clusters, not the points."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rote.certify import verify
from rote.constructions.dirksen2024 import Dirksen2024
from rote.data import DataSet
from rote.errors import OptionError, PrecisionError


def clusters(n: int, classes: int = 2) -> DataSet:
    rng = np.random.default_rng(0)
    centre = 2 * rng.standard_normal((10, 20))
    member = rng.integers(0, 10, n)
    x = centre[member] + 0.3 * rng.standard_normal((n, 20))
    return DataSet.from_arrays(x, member % classes)


@pytest.mark.parametrize("n", [500, 5000])
def test_clusters_need_a_handful_of_units_whatever_the_number_of_points(n: int) -> None:
    data = clusters(n)
    network = Dirksen2024().build(data, dtype="float32")
    assert network.size.neurons <= 30
    assert network.size.widths[1] <= 8
    assert verify(network, data).holds("portable")


def test_hyperplanes_that_the_cover_can_do_without_are_dropped() -> None:
    data = clusters(2000)
    network = Dirksen2024(hyperplanes=400).build(data)
    assert network.size.neurons <= 40
    assert verify(network, data).certified


@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(2, 80),
    d=st.integers(1, 3),
)
def test_a_huge_range_of_values_is_built_or_refused(seed: int, n: int, d: int) -> None:
    rng = np.random.default_rng(seed)
    x = np.exp(30 * rng.standard_normal((n, d))) * rng.choice([-1, 1], (n, d))
    data = DataSet.from_arrays(x, np.arange(n) % 2)
    if d == 1:
        assert verify(Dirksen2024().build(data, dtype="float64"), data).certified
        return
    rows: tuple[int, ...] = ()
    try:
        network = Dirksen2024().build(data, dtype="float64")
    except PrecisionError as error:
        rows = error.rows
    assert len(rows) == 2 or verify(network, data).certified


def test_classes_are_covered_one_against_the_rest() -> None:
    data = clusters(1000, classes=5)
    network = Dirksen2024().build(data)
    raw = network.raw(data.points)
    own = np.arange(5) == data.target[:, None]
    assert np.array_equal(raw, np.rint(2 * raw) / 2)
    assert raw[own].min() >= 0.5
    assert set(raw[~own]) <= {0.0, 0.5}
    assert verify(network, data).certified


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(2, 30))
def test_a_unit_is_on_at_points_of_its_class_alone(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal((n, 2)), np.arange(n) % 2
    planes, units, output = Dirksen2024().build(DataSet.from_arrays(x, y)).layers
    on = units(planes(x))
    covered = int(np.argmax(output.bias == 0))
    assert not on[y != covered].any()
    assert on[y == covered].any(axis=1).all()
    assert set(units.weight.ravel()) <= {-1.0, 1.0}


def test_a_line_and_few_hyperplanes_are_no_obstacle() -> None:
    data = DataSet.from_arrays(np.arange(30.0)[:, None], np.arange(30) % 2)
    network = Dirksen2024(hyperplanes=1).build(data)
    assert verify(network, data).certified


def test_one_label_needs_no_units() -> None:
    data = DataSet.from_arrays(np.arange(4.0)[:, None], ["a"] * 4)
    network = Dirksen2024().build(data)
    assert network.size.neurons == 0
    assert set(network.predict(data.points)) == {"a"}


def test_neighbouring_floats_are_refused() -> None:
    x = np.array([[1.0], [np.nextafter(np.float32(1), np.float32(2))]], np.float32)
    data = DataSet.from_arrays(x, [0, 1])
    with pytest.raises(PrecisionError, match=r"rows [01] and [01] apart"):
        Dirksen2024().build(data, dtype="float32")


def test_no_hyperplanes_are_refused() -> None:
    with pytest.raises(OptionError, match="'hyperplanes' must be at least 1, not 0"):
        Dirksen2024(hyperplanes=0)
