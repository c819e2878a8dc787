"""Park et al.: width 3 and wider, fewer parameters than points, the promise, refusals."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rote.certify import verify
from rote.constructions._base import Context
from rote.constructions._gadgets.cells import clashes, find_cells
from rote.constructions.park2021 import Park2021
from rote.data import DataSet, Problem
from rote.errors import AssumptionError, OptionError, PrecisionError
from rote.typing import DType, no_progress


def ball(seed: int, n: int, d: int, classes: int = 4) -> DataSet:
    """Points in the unit ball."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    X *= (rng.random(n) ** (1 / d) / np.linalg.norm(X, axis=1))[:, None]
    return DataSet.from_arrays(X, rng.integers(0, classes, n))


def separation(points: np.ndarray) -> float:
    square = np.sum((points[:, None] - points[None]) ** 2, axis=2)
    return float(np.sqrt(square[~np.eye(len(points), dtype=bool)].min()))


@pytest.mark.parametrize("dtype", ["exact", "float64"])
@pytest.mark.parametrize("width", [3, 4, 5, 6, 10, 18])
def test_every_width_is_certified(dtype: DType, width: int) -> None:
    data = ball(width, 150, 3, classes=10)
    network = Park2021(width=width).build(data, dtype=dtype)
    certificate = verify(network, data)
    assert certificate.certified
    assert network.size.widths is not None
    assert max(network.size.widths) <= width
    if dtype != "exact":  # no sum that an answer depends on was rounded
        assert certificate.claims["portable"].margin == 0.5


def test_float32_holds_integers() -> None:
    rng = np.random.default_rng(0)
    data = DataSet.from_arrays(rng.integers(0, 16, (300, 6)), rng.integers(0, 3, 300))
    network = Park2021(width=6).build(data, dtype="float32")
    claim = verify(network, data).claims["portable"]
    assert claim.holds
    assert claim.margin == 0.5


def test_fewer_weights_than_points() -> None:
    """10 times the points: 10^(2/3) = 4.6 times the weights, at last fewer than points."""
    sizes = [Park2021().build(ball(0, n, 5, 2), dtype="exact").size for n in (1000, 10_000)]
    few, many = (size.nonzero for size in sizes)
    assert few is not None
    assert many is not None
    assert 2 < many / few < 5.5
    assert many < 0.9 * 10_000


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(2, 50), d=st.integers(1, 4))
@example(seed=0, n=2, d=1)
@settings(max_examples=20)
def test_the_promise_holds_for_a_known_separation(seed: int, n: int, d: int) -> None:
    data = ball(seed, n, d)
    problem = replace(data.problem, separation=separation(data.points))
    for width in (3, 4, 7):
        construction = Park2021(width=width)
        network = construction.build(data, dtype="exact", seed=seed)
        promise = construction.promise(problem)
        assert promise.depth is not None
        assert network.size.exceeds(promise) == []


def test_the_promise_grows_like_the_two_thirds_power() -> None:
    depths = [
        Park2021().promise(Problem(n=n, d=10, classes=10, separation=0.01)).depth or 0
        for n in (10**4, 10**5, 10**6)
    ]
    assert all(4 < b / a < 5 for a, b in pairwise(depths))
    assert Park2021().promise(Problem(n=9, d=2)).depth is None


def test_cells_part_labels_and_end_inside_no_point() -> None:
    data = ball(1, 200, 3)
    level = data.target.astype(np.int64)
    for dtype in ("exact", "float64"):
        context = Context(dtype, np.random.default_rng(0), no_progress)  # type: ignore[arg-type]
        cells = find_cells(data, level, context, 3)
        assert not clashes(cells.cell, level)
        c = cells.length
        assert ((c * cells.cell <= cells.line.low) & (cells.line.high < c * (cells.cell + 1))).all()


def test_clusters_of_one_label_share_cells() -> None:
    """Two clusters far apart need two cells, however many points they have."""
    rng = np.random.default_rng(2)
    y = rng.integers(0, 2, 500)
    X = rng.standard_normal((500, 2)) * 1e-6 + y[:, None]
    network = Park2021().build(DataSet.from_arrays(X, y), dtype="exact")
    assert network.size.depth is not None
    assert network.size.depth < 12


def test_real_targets() -> None:
    rng = np.random.default_rng(3)
    y = rng.standard_normal(40)
    data = DataSet.from_arrays(rng.standard_normal((40, 3)), y, task="real")
    network = Park2021(tolerance=0.1, width=8).build(data, dtype="float64")
    assert verify(network, data).certified
    assert np.abs(network.raw(data.points)[:, 0] - y).max() <= 0.05


def test_points_of_an_enormous_range() -> None:
    data = DataSet.from_arrays(np.array([[0.0], [1e-200], [1.0], [1e200]]), np.array([0, 1, 2, 1]))
    network = Park2021().build(data, dtype="exact")
    assert verify(network, data).certified


def test_refusals() -> None:
    with pytest.raises(OptionError, match="'width' must be at least 3, not 2"):
        Park2021(width=2)
    with pytest.raises(OptionError, match="'directions' must be at least 1, not 0"):
        Park2021(directions=0)
    rng = np.random.default_rng(4)
    two = DataSet.from_arrays(rng.standard_normal((9, 2)), rng.standard_normal((9, 2)), task="real")
    with pytest.raises(AssumptionError, match="one output, not 2"):
        Park2021().build(two)
    with pytest.raises(AssumptionError, match="At most 67108864 points"):
        Park2021().promise(Problem(n=10**8, d=2, separation=0.1))
    with pytest.raises(PrecisionError, match=r"float32 cannot hold a line .* dtype='float64'"):
        Park2021().build(ball(5, 3000, 2), dtype="float32")
    fine = DataSet.from_arrays(rng.standard_normal((9, 2)), rng.standard_normal(9), task="real")
    with pytest.raises(PrecisionError, match=r"A label of .* bits does not fit a register"):
        Park2021(tolerance=1e-6).build(fine, dtype="float32")
