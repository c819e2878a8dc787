"""Separation against all pairs in fractions, by both searches, at every scale."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rote.data import gram_search, tree_search
from rote.data import separation as module
from rote.data.closest import square_root
from rote.data.separation import Separation, label_separation, separation
from rote.errors import DataError
from rote.typing import Array

SHAPES = st.tuples(st.integers(2, 12), st.integers(1, 4))
FINITE = st.floats(allow_nan=False, allow_infinity=False)
SINGLE = st.floats(width=32, allow_nan=False, allow_infinity=False)
WILD = st.sampled_from([0, 1e-300, 2e-300, 1, 1e300, -1.7e308])
POINTS = st.one_of(
    hnp.arrays(np.float64, SHAPES, elements=FINITE),
    hnp.arrays(np.float64, SHAPES, elements=st.floats(-1, 1)),
    hnp.arrays(np.float64, SHAPES, elements=st.floats(1, 1 + 2**-48)),
    hnp.arrays(np.float64, SHAPES, elements=st.sampled_from([k / 10 for k in range(8)])),
    hnp.arrays(np.float64, SHAPES, elements=WILD),
    hnp.arrays(np.float64, SHAPES, elements=st.integers(0, 9).map(lambda k: k * 5e-324)),
    hnp.arrays(np.float32, SHAPES, elements=SINGLE),
    hnp.arrays(np.int64, SHAPES, elements=st.integers(-(2**53), 2**53)),
    hnp.arrays(np.int64, SHAPES, elements=st.integers(2**53 - 20, 2**53)),
    hnp.arrays(np.uint8, SHAPES),
    hnp.arrays(np.uint8, SHAPES, elements=st.integers(0, 2)),
)


def twin(points: Array, codes: Array | None = None) -> Fraction | None:
    """The least squared distance over all pairs, one by one."""
    rows = [[Fraction(v) for v in row] for row in points.tolist()]
    squares = [
        sum(((u - v) ** 2 for u, v in zip(rows[i], rows[j], strict=True)), Fraction(0))
        for i, j in itertools.combinations(range(len(rows)), 2)
        if codes is None or np.any(codes[i] != codes[j])
    ]
    return min(squares, default=None)


@pytest.fixture(params=["products", "tree"])
def search(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Either search for any number of features, in blocks of few points."""
    monkeypatch.setattr(module, "_TREE_FEATURES", 0 if request.param == "products" else 99)
    monkeypatch.setattr(gram_search, "_BLOCK", 3)
    monkeypatch.setattr(tree_search, "_BLOCK", 3)


def check(found: Separation, points: Array, codes: Array | None = None) -> None:
    expected = twin(points, codes)
    assert found.squared == expected
    if expected is None:
        assert found == Separation(math.inf, None, None)
        return
    assert found.rows is not None
    i, j = found.rows
    assert i < j
    assert codes is None or np.any(codes[i] != codes[j])
    assert twin(points[[i, j]]) == expected


@pytest.mark.usefixtures("search")
@given(POINTS)
@example(np.array([[1e300, 0.0], [-1e300, 0.0], [0.0, 1e-300], [0.0, 0.0]]))
@example(np.array([[1.0 + k * 2**-52] for k in (0, 1, 3)]))
def test_separation_is_that_of_all_pairs(points: Array) -> None:
    check(separation(points), points)


@pytest.mark.usefixtures("search")
@given(POINTS, st.data())
def test_separation_of_labels_is_that_of_all_pairs(points: Array, data: st.DataObject) -> None:
    few = st.integers(-1, data.draw(st.integers(0, 8)))
    codes = data.draw(
        st.one_of(
            hnp.arrays(np.int64, len(points), elements=few),
            hnp.arrays(np.float64, (len(points), 2), elements=st.sampled_from([0.0, -0.0, 0.5])),
        )
    )
    check(label_separation(points, codes), points, codes)


@pytest.mark.usefixtures("search")
@given(POINTS, st.data())
def test_permutation_and_powers_of_two_change_nothing(points: Array, data: st.DataObject) -> None:
    found = separation(points)
    order = np.array(data.draw(st.permutations(range(len(points)))))
    permuted = separation(points[order])
    assert permuted.squared == found.squared
    tame = points.astype(np.float64)
    if np.abs(tame[tame != 0]).min(initial=1.0) > 1e-280:  # halving loses nothing
        halved = separation(tame / 2)
        assert halved.squared is not None
        assert halved.squared * 4 == found.squared


