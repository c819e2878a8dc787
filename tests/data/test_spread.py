"""Coherence against fractions, and the operator norm against its definition, at every scale."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rote.data import spread
from rote.data.spread import Coherence, coherence, operator_norm
from rote.errors import DataError
from rote.typing import Array

SHAPES = st.tuples(st.integers(1, 9), st.integers(1, 5))
NONZERO = st.floats(-1e300, 1e300).map(lambda v: v if abs(v) > 1e-300 else 1e-300)

NORM_ERROR = 1e-13
"""Relative: a Gram matrix of up to 2000 terms and an eigenvalue of a small matrix in float64."""


def cosine_squared(a: list[float], b: list[float]) -> Fraction:
    u, v = [Fraction(x) for x in a], [Fraction(x) for x in b]
    product = sum((x * y for x, y in zip(u, v, strict=True)), Fraction(0))
    return product**2 / (sum(x * x for x in u) * sum(y * y for y in v))


@given(
    st.one_of(
        hnp.arrays(np.float64, SHAPES, elements=NONZERO),
        hnp.arrays(np.int64, SHAPES, elements=st.integers(1, 4)),
        hnp.arrays(np.float32, SHAPES, elements=st.sampled_from([-1.5, 0.25, 3.0])),
    )
)
def test_coherence_is_that_of_all_pairs(points: Array) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spread, "_BLOCK", 4)
        found = coherence(points)
    pairs = list(itertools.combinations(points.tolist(), 2))
    if not pairs:
        assert (found.value, found.rows) == (0.0, None)
        return
    largest = max(cosine_squared(a, b) for a, b in pairs)
    assert found.rows is not None
    i, j = found.rows
    assert i < j
    own = cosine_squared(points[i].tolist(), points[j].tolist())
    error = Fraction(found.error)
    for square in (largest, own):
        low, high = Fraction(found.value) - error, Fraction(found.value) + error
        assert max(low, Fraction(0)) ** 2 <= square <= high**2


def test_special_coherence() -> None:
    assert coherence([[1.0, 0.0], [0.0, 1.0]]).value == 0.0
    assert coherence([[1.0, 0.0], [0.0, 1.0]]).rows == (0, 1)
    parallel = coherence([[1e-300, 1e-300], [0.0, 1.0], [-3.0, -3.0]])
    assert parallel.value == pytest.approx(1.0, abs=parallel.error)
    assert parallel.rows == (0, 2)
    assert coherence([[3.0]]) == Coherence(0.0, 11 * 2.0**-53, None)
    with pytest.raises(DataError, match="Row 1 is zero and has no direction") as caught:
        coherence([[1.0, 0.0], [0.0, 0.0]])
    assert caught.value.rows == (1,)


def test_coherence_reports_progress() -> None:
    calls: list[tuple[str, int, int]] = []
    coherence(np.ones((2500, 2)), progress=lambda *call: calls.append(call))
    assert calls == [("coherence", k, 3) for k in (1, 2, 3)]


@pytest.mark.parametrize("shape", [(1, 1), (5, 3), (3, 5), (2000, 4), (4, 2000), (1, 7)])
@pytest.mark.parametrize("scale", [1.0, 1e-200, 1e200])
def test_operator_norm(shape: tuple[int, int], scale: float) -> None:
    points = np.random.default_rng(sum(shape)).standard_normal(shape)
    found = operator_norm(points * scale)
    expected = np.linalg.svd(points, compute_uv=False)[0]
    assert found.singular_value == pytest.approx(expected * scale, rel=NORM_ERROR)
    if scale == 1.0:
        assert found.norm == pytest.approx(expected**2, rel=2 * NORM_ERROR)
        assert found.omega == pytest.approx(shape[1] / shape[0] * expected**2, rel=2 * NORM_ERROR)
    else:
        assert found.norm == (0.0 if scale < 1 else math.inf)


def test_omega_of_unit_rows_is_at_least_one() -> None:
    """The trace of X^T X is n, so its largest eigenvalue is at least n / d."""
    frame = np.vstack([np.eye(3), -np.eye(3)])
    assert operator_norm(frame).omega == pytest.approx(1.0, rel=NORM_ERROR)
    rows = np.random.default_rng(0).standard_normal((50, 6))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    assert operator_norm(rows).omega > 1


def test_zero_points_have_norm_zero() -> None:
    assert operator_norm(np.zeros((3, 2), np.uint8)).norm == 0.0


def test_integers_do_not_wrap_around() -> None:
    assert operator_norm(np.array([[-128], [-128]], np.int8)).norm == 2 * 128**2
    assert coherence(np.array([[-128, 0], [-128, 0]], np.int8)).value == 1.0
