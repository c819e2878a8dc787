"""The contract: what holds for every construction in the catalogue."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rote.certify import verify
from rote.constructions import CATALOGUE, Construction, make
from rote.data import DataSet
from rote.errors import AssumptionError, OptionError, PrecisionError
from rote.export.replay import replay
from rote.network import Residual, serial
from rote.network.exact import predict_exact
from rote.typing import DType, Task

_CASES = [
    pytest.param(key, task, dtype, id=f"{key}-{task}-{dtype}")
    for key, construction in CATALOGUE.items()
    for task in construction.theorem.tasks
    for dtype in construction.theorem.dtypes
    if dtype != "float32"  # float32 may refuse data that float64 holds; see test_float32
]
_SINGLE = [
    pytest.param(key, dtype, id=f"{key}-{dtype}")
    for key, construction in CATALOGUE.items()
    for dtype in construction.theorem.dtypes
]
_CLASSES = [
    pytest.param(key, dtype, id=f"{key}-{dtype}")
    for key, construction in CATALOGUE.items()
    for dtype in construction.theorem.dtypes
    if "classes" in construction.theorem.tasks
]


def generic_data(seed: int, n: int, d: int, task: Task, classes: int = 3) -> DataSet:
    """Normal points, which satisfy every hypothesis with probability one."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    y = rng.integers(0, classes, n) if task == "classes" else rng.standard_normal(n)
    return DataSet.from_arrays(X, y, task=task)


def needs_general_position(construction: Construction) -> bool:
    return "general position" in " ".join(construction.theorem.hypotheses)


def is_memorized(
    construction: Construction, data: DataSet, dtype: DType, *, generic: bool = True
) -> bool:
    """Build, compare with the promise and certify; both claims, as far as they are available."""
    network = construction.build(data, dtype=dtype)
    if not generic and needs_general_position(construction):
        return verify(network, data).certified  # nothing is promised
    promise = construction.promise(data.problem)
    assert network.size.exceeds(promise) == []
    assert construction.theorem.skips or not any(isinstance(k, Residual) for k in network.layers)
    if construction.theorem.tight:
        for field in fields(promise):
            promised = getattr(promise, field.name)
            assert promised is None or promised == getattr(network.size, field.name)
    certificate = verify(network, data)
    return certificate.certified


@pytest.mark.parametrize(("key", "task", "dtype"), _CASES)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 40),
    d=st.integers(2, 6),
    classes=st.integers(1, 5),
)
@settings(max_examples=25)
def test_generic_data_are_memorized_within_the_promise(
    key: str, task: Task, dtype: DType, seed: int, n: int, d: int, classes: int
) -> None:
    data = generic_data(seed, n, d, task, classes)
    assert is_memorized(make(key), data, dtype)


@pytest.mark.parametrize(("key", "task", "dtype"), _CASES)
@given(
    points=st.lists(
        st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=1, max_size=20, unique=True
    ),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=25)
def test_any_distinct_points_are_memorized_or_refused_for_a_hypothesis(
    key: str, task: Task, dtype: DType, points: list[tuple[int, int]], seed: int
) -> None:
    construction = make(key)
    y = np.random.default_rng(seed).integers(0, 3, len(points))
    data = DataSet.from_arrays(np.array(points), y, task=task)
    refusal = None
    try:
        memorized = is_memorized(construction, data, dtype, generic=False)
    except AssumptionError as error:
        refusal = error
    if refusal is None:
        assert memorized
    else:
        assert construction.theorem.hypotheses
        assert len(points) == 1 or refusal.witness


@pytest.mark.parametrize(("key", "dtype"), _SINGLE)
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=10)
def test_float32_and_few_points(key: str, dtype: DType, seed: int) -> None:
    task = CATALOGUE[key].theorem.tasks[0]
    assert is_memorized(make(key), generic_data(seed, 6, 3, task, classes=2), dtype)


@pytest.mark.parametrize(("key", "dtype"), _SINGLE)
@pytest.mark.parametrize("sign", [1, -1])
def test_huge_and_tiny_features_change_nothing(key: str, dtype: DType, sign: int) -> None:
    task = CATALOGUE[key].theorem.tasks[0]
    base = generic_data(2, 6, 3, task, classes=2)
    data = replace(base, points=base.floats(np.float32).astype(np.float64))
    exponents = sign * (np.array([60, 70, 80]) if dtype == "float32" else np.array([300, 500, 800]))
    assert is_memorized(make(key), data.scaled(exponents), dtype)