@pytest.mark.parametrize(
    ("n", "d", "kind"), [(700, 3, "float"), (700, 30, "float"), (900, 3, "grid"), (700, 20, "few")]
)
def test_larger_sets(n: int, d: int, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both searches agree with each other and with float64 distances, where those are exact."""
    rng = np.random.default_rng(n + d)
    points = {
        "float": lambda: rng.standard_normal((n, d)),
        "grid": lambda: np.argwhere(np.ones((9, 10, 10))) / 10,
        "few": lambda: np.unique(rng.integers(0, 4, (n, d)), axis=0) / 8,
    }[kind]()
    codes = rng.integers(0, 5, len(points))
    found = []
    for features in (0, 99):
        monkeypatch.setattr(module, "_TREE_FEATURES", features)
        found.append((separation(points), label_separation(points, codes)))
    for one, other in zip(*found, strict=True):
        assert one.squared == other.squared
    if kind == "few":
        squares = ((points[:, None] - points) ** 2).sum(axis=2)
        squares[np.arange(len(points)), np.arange(len(points))] = np.inf
        assert found[0][0].squared == squares.min()
        squares[codes[:, None] == codes] = np.inf
        assert found[0][1].squared == squares.min()


def test_one_point_and_one_class_have_no_pair() -> None:
    assert separation([[1.0, 2.0]]) == Separation(math.inf, None, None)
    assert label_separation([[1.0], [2.0]], [3, 3]) == Separation(math.inf, None, None)
    assert label_separation([[1.0]], [3]).rows is None


def test_equal_points_are_at_distance_zero() -> None:
    assert separation([[1.0, 2.0], [0.0, 0.0], [1.0, 2.0]]) == Separation(0.0, Fraction(0), (0, 2))


def test_the_largest_distance_overflows_but_its_square_does_not() -> None:
    found = separation([[1.7e308], [-1.7e308]])
    assert found.distance == math.inf
    assert found.squared == (2 * Fraction(1.7e308)) ** 2
    assert found.rows == (0, 1)


@pytest.mark.parametrize("scale", [1e-300, 1e-150, 1.0, 1e150, 1e300])
def test_every_scale(scale: float) -> None:
    points = np.random.default_rng(3).uniform(-1, 1, (60, 20)) * scale
    check(separation(points), points)


@pytest.mark.parametrize(
    ("points", "codes", "rule"),
    [
        ([[1.0], [np.nan]], [0, 1], "Row 1, column 0: values must be finite"),
        ([1.0, 2.0], [0, 1], "X must have shape"),
        ([[1.0], [2.0]], [0], "codes must be numbers of shape"),
        ([[1.0], [2.0]], ["a", "b"], "codes must be numbers of shape"),
        ([[1.0], [2.0]], [[[1]], [[2]]], "codes must be numbers of shape"),
    ],
)
def test_bad_input(points: object, codes: object, rule: str) -> None:
    with pytest.raises(DataError, match=rule):
        label_separation(points, codes)  # type: ignore[arg-type]


@pytest.mark.usefixtures("search")
def test_progress_ends_at_the_total() -> None:
    calls: list[tuple[str, int, int]] = []
    points = np.random.default_rng(0).standard_normal((20, 2))
    separation(points, progress=lambda *call: calls.append(call))
    label_separation(points, np.arange(20) % 5, progress=lambda *call: calls.append(call))
    assert {stage for stage, _, _ in calls} == {"separation"}
    assert calls[-1][1] == calls[-1][2]
    assert all(0 < done <= total for _, done, total in calls)


@given(st.integers(0, 2**200), st.integers(0, 150))
def test_square_root_is_rounded_to_nearest(numerator: int, power: int) -> None:
    """No float is nearer to the root: the square lies between those of the midpoints."""
    value = Fraction(numerator, 4**power)
    root = square_root(value)
    exact = Fraction(root)
    low = (exact + Fraction(math.nextafter(root, -math.inf))) / 2
    high = (exact + Fraction(math.nextafter(root, math.inf))) / 2
    assert max(low, Fraction(0)) ** 2 <= value <= high**2
