"""Hyperplanes through groups: what is on them, and how far everything else is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rote.constructions._gadgets.planes import fit_planes, grouped
from rote.typing import DType

ON = {"float32": 1e-5, "float64": 1e-12}
"""Rounding of a normal vector and of d products with points of size about 3."""


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 30), d=st.integers(1, 5))
def test_planes_hold_their_group_and_distances_are_those_of_the_rounded_plane(
    dtype: DType, seed: int, n: int, d: int
) -> None:
    rng = np.random.default_rng(seed)
    points = rng.standard_normal((n, d))
    groups = grouped(points, [np.arange(n)], rng, tries=2)
    assert sorted(np.concatenate(groups).tolist()) == list(range(n))
    assert [len(g) for g in groups] == [d] * (n // d) + ([n % d] if n % d else [])
    planes = fit_planes(points, groups, rng, dtype)
    assert (planes.inside < ON[dtype]).all()
    np.testing.assert_allclose(np.linalg.norm(planes.normal, axis=1), 1, rtol=1e-6)
    for g, own in enumerate(groups):
        distance = np.abs(points @ planes.normal[g] + planes.offset[g])
        others = np.setdiff1d(np.arange(n), own)
        assert planes.inside[g] == pytest.approx(distance[own].max(), abs=1e-15)
        if others.size:
            assert planes.closest[g] == others[distance[others].argmin()]
            assert planes.outside[g] == pytest.approx(distance[others].min(), abs=1e-15)
        else:
            assert planes.outside[g] == np.inf


def test_more_tries_keep_other_points_further_away() -> None:
    points = np.random.default_rng(0).standard_normal((200, 3))
    closest = []
    for tries in (1, 20):
        rng = np.random.default_rng(1)
        groups = grouped(points, [np.arange(100), np.arange(100, 200)], rng, tries)
        assert all(g.max() < 100 or g.min() >= 100 for g in groups)
        closest.append(fit_planes(points, groups, rng, "float64").outside.min())
    assert closest[1] > 2 * closest[0]


def test_dependent_points_of_a_group_are_on_their_plane() -> None:
    points = np.array([[0.0, 0, 0], [1, 1, 1], [2, 2, 2], [5, 0, 1]])
    planes = fit_planes(points, [np.arange(3)], np.random.default_rng(0), "float64")
    assert planes.inside[0] < 1e-14
