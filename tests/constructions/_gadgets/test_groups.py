"""Lines, groups and keys: bounds of every evaluation, cuts, keys that separate."""

from __future__ import annotations

from fractions import Fraction
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rote.constructions._base import Context
from rote.constructions._gadgets.groups import choose, halved_keys, split, tell_apart
from rote.constructions._gadgets.line import Line, as_layer, directions
from rote.data import DataSet
from rote.errors import PrecisionError
from rote.network.exact import evaluate_layers
from rote.typing import Array, DType, no_progress

DTYPES: tuple[DType, ...] = get_args(DType)


def context(dtype: DType, seed: int = 0) -> Context:
    return Context(dtype, np.random.default_rng(seed), no_progress)


def some_data(seed: int, n: int, d: int, kind: str) -> DataSet:
    rng = np.random.default_rng(seed)
    X = {
        "normal": lambda: rng.standard_normal((n, d)),
        "far": lambda: 100 + rng.standard_normal((n, d)),
        "integer": lambda: rng.integers(-9, 9, (n, d)),
        "dyadic": lambda: rng.integers(-99, 99, (n, d)) / 64,
    }[kind]()
    return DataSet.from_arrays(X, np.zeros(n, np.int64))


@given(
    seed=st.integers(0, 2**32 - 1), n=st.integers(2, 40), kind=st.sampled_from(["normal", "far"])
)
def test_halved_keys_stay_apart(seed: int, n: int, kind: str) -> None:
    data, given_context = some_data(seed, n, 2, kind), context("exact", seed)
    keys = tell_apart(data, choose(data, given_context, n), given_context, 2)
    shorter, halvings = halved_keys(keys, given_context.rng, 1)
    assert shorter.bits <= min(keys.bits, (18 * n**2 + 32 * n + 16).bit_length())
    assert all(1 <= len(pair) <= 2 for pair in halvings)
    low, high = shorter.line.low.tolist(), shorter.line.high.tolist()
    for i, key in enumerate(shorter.key.tolist()):
        assert key - keys.window <= low[i] <= high[i] <= key + keys.window
        assert all(
            high[j] <= key - keys.window - 1 or low[j] >= key + keys.window + 1
            for j in range(n)
            if j != i
        )


kinds = st.sampled_from(["normal", "far", "integer", "dyadic"])


@pytest.mark.parametrize("dtype", DTYPES)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 30), d=st.integers(1, 5), kind=kinds)
def test_every_evaluation_is_within_the_bounds(
    dtype: DType, seed: int, n: int, d: int, kind: str
) -> None:
    data = some_data(seed, n, d, kind)
    if dtype != "exact":
        data = data.rounded(dtype)
    for direction in directions(data, context(dtype, seed), 2):
        line = direction.line(direction.finest)
        layer = as_layer([line], dtype)
        exact = evaluate_layers([layer], data.points)[:, 0]
        low, high = line.low.tolist(), line.high.tolist()
        assert all(a <= h <= b for a, h, b in zip(low, exact, high, strict=True))
        assert line.low.min() == 1
        assert direction.error or (dtype == "exact" or (line.low == line.high).all())
        if dtype == "exact":
            continue
        for order in (np.arange(d), np.arange(d)[::-1]):
            h = np.broadcast_to(layer.bias, data.n).copy()
            for j in order:  # the bias first or last, the columns forth or back
                h = h + data.points[:, j].astype(dtype) * layer.weight[0, j]
            assert ((line.low <= h) & (h <= line.high)).all()


def test_lines_of_different_scales_share_an_exact_layer() -> None:
    data = some_data(1, 8, 3, "normal")
    found = list(directions(data, context("exact"), 1))
    lines = [direction.line(direction.finest - k) for k, direction in enumerate(found)]
    values = evaluate_layers([as_layer(lines, "exact")], data.points)
    for k, line in enumerate(lines):
        for x, h in zip(data.points, values[:, k], strict=True):
            pairs = zip(x.tolist(), line.u.tolist(), strict=True)
            product = sum(Fraction(a) * Fraction(b) for a, b in pairs)
            assert h == product * Fraction(2) ** line.scale + line.bias


