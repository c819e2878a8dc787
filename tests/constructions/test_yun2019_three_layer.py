"""Two hidden layers: sizes, saturation, exactness, options and refusals."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rote.constructions._gadgets.clamps import Condition, Unit
from rote.constructions.yun2019_three_layer import Yun2019ThreeLayer
from rote.data import DataSet, Problem
from rote.errors import AssumptionError, OptionError, PrecisionError
from rote.network import Affine, Value
from rote.network.exact import evaluate
from rote.typing import DType

FORMS = list(itertools.product(("hard-tanh", "relu", "leaky"), ("paper", "sharp")))


def random_data(seed: int, n: int, d: int, outputs: int = 0) -> DataSet:
    """Normal points with four classes, or with real targets."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    if not outputs:
        return DataSet.from_arrays(X, rng.integers(0, 4, n))
    return DataSet.from_arrays(X, rng.standard_normal((n, outputs)), task="real")


@pytest.mark.parametrize(("activation", "condition"), FORMS)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 60),
    d=st.integers(1, 4),
    outputs=st.integers(0, 3),
)
@settings(max_examples=20)
def test_exact_evaluation_meets_the_targets_and_the_size_is_the_formula(
    activation: Unit, condition: Condition, seed: int, n: int, d: int, outputs: int
) -> None:
    data = random_data(seed, n, d, outputs)
    construction = Yun2019ThreeLayer(activation=activation, condition=condition, directions=3)
    network = construction.build(data)
    promise, size = construction.promise(data.problem), network.size
    assert (size.depth, size.widths, size.neurons) == (2, promise.widths, promise.neurons)
    assert size.parameters == promise.parameters
    allowed = Fraction(1, 1000) if data.targets is None else Fraction(network.decision.tolerance)
    want = data.target.reshape(n, -1)
    for f, y in zip(evaluate(network, data.points).ravel(), want.ravel().tolist(), strict=True):
        assert abs(Fraction(f) - Fraction(y)) < allowed


@pytest.mark.parametrize("condition", ["paper", "sharp"])
@pytest.mark.parametrize("outputs", [0, 2])
def test_one_unit_of_each_layer_answers_for_a_point(condition: Condition, outputs: int) -> None:
    """Hard-tanh: the first layer saturates but for the point's group, the second but for it."""
    data = random_data(7, 90, 3, outputs)
    network = Yun2019ThreeLayer(condition=condition).build(data)
    h = data.points
    for layer in network.layers[:-1]:
        assert isinstance(layer, Affine)
        h = layer(h)
        if not layer.linear:
            free = (np.abs(h) < 1).sum(axis=1)
            assert (free <= (1 if h.shape[1] == network.size.widths[0] else max(outputs, 1))).all()


@pytest.mark.parametrize(("n", "widths"), [(10**6, (2000, 2000)), (10**4, (200, 200))])
def test_the_papers_relu_widths(n: int, widths: tuple[int, int]) -> None:
    construction = Yun2019ThreeLayer(activation="relu", condition="paper")
    assert construction.promise(Problem(n=n, d=3072, classes=10)).widths == widths


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 60), outputs=st.integers(0, 2))
@settings(max_examples=20)
def test_composed_relus_saturate_like_hard_tanhs(seed: int, n: int, outputs: int) -> None:
    data = random_data(seed, n, 3, outputs)
    construction = Yun2019ThreeLayer(activation="relu", composition=True, directions=3)
    network, hard = construction.build(data), Yun2019ThreeLayer().promise(data.problem).neurons
    assert hard is not None
    assert (network.size.depth, network.size.neurons) == (4, 2 * hard)
    assert not network.size.exceeds(construction.promise(data.problem))
    assert np.abs(network.raw(data.points) - data.target.reshape(n, -1)).max() < 1e-9
    h = data.points
    for k, layer in enumerate(network.layers[:-1]):
        h = layer(h)
        if k in (2, 4):  # the second layer of each pair is 0 or 2, but for one unit
            assert (((h != 0) & (h != 2)).sum(axis=1) <= max(outputs, 1)).all()


