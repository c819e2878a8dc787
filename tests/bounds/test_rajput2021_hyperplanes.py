"""The lower bound of the first layer: its circle, and networks above it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rote.bounds.rajput2021_hyperplanes import least_hyperplanes
from rote.constructions import make
from rote.data import DataSet
from rote.errors import OptionError


@pytest.mark.parametrize(
    ("n", "separation", "units"), [(100, 2.0, 1), (100, 1.0, 3), (5, 1.0, 2), (1, 1.0, 0)]
)
def test_small_polygons(n: int, separation: float, units: int) -> None:
    assert least_hyperplanes(n, separation) == units


def test_about_pi_over_the_separation() -> None:
    assert math.isclose(least_hyperplanes(10**6, 1e-3), math.pi / 1e-3, rel_tol=1e-3)


@given(m=st.integers(3, 60), radius=st.floats(0.1, 10))
def test_polygons_fit_their_own_separation(m: int, radius: float) -> None:
    separation = 2 * radius * math.sin(math.pi / m)
    assert least_hyperplanes(1000, separation, radius=radius) == m // 2


@pytest.mark.parametrize("key", ["rajput2021", "rajput2021-two-layers", "dirksen2024"])
def test_networks_for_the_circle_have_that_many_hyperplanes(key: str) -> None:
    angle = 2 * np.pi * np.arange(24) / 24
    data = DataSet.from_arrays(np.stack([np.cos(angle), np.sin(angle)], 1), np.arange(24) % 2)
    network = make(key).build(data)
    assert network.size.widths[0] >= least_hyperplanes(24, 2 * math.sin(math.pi / 24)) == 12


@pytest.mark.parametrize(
    ("n", "separation", "radius"), [(0, 1.0, 1.0), (3, 0.0, 1.0), (3, 2.1, 1.0), (3, 1.0, 0.0)]
)
def test_meaningless_arguments_are_refused(n: int, separation: float, radius: float) -> None:
    with pytest.raises(OptionError):
        least_hyperplanes(n, separation, radius=radius)
