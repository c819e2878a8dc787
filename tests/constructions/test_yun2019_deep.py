"""Any number of hidden layers: sizes, what is carried, and the two traps at the ends of slices."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rote.constructions._gadgets.blocks import best_layout
from rote.constructions._gadgets.clamps import Condition, Unit, clamp_of
from rote.constructions._gadgets.line_fit import fit_line, plan_line
from rote.constructions.yun2019_deep import Yun2019Deep
from rote.data import DataSet, Problem
from rote.errors import AssumptionError, OptionError

FORMS = list(itertools.product(("hard-tanh", "relu", "leaky"), ("paper", "sharp")))


def random_data(seed: int, n: int, d: int, outputs: int = 0) -> DataSet:
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    if not outputs:
        return DataSet.from_arrays(X, rng.integers(0, 4, n))
    return DataSet.from_arrays(X, rng.standard_normal((n, outputs)), task="real")


@pytest.mark.parametrize(("activation", "condition"), FORMS)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 80),
    outputs=st.integers(0, 2),
    depth=st.integers(2, 8),
)
@settings(max_examples=15)
def test_targets_are_met_and_the_size_is_the_formula(
    activation: Unit, condition: Condition, seed: int, n: int, outputs: int, depth: int
) -> None:
    data = random_data(seed, n, 3, outputs)
    construction = Yun2019Deep(
        activation=activation, condition=condition, depth=depth, directions=3
    )
    network = construction.build(data)
    promise, size = construction.promise(data.problem), network.size
    assert (size.depth, size.widths, size.neurons) == (depth, promise.widths, promise.neurons)
    assert size.parameters == promise.parameters
    assert np.abs(network.raw(data.points) - data.target.reshape(n, -1)).max() < 1e-6


@pytest.mark.parametrize("activation", ["hard-tanh", "relu"])
@given(widths=st.lists(st.integers(1, 14), min_size=4, max_size=9), seed=st.integers(0, 99))
@settings(max_examples=25)
def test_any_widths_hold_as_many_points_as_the_condition_says(
    activation: Unit, widths: list[int], seed: int
) -> None:
    rule = clamp_of(activation, 0.01, "sharp").rule
    most = best_layout(tuple(widths), 10**9, 1, rule)
    assert isinstance(most, int)
    construction = Yun2019Deep(activation=activation, widths=tuple(widths), directions=2)
    with pytest.raises(AssumptionError, match=rf"hold {most} points, not {most + 1}") as refusal:
        construction.promise(Problem(n=most + 1, d=2))
    enough = tuple(map(int, str(refusal.value).split("widths=")[1].split()[0].split(",")))
    Yun2019Deep(activation=activation, widths=enough).promise(Problem(n=most + 1, d=2))
    if most:
        data = random_data(seed, most, 2)
        network = construction.build(data)
        assert (network.decision.decide(network.raw(data.points)) == data.codes).all()
        used = network.size.widths
        assert used is not None
        assert all(a <= b for a, b in zip(used, widths, strict=True))


@pytest.mark.parametrize("activation", ["hard-tanh", "relu"])
def test_blocks_add_exactly_nothing_outside_their_slice(activation: Unit) -> None:
    """Both traps: the ends are in the middle of gaps between slices, and phantoms inside them."""
    rng = np.random.default_rng(4)
    c = np.sort(rng.choice(10**6, 90, replace=False)).astype(float)
    own = c[30:59]  # 29 points in 6 x 6 slots
    low, high = (c[29] + c[30]) / 2, (c[58] + c[59]) / 2
    line = plan_line(own, rng.uniform(-1, 1, (29, 1)), 6, 6, low=low, high=high)
    assert line.slots.knots[0] == low
    assert line.slots.knots[-1] == high
    at = line.slots.groups(0, 6).at
    assert ((at > low) & (at < high)).all()
    fit = fit_line(
        line,
        clamp_of(activation, 0.01, "sharp"),
        dtype="float64",
        tolerance=1e-3,
        order=np.arange(29),
        rows=np.arange(29),
        off_outside=True,
    )
    h = c[:, None]
    for layer in fit.layers:
        h = layer(h)
    raised = h @ fit.weight.T + (fit.bias + 1)
    outside = (c < low) | (c > high)
    assert (raised[outside] == 0).all()
    assert (raised[~outside] >= -1e-9).all()


def test_points_grow_with_the_weights_between_layers() -> None:
    """A share of at least 1/16 of the weights of equal ReLU layers, at any depth (ours)."""
    for depth, width in itertools.product((2, 4, 8, 16), (16, 64, 256)):
        rule = clamp_of("relu", 0.01, "paper").rule
        held = best_layout((width,) * depth, 10**9, 1, rule)
        assert isinstance(held, int)
        assert held >= (depth - 1) * width**2 / 16


@pytest.mark.parametrize("options", [{"depth": 1}, {"widths": (5,)}, {"directions": 0}])
def test_options_without_meaning_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(OptionError):
        Yun2019Deep(**options)  # type: ignore[arg-type]
