"""Cuts keep away from every point, and integers are cut without rounding."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rote.constructions._base import Context
from rote.constructions._gadgets.cuts import Points
from rote.constructions._gadgets.patterns import parting_cuts
from rote.data import DataSet
from rote.errors import PrecisionError
from rote.typing import no_progress


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(2, 12), d=st.integers(1, 4))
def test_a_cut_is_right_in_rational_numbers_and_in_floats(seed: int, n: int, d: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, d)).astype(np.float32)
    points = Points.of(x, "float32")
    cuts = points.cut_near_ranks(points.directions(5, rng), rng.uniform(0.2, 0.8, 5), 0.2)
    layer = cuts.layer("float32")
    assert np.array_equal(layer(x), cuts.on)
    for w, c, on in zip(cuts.weight, cuts.threshold, cuts.on.T, strict=True):
        for row, side in zip(x, on, strict=True):
            t = sum((Fraction(a) * Fraction(float(b)) for a, b in zip(w, row, strict=True)))
            assert (t > Fraction(c)) == side


def test_integers_are_cut_by_integers_at_halves() -> None:
    rng = np.random.default_rng(0)
    points = Points.of(rng.integers(0, 256, (100, 50)), "float32")
    normals = points.directions(6, rng)
    assert np.array_equal(normals, np.rint(normals))
    cuts = points.cut_near_ranks(normals, np.full(6, 0.5), 0.05)
    assert len(cuts) == 6
    assert np.array_equal(2 * cuts.threshold, np.rint(2 * cuts.threshold))


def test_a_cut_between_two_points_parts_them() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((200, 5)) * [1, 1e-6, 1e6, 1, 1]
    points = Points.of(x, "float64")
    a, b = np.arange(50), np.arange(50, 100)
    normals = points.between(a, b)
    ends = np.stack([(x[i] * normals).sum(axis=1) for i in (a, b)])
    cuts = points.cut(normals, ends.min(axis=0), ends.max(axis=0))
    assert len(cuts) == 50
    assert (cuts.on[a, range(50)] != cuts.on[b, range(50)]).all()


def test_no_directions_give_no_cuts() -> None:
    points = Points.of(np.eye(3), "float64")
    cuts = points.cut_near_ranks(points.directions(0, np.random.default_rng(0)), np.ones(0), 0.1)
    assert len(cuts) == 0
    assert cuts.on.shape == (3, 0)


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(2, 60), classes=st.integers(2, 5))
def test_differently_labelled_points_have_different_patterns(
    seed: int, n: int, classes: int
) -> None:
    rng = np.random.default_rng(seed)
    data = DataSet.from_arrays(
        rng.integers(-99, 99, (n, 2)) + np.arange(n)[:, None] / 128, np.arange(n) % classes
    )
    on = parting_cuts(data, Context("float64", rng, no_progress)).on
    label: dict[bytes, int] = {}
    for pattern, code in zip(on, data.target, strict=True):
        assert label.setdefault(pattern.tobytes(), code) == code


def test_few_cuts_part_many_points() -> None:
    rng = np.random.default_rng(0)
    data = DataSet.from_arrays(rng.standard_normal((4000, 20)), rng.integers(0, 2, 4000))
    assert len(parting_cuts(data, Context("float32", rng, no_progress))) < 40


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(2, 60), given_cuts=st.integers(0, 9))
def test_a_line_is_cut_between_neighbours_with_different_labels(
    seed: int, n: int, given_cuts: int
) -> None:
    rng = np.random.default_rng(seed)
    x = np.stack([np.exp(30 * rng.standard_normal(n)), np.full(n, 7.0)], axis=1)
    data = DataSet.from_arrays(x, rng.integers(0, 3, n))
    points = Points.of(data.points, "float64")
    normals = points.directions(given_cuts, rng)
    first = points.cut_near_ranks(normals, rng.uniform(0.2, 0.8, given_cuts), 0.2)
    cuts = parting_cuts(data, Context("float64", rng, no_progress), first)
    order = np.argsort(data.points[:, 0])
    changes = int(np.count_nonzero(np.diff(data.target[order])))
    assert len(parting_cuts(data, Context("float64", rng, no_progress))) == changes
    assert len(cuts) <= len(first) + changes
    parted = (cuts.on[order[1:]] != cuts.on[order[:-1]]).any(axis=1)
    assert parted[np.diff(data.target[order]) != 0].all()


def test_points_between_which_float32_has_few_cuts_are_refused_early() -> None:
    rng = np.random.default_rng(0)
    data = DataSet.from_arrays(
        1000 + rng.standard_normal((3000, 50)).astype(np.float32), rng.integers(0, 2, 3000)
    )
    stages: list[int] = []
    context = Context("float32", rng, lambda stage, done, total: stages.append(done))
    with pytest.raises(PrecisionError, match=r"the few threshold units .* Use dtype='float64'"):
        parting_cuts(data, context)
    assert len(stages) <= 20
