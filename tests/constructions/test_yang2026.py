"""Width against depth: certificates, sizes, the rate, options and refusals."""

from __future__ import annotations

from dataclasses import replace
from math import log2, pi, sqrt

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rote.certify import verify
from rote.constructions._gadgets.shape import Demand, shallowest
from rote.constructions.yang2026 import Yang2026, key_bits
from rote.data import DataSet, Problem
from rote.errors import AssumptionError, OptionError, PrecisionError
from rote.network import Network, Value
from rote.typing import DType

WITHIN = 0.2
"""How far the rate's constant may be from its mean over three powers of ten: S, T and q are whole
numbers."""


def ball(seed: int, n: int, d: int, classes: int = 10) -> DataSet:
    """Points in the unit ball."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    X *= (rng.random(n) ** (1 / d) / np.linalg.norm(X, axis=1))[:, None]
    return DataSet.from_arrays(X, rng.integers(0, classes, n))


def separation(points: np.ndarray) -> float:
    square = np.sum((points[:, None] - points[None]) ** 2, axis=2)
    return float(np.sqrt(square[~np.eye(len(points), dtype=bool)].min()))


def width(network: Network) -> int:
    assert network.size.widths is not None
    return max(network.size.widths)


@pytest.mark.parametrize("dtype", ["exact", "float64", "float32"])
@pytest.mark.parametrize("options", [{"side": 2, "group": 6}, {"width": 30}, {"depth": 40}, {}])
def test_every_form_is_certified(dtype: DType, options: dict[str, int]) -> None:
    data = ball(1, 300, 4)
    network = Yang2026(**options).build(data, dtype=dtype)
    certificate = verify(network, data)
    assert certificate.certified
    assert certificate.claims["exact"].holds
    assert certificate.claims["portable"].holds == (dtype != "exact")
    if dtype != "exact":  # no sum that an answer depends on was rounded
        assert certificate.claims["portable"].margin == 0.5
    assert width(network) <= options.get("width", 10**9)
    assert network.size.depth <= options.get("depth", 10**9)


@pytest.mark.parametrize("side", [2, 4, 8, 16, 32, 64])
def test_sides_from_deep_to_wide(side: int) -> None:
    data = ball(side, 800, 5, classes=26)
    group = max(1, round(sqrt(5 * 800 / 20) / side))
    network = Yang2026(side=side, group=group).build(data, dtype="exact")
    assert verify(network, data, claims=("exact",)).certified


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(2, 60), d=st.integers(1, 5))
@example(seed=1480204639, n=43, d=3)  # eight classes of ten occur, and that has another shape
@settings(max_examples=20)
def test_the_promise_holds_for_a_known_separation(seed: int, n: int, d: int) -> None:
    data = ball(seed, n, d)
    problem = replace(data.problem, separation=separation(data.points))
    for options in ({}, {"width": 15}, {"depth": 3 * n + 9}, {"side": 2, "group": 3}):
        construction = Yang2026(**options)
        network = construction.build(data, dtype="exact", seed=seed)
        promise = construction.promise(problem)
        assert promise.depth is not None
        assert network.size.exceeds(promise) == []


def test_without_a_separation_only_a_wanted_depth_is_promised() -> None:
    problem = Problem(n=100, d=3)
    assert Yang2026().promise(problem).depth is None
    assert Yang2026(depth=30).promise(problem).depth == 30


@pytest.mark.parametrize("budget", [11, 13, 17, 21])
def test_the_rate(budget: int) -> None:
    """W^2 L^2 over n log2 R is one constant from 10^3 to 10^6 points."""
    d, delta, ratios = 10, 0.01, []
    for n in (10**3, 10**4, 10**5, 10**6):
        shape = shallowest(Demand(n, 4, 1, lambda T, n=n: key_bits(n, d, delta, T), None), budget)
        assert shape is not None
        R = 10 * n**2 * sqrt(pi * d) / delta
        ratios.append((shape.width * shape.depth) ** 2 / (n * log2(R)))
    mean = sum(ratios) / len(ratios)
    assert all(abs(ratio / mean - 1) <= WITHIN for ratio in ratios)
    assert max(ratios) < 300


def test_networks_have_the_shape_that_is_planned() -> None:
    data = ball(3, 500, 4)
    network = Yang2026(side=3, group=5, step=4).build(data, dtype="exact")
    key = (network.size.depth - 4 - 5 * 12) / (2 * 5)  # 12 blocks of 9 groups, 5 words of q rounds
    assert key == int(key)
    assert 3 <= key <= 5
    assert network.size.weight_bits >= 5 * 9


def test_real_targets_are_within_the_tolerance() -> None:
    rng = np.random.default_rng(4)
    y = rng.standard_normal((80, 2)) * [1, 100]
    data = DataSet.from_arrays(rng.standard_normal((80, 3)), y, task="real")
    for dtype in ("exact", "float64", "float32"):
        network = Yang2026(tolerance=0.05).build(data, dtype=dtype)
        assert isinstance(network.decision, Value)
        assert verify(network, data).certified
    assert np.abs(network.raw(data.points) - data.targets).max() <= 0.025


def test_integers_of_many_columns_are_projected_exactly() -> None:
    rng = np.random.default_rng(5)
    data = DataSet.from_arrays(
        rng.integers(0, 256, (200, 784)).astype(np.uint8), rng.integers(0, 10, 200)
    )
    network = Yang2026().build(data, dtype="float32")
    claim = verify(network, data, claims=("portable",)).claims["portable"]
    assert claim.holds


def test_options_are_checked() -> None:
    for options, message in (
        ({"width": 0}, "'width' must be at least 1, not 0"),
        ({"side": 3}, "must be given together"),
        ({"width": 30, "depth": 20}, "not several"),
        ({"step": 2}, "needs 'side' and 'group'"),
        ({"tolerance": 0.0}, "must be positive"),
    ):
        with pytest.raises(OptionError, match=message):
            Yang2026(**options)


def test_a_shape_that_cannot_be_is_refused() -> None:
    data = ball(6, 50, 3)
    with pytest.raises(AssumptionError, match=r"50 points .* need more than width 5"):
        Yang2026(width=5).build(data)
    with pytest.raises(AssumptionError, match="need more than depth 5"):
        Yang2026(depth=5).build(data)


def test_float32_holds_thousands_of_real_points() -> None:
    """Cuts between nearly all neighbours, comparisons at the resolution of the dtype."""
    data = ball(8, 2000, 10)
    network = Yang2026(side=16, group=1).build(data, dtype="float32")
    claim = verify(network, data, claims=("portable",)).claims["portable"]
    assert claim.holds
    assert claim.margin == 0.5


@pytest.mark.parametrize(("n", "d", "side"), [(1000, 2, 16), (3000, 2, 32), (3000, 3, 32)])
def test_float32_leaves_room_for_every_rounding(n: int, d: int, side: int) -> None:
    """Few columns, so that a cut and a key of many digits round more than the line itself."""
    rng = np.random.default_rng(n)
    data = DataSet.from_arrays(rng.standard_normal((n, d)), rng.integers(0, 10, n))
    for seed in (0, 1):
        network = Yang2026(side=side, group=1).build(data, dtype="float32", seed=seed)
        claim = verify(network, data, claims=("portable",)).claims["portable"]
        assert claim.margin == 0.5


def test_float32_holds_twenty_thousand_real_points() -> None:
    """Some neighbours are not cut apart there: their groups are larger than the others."""
    rng = np.random.default_rng(0)
    data = DataSet.from_arrays(rng.standard_normal((20_000, 6)), rng.integers(0, 10, 20_000))
    network = Yang2026(side=32, group=1).build(data, dtype="float32")
    some = DataSet.from_arrays(data.points[:400], data.codes[:400])
    claim = verify(network, some, claims=("portable",)).claims["portable"]
    assert claim.margin == 0.5


def test_float32_refuses_what_it_cannot_tell_apart() -> None:
    rng = np.random.default_rng(7)
    X = np.concatenate([rng.standard_normal((20, 2)), 1e-30 * rng.standard_normal((20, 2))])
    data = DataSet.from_arrays(X, np.arange(40) % 2)
    with pytest.raises(PrecisionError, match="float32 cannot hold keys"):
        Yang2026().build(data, dtype="float32")
    assert verify(Yang2026().build(data, dtype="exact"), data).certified