def test_widths_of_the_users_choice_are_used_in_full() -> None:
    data = random_data(3, 50, 4)
    for widths in ((2, 25), (50, 1), (13, 9), (100, 100)):
        assert Yun2019ThreeLayer(widths=widths).build(data).size.widths == widths
    for widths, used in (((7, 60), (4, 60)), ((21, 23), (20, 20))):
        construction = Yun2019ThreeLayer(activation="relu", condition="paper", widths=widths)
        assert construction.build(data).size.widths == used


def test_widths_that_hold_fewer_points_are_refused_with_their_number() -> None:
    data = random_data(3, 51, 4)
    with pytest.raises(AssumptionError, match="Widths 10,10 hold 50 points, not 51"):
        Yun2019ThreeLayer(activation="relu", widths=(10, 10)).build(data)


@pytest.mark.parametrize("activation", ["hard-tanh", "relu", "leaky"])
def test_points_of_one_label_may_share_a_projection(activation: Unit) -> None:
    """Of integers so large exact directions have 11 bits: too few for 600 different values."""
    rng = np.random.default_rng(0)
    X = np.unique(rng.integers(0, 2, (600, 22)), axis=0)
    data = DataSet.from_arrays(X * (2**36 + 1), X.sum(axis=1) == X.sum(axis=1).max())
    network = Yun2019ThreeLayer(activation=activation, directions=2).build(data)
    direction = network.layers[0]
    assert len(np.unique(direction(data.points.astype(np.float64)))) < data.n
    assert network.size.widths == Yun2019ThreeLayer(activation).promise(data.problem).widths
    assert (network.predict(data.points) == data.labels[data.codes]).all()


@pytest.mark.parametrize("scale", [1e-300, 1e-20, 1e20, 1e300])
@pytest.mark.parametrize("activation", ["hard-tanh", "relu"])
def test_the_scale_of_the_data_does_not_matter(activation: Unit, scale: float) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((40, 3)), rng.integers(0, 3, 40)
    network = Yun2019ThreeLayer(activation=activation).build(DataSet.from_arrays(scale * X, y))
    assert (network.predict(scale * X) == y).all()


def test_float32_holds_hundreds_of_points_and_refuses_thousands_with_two_rows() -> None:
    few = random_data(1, 150, 5)
    network = Yun2019ThreeLayer().build(few, dtype="float32")
    assert (network.predict(few.points) == few.codes).all()
    with pytest.raises(
        PrecisionError, match=r"float32 cannot tell rows .*dtype='float64'"
    ) as error:
        Yun2019ThreeLayer(directions=1).build(random_data(1, 6000, 5), dtype="float32")
    assert len(error.value.rows) == 2


@pytest.mark.parametrize(
    ("dtype", "n", "relative"), [("float64", 2000, 1e-8), ("float32", 60, 1e-3)]
)
def test_real_targets_are_met_closely(dtype: DType, n: int, relative: float) -> None:
    data = random_data(2, n, 6, outputs=1)
    network = Yun2019ThreeLayer().build(data, dtype=dtype)
    assert isinstance(network.decision, Value)
    assert (
        np.abs(network.raw(data.points) - data.target).max() < relative * np.abs(data.target).max()
    )


@pytest.mark.parametrize(
    "options",
    [
        {"directions": 0},
        {"tolerance": 0.0},
        {"widths": (0, 3)},
        {"activation": "leaky", "slope": 1.0},
        {"composition": True},
    ],
)
def test_options_without_meaning_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(OptionError):
        Yun2019ThreeLayer(**options)  # type: ignore[arg-type]


@pytest.mark.parametrize("activation", ["hard-tanh", "relu"])
def test_points_far_from_zero_are_centred(activation: Unit) -> None:
    """Neighbouring floats, with nothing between them, become neighbouring small integers."""
    X = (1 + np.arange(40) * 2.0**-52)[:, None]
    data = DataSet.from_arrays(X, np.arange(40) % 3)
    network = Yun2019ThreeLayer(activation=activation).build(data)
    assert (network.predict(X) == np.arange(40) % 3).all()