def line_of(low: list[int], high: list[int]) -> Line:
    return Line(np.ones(1), 0, 0, np.array(low), np.array(high))


@given(
    low=st.lists(st.integers(1, 40), min_size=1, max_size=25),
    size=st.integers(1, 6),
    seed=st.integers(0, 2**32 - 1),
)
def test_groups_are_cut_where_nothing_overlaps(low: list[int], size: int, seed: int) -> None:
    high = (np.array(low) + np.random.default_rng(seed).integers(0, 3, len(low))).tolist()
    groups = split(line_of(low, high), size)
    assert sorted(groups.order.tolist()) == list(range(len(low)))
    assert groups.first[0] == 0
    assert groups.first[-1] == len(low)
    for rank, g in enumerate(groups.of_rank):
        i = groups.order[rank]
        assert groups.cut[g] <= low[i]
        assert high[i] <= groups.cut[g + 1] - 1
    for g in range(groups.count):
        members = groups.order[groups.first[g] : groups.first[g + 1]]
        if len(members) > size:  # no cut inside
            a = sorted(low[i] for i in members)
            reach = [max(high[i] for i in members if low[i] <= x) for x in a]
            assert all(x <= r for x, r in zip(a[1:], reach[:-1], strict=True))


def test_groups_are_full_where_all_can_be_cut_apart() -> None:
    groups = split(line_of([9, 1, 5, 3, 7], [9, 1, 5, 3, 7]), 2)
    assert groups.order.tolist() == [1, 3, 2, 4, 0]
    assert groups.first.tolist() == [0, 2, 4, 5]
    assert groups.cut.tolist() == [0, 4, 8, 10]


def separated(low: Array, high: Array, key: Array, window: int) -> bool:
    """Each point is within the window of its own key, and beyond it from all others."""
    own = all(abs(v - k) <= window for v, k in zip([*low, *high], [*key, *key], strict=True))
    others = all(
        low[i] > key[j] + window or high[i] < key[j] - window
        for i in range(len(key))
        for j in range(len(key))
        if i != j
    )
    return own and others


@pytest.mark.parametrize("dtype", DTYPES)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 40),
    size=st.integers(1, 12),
    kind=st.sampled_from(["normal", "integer", "dyadic"]),
)
@settings(max_examples=15)
def test_keys_tell_the_points_of_each_group_apart(
    dtype: DType, seed: int, n: int, size: int, kind: str
) -> None:
    data = some_data(seed, n, 3, kind)
    data = data if dtype == "exact" else data.rounded(dtype)
    groups = choose(data, context(dtype, seed), size)
    keys = tell_apart(data, groups, context(dtype, seed), 4)
    low, high = (v[groups.order] for v in (keys.line.low, keys.line.high))
    for g in range(groups.count):
        own = slice(groups.first[g], groups.first[g + 1])
        if groups.longest > 1:
            assert separated(low[own], high[own], keys.key[own], keys.window)
    assert all(0 < key < 1 << keys.bits for key in keys.key.tolist())
    assert keys.window == 0 or not np.array_equal(low, high)


def test_keys_are_short_because_only_groups_matter() -> None:
    data = some_data(5, 2000, 6, "normal")
    groups = choose(data, context("float64"), 8)
    keys = tell_apart(data, groups, context("float64"), 16)
    assert groups.count == 250
    assert keys.bits <= 18  # log2(n T) = 14; all pairs would need 2 log2(n) = 22 and more


def test_exact_arithmetic_tells_any_points_apart() -> None:
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.standard_normal((6, 2)), 1e-200 * rng.standard_normal((6, 2))])
    data = DataSet.from_arrays(X, np.zeros(12, np.int64))
    groups = choose(data, context("exact"), 4)
    keys = tell_apart(data, groups, context("exact"), 2)
    assert groups.count == 3
    assert keys.bits > 600
    narrow = choose(data, context("float64"), 4)
    with pytest.raises(PrecisionError, match=r"float64 cannot hold keys .* dtype='exact'") as error:
        tell_apart(data, narrow, context("float64"), 2)
    assert len(error.value.rows) == narrow.longest
