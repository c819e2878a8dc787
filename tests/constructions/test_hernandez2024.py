"""Width 2: sizes, labels of both kinds in every arithmetic, the recursion, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rote.certify import verify
from rote.constructions.hernandez2024 import Hernandez2024
from rote.data import DataSet, Problem
from rote.errors import AssumptionError, OptionError, PrecisionError
from rote.network.exact import evaluate
from rote.typing import DType


def some_data(seed: int, n: int, task: str) -> DataSet:
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, 3))
    if task == "real":
        return DataSet.from_arrays(X, rng.uniform(-1, 1, n), task="real")
    return DataSet.from_arrays(X, rng.integers(0, 5, n))


@pytest.mark.parametrize("task", ["classes", "real"])
@pytest.mark.parametrize(("dtype", "n"), [("exact", 60), ("float64", 120), ("float32", 5)])
def test_networks_are_certified_at_width_two(dtype: DType, n: int, task: str) -> None:
    data = some_data(1, n, task)
    network = Hernandez2024().build(data, dtype=dtype)
    assert verify(network, data).certified
    assert network.size.depth == n
    assert network.size.widths == (2,) * n
    assert network.size.parameters == Hernandez2024().promise(data.problem).parameters


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(2, 12))
@settings(max_examples=20)
def test_each_layer_throws_one_point_over_the_others(seed: int, n: int) -> None:
    """In layer k exactly one point is left of the knot: the second unit is on for it alone."""
    data = some_data(seed, n, "real")
    network = Hernandez2024().build(data)
    thrown = []
    h = data.points
    for layer in network.layers[:-1]:
        h = layer(h)
        on = np.flatnonzero(h[:, 1] > 0)
        assert len(on) == 1
        assert (h.min(axis=1) == 0).all()
        thrown.append(int(on[0]))
    assert sorted(thrown) == list(range(n))


def test_exact_outputs_are_closer_than_the_tolerance() -> None:
    data = some_data(3, 40, "real")
    network = Hernandez2024(tolerance=1e-9).build(data, dtype="exact")
    assert data.targets is not None
    got = evaluate(network, data.points)[:, 0]
    assert all(abs(a - b) < 0.5e-9 for a, b in zip(got, data.targets[:, 0].tolist(), strict=True))


def test_ours_is_less_deep_than_the_paper() -> None:
    for n, classes in ((1000, 10), (10**4, 10), (10**6, 1000)):
        depth = Hernandez2024().promise(Problem(n=n, d=3, classes=classes)).depth
        assert depth == n
        assert depth < 2 * n + 4 * classes - 1


def test_refusals() -> None:
    rng = np.random.default_rng(4)
    X = rng.standard_normal((9, 2))
    two = DataSet.from_arrays(X, rng.standard_normal((9, 2)), task="real")
    with pytest.raises(AssumptionError, match="one output, not 2"):
        Hernandez2024().build(two)
    with pytest.raises(OptionError, match="'directions' must be at least 1"):
        Hernandez2024(directions=0)
    with pytest.raises(
        PrecisionError, match=r"float32 cannot part rows .* dtype='float64'"
    ) as error:
        Hernandez2024().build(some_data(5, 1500, "classes"), dtype="float32")
    assert len(error.value.rows) == 2
