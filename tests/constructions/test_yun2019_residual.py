"""Residual networks: sizes, exact outputs, and witnesses against general position."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rote.constructions._gadgets.clamps import Condition, Unit
from rote.constructions.yun2019_residual import Yun2019Residual
from rote.data import DataSet, Problem
from rote.errors import AssumptionError, OptionError, PrecisionError
from rote.exact.matrix import rank
from rote.network import Residual
from rote.typing import DType

FORMS = list(itertools.product(("hard-tanh", "relu", "leaky"), ("paper", "sharp")))


def random_data(seed: int, n: int, d: int, classes: int) -> DataSet:
    rng = np.random.default_rng(seed)
    return DataSet.from_arrays(rng.standard_normal((n, d)), rng.integers(0, classes, n))


@pytest.mark.parametrize(("activation", "condition"), FORMS)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 60),
    d=st.integers(3, 6),
    classes=st.integers(1, 3),
    blocks=st.integers(1, 4),
)
@settings(max_examples=20)
def test_every_label_is_right_within_the_promise(
    activation: Unit,
    condition: Condition,
    seed: int,
    n: int,
    d: int,
    classes: int,
    blocks: int,
) -> None:
    data = random_data(seed, n, d, classes)
    construction = Yun2019Residual(
        activation=activation, condition=condition, blocks=blocks, tries=4
    )
    network = construction.build(data)
    assert (network.decision.decide(network.raw(data.points)) == data.codes).all()
    assert network.size.exceeds(construction.promise(data.problem)) == []


@pytest.mark.parametrize("activation", ["hard-tanh", "relu"])
@given(n=st.integers(1, 10**6), d=st.integers(1, 1000), classes=st.integers(1, 1000))
def test_promises_are_within_the_papers_counts(
    activation: Unit, n: int, d: int, classes: int
) -> None:
    problem = Problem(n=n, d=d, classes=classes)
    per, last = (2, 1) if activation == "hard-tanh" else (4, 2)
    paper = per * (n / d + classes) + last * classes
    sharp = Yun2019Residual(activation=activation).promise(problem).neurons
    assert sharp is not None
    assert sharp <= max(paper, last)
    if classes <= d:
        neurons = Yun2019Residual(activation=activation, condition="paper").promise(problem).neurons
        assert neurons is not None
        assert paper - per < neurons <= paper


@pytest.mark.parametrize(("composition", "activation"), [(False, "hard-tanh"), (True, "relu")])
@pytest.mark.parametrize("condition", ["paper", "sharp"])
@pytest.mark.parametrize("blocks", [1, 7])
def test_saturating_units_give_unit_vectors_exactly(
    composition: bool, activation: Unit, condition: Condition, blocks: int
) -> None:
    data = random_data(3, 600, 8, 5)
    construction = Yun2019Residual(
        activation=activation, condition=condition, composition=composition, blocks=blocks
    )
    network = construction.build(data)
    assert sum(isinstance(layer, Residual) for layer in network.layers) == blocks
    assert network.size.depth == (blocks + 1) * (2 if composition else 1)
    assert (network.raw(data.points) == np.eye(5)[data.codes]).all()


@pytest.mark.parametrize(("dtype", "n"), [("float32", 150), ("float64", 4000)])
def test_what_the_arithmetics_hold(dtype: DType, n: int) -> None:
    data = random_data(1, n, 10, 10)
    network = Yun2019Residual(tries=2).build(data, dtype=dtype)
    assert (network.raw(data.points) == np.eye(10)[data.codes]).all()


def test_the_most_frequent_class_is_not_moved() -> None:
    rng = np.random.default_rng(0)
    labels = np.array(["common"] * 97 + ["rare"] * 3)
    data = DataSet.from_arrays(rng.standard_normal((100, 4)), labels)
    network = Yun2019Residual().build(data)
    assert network.size.widths == (2, 1)
    assert (network.predict(data.points) == labels).all()


def test_a_broken_general_position_has_a_witness() -> None:
    rng = np.random.default_rng(0)
    X = rng.integers(-1000, 1000, (12, 3)) / 64
    X[6:, 2] = 0.5 - X[6:, 0]  # all points of a class on one plane
    data = DataSet.from_arrays(X, np.arange(12) // 6)
    with pytest.raises(AssumptionError, match="at most 3 of them on a hyperplane; 4") as caught:
        Yun2019Residual().build(data)
    rows = list(caught.value.witness)
    assert len(rows) == 4
    assert rank(np.column_stack([X[rows], np.ones(4)])) == 3


def test_features_that_never_change_are_named() -> None:
    X = np.random.default_rng(0).standard_normal((60, 14))
    X[:, [3, 5]] = 0.25
    data = DataSet.from_arrays(X, np.arange(60) // 30)
    message = r"15 lie on one, .* and 5 more\. Feature 3 \(and 1 more\) never changes.*classifier"
    with pytest.raises(AssumptionError, match=message):
        Yun2019Residual().build(data)


def test_float32_names_the_rows_that_it_cannot_separate() -> None:
    with pytest.raises(PrecisionError, match=r"float32 cannot hold a hyperplane .*float64"):
        Yun2019Residual(tries=1).build(random_data(0, 4000, 3, 2), dtype="float32")


def test_the_papers_form_needs_a_feature_for_each_class() -> None:
    data = random_data(0, 20, 3, 5)
    with pytest.raises(AssumptionError, match="not 3 for 5 classes"):
        Yun2019Residual(condition="paper").build(data)
    assert (Yun2019Residual().build(data).raw(data.points).argmax(axis=1) == data.codes).all()


@pytest.mark.parametrize("options", [{"blocks": 0}, {"tries": 0}, {"composition": True}])
def test_options_without_meaning_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(OptionError):
        Yun2019Residual(**options)  # type: ignore[arg-type]