def test_an_overflow_is_refused_in_one_line() -> None:
    data = DataSet.from_arrays(np.arange(6.0)[:, None], 1e300 * np.arange(6.0) ** 2, task="real")
    with pytest.raises(PrecisionError, match=r"overflows .* in float64\. Rescale"):
        make("bubeck2020-slabs").build(data, dtype="float64")


@pytest.mark.parametrize(("key", "dtype"), _CLASSES)
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=10)
def test_order_of_rows_and_names_of_labels_change_no_verdict(
    key: str, dtype: DType, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    X, y = rng.integers(-50, 50, (6, 3)), np.array([0, 1, 1, 0, 2, 2])
    order = rng.permutation(6)
    names = np.array(["c", "a", "b"])
    verdicts = set()
    for data in (
        DataSet.from_arrays(X, y),
        DataSet.from_arrays(X[order], y[order]),
        DataSet.from_arrays(X, names[y]),
    ):
        try:
            verdicts.add(str(is_memorized(make(key), data, dtype, generic=False)))
        except AssumptionError:
            verdicts.add("refused")
    assert len(verdicts) == 1


@pytest.mark.parametrize(("key", "dtype"), _CLASSES)
def test_every_construction_takes_several_columns_of_labels(key: str, dtype: DType) -> None:
    X = np.random.default_rng(3).standard_normal((12, 4))
    words, numbers = np.array(["no", "perhaps", "yes"]), np.arange(12) // 5
    y = np.array([words[np.arange(12) % 3], numbers], dtype=object).T
    data = DataSet.from_arrays(X, y)
    assert data.columns == 2
    assert is_memorized(make(key), data, dtype)
    network = make(key).build(data, dtype=dtype)
    predicted = predict_exact(network, X) if dtype == "exact" else network.predict(X)
    assert predicted.tolist() == y.tolist()
    claim = replay(network, data, batches=(12,))
    assert claim.holds or not claim.available


@pytest.mark.parametrize(("key", "dtype"), _SINGLE)
def test_the_same_seed_gives_the_same_network(key: str, dtype: DType) -> None:
    task = CATALOGUE[key].theorem.tasks[0]
    data = generic_data(1, 8, 3, task)
    first, second = (make(key).build(data, dtype=dtype, seed=0) for _ in range(2))
    assert serial.digest(first) == serial.digest(second)


@pytest.mark.parametrize("key", list(CATALOGUE))
def test_points_on_a_line_break_general_position_and_nothing_else(key: str) -> None:
    X = np.arange(12)[:, None] * np.array([[1, 2, 3]])
    data = DataSet.from_arrays(X, np.arange(12) % 2)
    construction, witness = make(key), None
    try:
        memorized = is_memorized(construction, data, "float64", generic=False)
    except AssumptionError as error:
        witness = error.witness
    if witness is None:
        assert memorized
    else:
        assert needs_general_position(construction)
        assert len(witness) > 1


@pytest.mark.parametrize("key", list(CATALOGUE))
def test_every_construction_is_described(key: str) -> None:
    theorem = CATALOGUE[key].theorem
    assert theorem.key == key
    cited = key.partition("-")[0]
    assert cited == key or theorem.source.startswith(cited)
    assert theorem.statement.endswith(".")
    assert theorem.tasks
    assert theorem.dtypes


def test_unknown_keys_and_options_are_refused_with_the_closest_name() -> None:
    with pytest.raises(OptionError, match="Did you mean 'zhang2017'"):
        make("zang2017")
    with pytest.raises(OptionError, match=r"has no option 'direction'\. Did you mean 'directions'"):
        make("zhang2017", direction=3)
    with pytest.raises(OptionError, match=r"'directions' .* must be an integer or none, not '3'"):
        make("zhang2017", directions="3")


def test_a_list_stands_for_a_tuple() -> None:
    assert make("yun2019-three-layer", widths=[3, 4]) == make("yun2019-three-layer", widths=(3, 4))
    with pytest.raises(OptionError, match=r"'widths' .* must be 2 numbers like 20,30 or none"):
        make("yun2019-three-layer", widths=[3, 4.5])
