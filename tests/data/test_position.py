"""General position against determinants in fractions over all subsets, and planted witnesses."""

from __future__ import annotations

import itertools
import re
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rote.data import hyperplanes
from rote.data.position import Position, general_position
from rote.errors import DataError, OptionError
from rote.typing import Array

SHAPES = st.tuples(st.integers(1, 8), st.integers(1, 4))
POINTS = st.one_of(
    hnp.arrays(np.int64, SHAPES, elements=st.integers(-3, 3)),
    hnp.arrays(np.int64, SHAPES, elements=st.integers(-(2**53), 2**53)),
    hnp.arrays(np.float64, SHAPES, elements=st.floats(allow_nan=False, allow_infinity=False)),
    hnp.arrays(np.float64, SHAPES, elements=st.floats(-1, 1)),
    hnp.arrays(np.float64, SHAPES, elements=st.sampled_from([0.0, 0.1, 0.5, -1e300, 5e-324])),
    hnp.arrays(np.uint8, SHAPES),
)


def determinant(rows: list[list[Fraction]]) -> Fraction:
    """By expansion along the first row."""
    if not rows:
        return Fraction(1)
    return sum(
        (
            (-1) ** j * value * determinant([row[:j] + row[j + 1 :] for row in rows[1:]])
            for j, value in enumerate(rows[0])
            if value
        ),
        Fraction(0),
    )


def dependent(points: Array, rows: tuple[int, ...]) -> bool:
    return not determinant([[Fraction(1), *map(Fraction, points[i].tolist())] for i in rows])


def in_general_position(points: Array) -> bool:
    n, d = points.shape
    return not any(dependent(points, rows) for rows in itertools.combinations(range(n), d + 1))


def check_witness(found: Position, points: Array) -> None:
    assert found.holds is False
    assert len(set(found.witness)) == points.shape[1] + 1
    assert list(found.witness) == sorted(found.witness)
    assert dependent(points, found.witness)


@given(POINTS)
@example(np.array([[2.0**-1074, 1.0], [2.0**1000, 2.0], [0.0, 1.0]]))
def test_small_sets_are_decided(points: Array) -> None:
    found = general_position(points)
    assert found.holds is in_general_position(points)
    if found.holds:
        assert found.witness == ()
    else:
        check_witness(found, points)


@given(POINTS, st.sampled_from([3, 5, 7, 13]))
def test_unlucky_primes_change_nothing(points: Array, prime: int) -> None:
    """Modulo a small prime nearly everything vanishes: exact ranks settle it."""
    primes = iter([prime] * 3)
    real = hyperplanes.random_prime
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hyperplanes, "random_prime", lambda rng: next(primes, None) or real(rng))
        found = general_position(points)
    assert found.holds is in_general_position(points)


@given(POINTS, st.data())
def test_permutation_and_scaling_change_nothing(points: Array, data: st.DataObject) -> None:
    order = np.array(data.draw(st.permutations(range(len(points)))))
    assert general_position(points[order]).holds is general_position(points).holds


@pytest.mark.parametrize(
    ("n", "d", "build"),
    [
        (60, 2, lambda p: 2 * p[3] - p[17]),
        (40, 3, lambda p: p[3] + p[17] - p[5]),
        (400, 2, lambda p: 3 * p[3] - 2 * p[17]),
    ],
)
def test_a_planted_point_is_found(n: int, d: int, build: object) -> None:
    rng = np.random.default_rng(n)
    points = rng.integers(-(10**6), 10**6, (n, d))
    assert general_position(points[:30]).holds is True
    points[n // 2] = build(points)  # type: ignore[operator]
    found = general_position(points)
    check_witness(found, points)
    assert n // 2 in found.witness


CHEAP = {
    "few points": ([[1, 2, 3], [1, 2, 3]], True, "there are only 2 points in 3 dimensions"),
    "one point": ([[1.0]], True, "there are only 1 points in 1 dimensions"),
    "one feature": ([[1.0], [2.0], [1.5]], True, "all points are different"),
    "equal points": ([[0, 1], [1, 1], [0, 1], [5, 7]], False, "rows 0 and 2 are equal"),
    "equal numbers": ([[1.0], [2.0], [1.0]], False, "rows 0 and 2 are equal"),
    "constant column": ([[1, 7], [2, 7], [4, 7], [8, 7]], False, "they share coordinate 1"),
    "shared": ([[1, 7], [2, 7], [4, 7], [8, 9], [3, 3]], False, "they share coordinate 1"),
    "line": ([[i, 2 * i, 3 * i] for i in range(9)], False, "all points lie on one hyperplane"),
    "plane": (
        [[i, j, 2 * i - 3 * j + 0.5] for i, j in ((0, 1), (1, 0), (2, 5), (3, 3), (4, 11))],
        False,
        "all points lie on one hyperplane",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("points", "holds", "reason"), CHEAP.values(), ids=CHEAP)
def test_cheap_answers(points: list[list[float]], holds: bool, reason: str) -> None:
    found = general_position(points)
    assert (found.holds, found.reason) == (holds, reason)
    if not holds:
        check_witness(found, np.array(points))
        assert found.hyperplanes == 0


def test_large_sets_stay_open() -> None:
    points = np.random.default_rng(0).standard_normal((300, 20))
    calls: list[tuple[str, int, int]] = []
    found = general_position(points, operations=10**7, progress=lambda *call: calls.append(call))
    assert found.holds is None
    assert found.witness == ()
    assert found.hyperplanes == calls[-1][1] == calls[-1][2] > 100
    assert re.fullmatch(r"none of \d+ random hyperplanes holds another point", found.reason)
    assert found == general_position(points, operations=10**7)
    assert general_position(points, operations=0).hyperplanes == 1


def test_all_hyperplanes_are_counted() -> None:
    points = np.random.default_rng(0).standard_normal((12, 3))
    assert general_position(points) == Position(
        True, (), 220, "none of all 220 hyperplanes holds another point"
    )


def test_many_features() -> None:
    """Hundreds of features: a random hyperplane, and points that lie on one together."""
    points = np.random.default_rng(0).integers(-99, 99, (330, 300))
    assert general_position(points, operations=0).holds is None
    points[:, -1] = points[:, 0] - points[:, 1]
    found = general_position(points)
    assert found.holds is False
    assert found.reason == "all points lie on one hyperplane"


def test_bad_input() -> None:
    with pytest.raises(DataError, match="values must be finite"):
        general_position([[np.inf]])
    with pytest.raises(OptionError, match="operations must not be negative, not -1"):
        general_position([[1.0]], operations=-1)
