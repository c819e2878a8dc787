"""Three hidden layers for classes: sizes, unit vectors, refusals."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rote.constructions._gadgets.clamps import Condition, Unit
from rote.constructions.yun2019_classifier import Yun2019Classifier
from rote.data import DataSet, Problem
from rote.errors import AssumptionError, OptionError
from rote.typing import DType

FORMS = list(itertools.product(("hard-tanh", "relu", "leaky"), ("paper", "sharp")))


def random_data(seed: int, n: int, d: int, classes: int) -> DataSet:
    rng = np.random.default_rng(seed)
    return DataSet.from_arrays(rng.standard_normal((n, d)), rng.integers(0, classes, n))


@pytest.mark.parametrize(("activation", "condition"), FORMS)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 80),
    d=st.integers(1, 4),
    classes=st.integers(1, 8),
)
@settings(max_examples=20)
def test_every_label_is_right_and_the_size_is_the_formula(
    activation: Unit, condition: Condition, seed: int, n: int, d: int, classes: int
) -> None:
    data = random_data(seed, n, d, classes)
    construction = Yun2019Classifier(activation=activation, condition=condition, directions=3)
    network = construction.build(data)
    promise, size = construction.promise(data.problem), network.size
    assert (size.depth, size.widths, size.neurons) == (3, promise.widths, promise.neurons)
    assert size.parameters == promise.parameters
    assert (network.decision.decide(network.raw(data.points)) == data.codes).all()


@pytest.mark.parametrize(("dtype", "n"), [("float32", 200), ("float64", 3000)])
@pytest.mark.parametrize("condition", ["paper", "sharp"])
def test_hard_tanh_outputs_are_exactly_one_hot(condition: Condition, dtype: DType, n: int) -> None:
    data = random_data(5, n, 4, 6)
    raw = Yun2019Classifier(condition=condition).build(data, dtype=dtype).raw(data.points)
    assert (raw == np.eye(6)[data.codes]).all()


def test_composed_relus_are_exactly_one_hot() -> None:
    data = random_data(5, 3000, 4, 6)
    construction = Yun2019Classifier(activation="relu", composition=True)
    network = construction.build(data)
    assert (network.raw(data.points) == np.eye(6)[data.codes]).all()
    assert network.size.depth == 6
    assert not network.size.exceeds(construction.promise(data.problem))


def test_the_papers_example_of_imagenet() -> None:
    """2000-2000-4000 ReLUs for 10^6 points in 1000 classes."""
    paper = Yun2019Classifier(activation="relu", condition="paper")
    promise = paper.promise(Problem(n=10**6, d=3 * 224 * 224, classes=1000))
    assert promise.widths == (2000, 2000, 4000)
    assert promise.depth == 3


def test_a_tenth_of_the_papers_example() -> None:
    data = random_data(0, 10**4, 16, 100)
    paper = Yun2019Classifier(activation="relu", condition="paper", directions=2)
    network = paper.build(data)
    assert network.size.widths == (200, 200, 400)
    sample = slice(0, 1500)
    decided = network.decision.decide(network.raw(data.points[sample]))
    assert (decided == data.codes[sample]).all()


def test_widths_that_hold_fewer_points_or_classes_are_refused() -> None:
    data = random_data(1, 51, 3, 5)
    with pytest.raises(AssumptionError, match="Widths 10,10 hold 50 points, not 51"):
        Yun2019Classifier(activation="relu", widths=(10, 10, 99)).build(data)
    with pytest.raises(AssumptionError, match=r"third layer of 7 .* than 5 classes.*=20,20,8"):
        Yun2019Classifier(activation="relu", widths=(20, 20, 7)).build(data)
    assert Yun2019Classifier(widths=(20, 20, 4)).build(data).size.widths == (20, 20, 4)


@pytest.mark.parametrize("options", [{"directions": 0}, {"widths": (3, 3, 0)}, {"slope": -1.0}])
def test_options_without_meaning_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(OptionError):
        Yun2019Classifier(**options)  # type: ignore[arg-type]
