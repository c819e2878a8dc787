"""Linear pieces along a line: counted without rounding, against both bounds."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rote.bounds import BOUNDS, Architecture, Question
from rote.bounds import yun2019_pieces as paper
from rote.bounds import yun2019_product as product
from rote.bounds._pieces import linear_pieces
from rote.constructions._gadgets.clamps import Unit
from rote.constructions.yun2019_three_layer import Yun2019ThreeLayer
from rote.data import Problem
from rote.data.generate import generate
from rote.errors import OptionError
from rote.network import Activation, Affine, Network, Value
from rote.network.activation import GELU, HARD_TANH, IDENTITY, RELU, THRESHOLD, leaky
from rote.network.exact import evaluate
from rote.typing import Array

KINKS = {"relu": (0,), "leaky": (0,), "hard-tanh": (-1, 1), "identity": ()}
UNITS = (RELU, leaky(0.25), HARD_TANH)
REAL = Question(classes=None)


def random_layers(
    rng: np.random.Generator, widths: list[int], activation: Activation
) -> tuple[Affine, ...]:
    """Small dyadic weights, so that kinks are many and exact."""
    layers = []
    for k, (a, b) in enumerate(pairwise(widths)):
        last = k == len(widths) - 2
        layers.append(
            Affine(
                rng.integers(-16, 16, (b, a)) / 8,
                rng.integers(-32, 32, b) / 8,
                IDENTITY if last else activation,
            )
        )
    return tuple(layers)


def count_pieces(layers: tuple[Affine, ...]) -> int:
    """Linear pieces of a network on one input, by following every unit from piece to piece.

    On each piece the values are affine in the position: pairs (slope, value at 0) of Fractions.
    """
    start = [(Fraction(1), Fraction(0))]
    pieces: list[tuple[Fraction | None, Fraction | None, list[tuple[Fraction, Fraction]]]] = [
        (None, None, start)
    ]
    for layer in layers:
        weight = [[Fraction(w) for w in row] for row in layer.weight.tolist()]
        bias = [Fraction(b) for b in layer.bias.tolist()]
        kind, slope = layer.activations[0].kind, Fraction(layer.activations[0].parameter)
        following = []
        for low, high, units in pieces:
            sums = [
                (
                    sum((w * u[0] for w, u in zip(row, units, strict=True)), Fraction(0)),
                    sum((w * u[1] for w, u in zip(row, units, strict=True)), b),
                )
                for row, b in zip(weight, bias, strict=True)
            ]
            cuts = sorted(
                {
                    (kink - b) / a
                    for a, b in sums
                    if a
                    for kink in KINKS[kind]
                    if (low is None or (kink - b) / a > low)
                    and (high is None or (kink - b) / a < high)
                }
            )
            ends = [low, *cuts, high]
            for left, right in pairwise(ends):
                inside = middle(left, right)
                following.append(
                    (left, right, [applied(kind, slope, a, b, inside) for a, b in sums])
                )
        pieces = following
    # Neighbours on one line count once.
    functions = [units for _, _, units in pieces]
    return 1 + sum(a != b for a, b in pairwise(functions))


def middle(left: Fraction | None, right: Fraction | None) -> Fraction:
    """A position inside a piece."""
    if left is None or right is None:
        return Fraction(0) if left is right else right - 1 if left is None else left + 1
    return (left + right) / 2


def applied(
    kind: str, slope: Fraction, a: Fraction, b: Fraction, inside: Fraction
) -> tuple[Fraction, Fraction]:
    """The affine function of a unit on a piece that holds none of its kinks."""
    t = a * inside + b
    if kind == "identity":
        return a, b
    if kind == "hard-tanh":
        return (a, b) if -1 <= t <= 1 else (Fraction(0), Fraction(1 if t > 1 else -1))
    return (a, b) if t >= 0 else (slope * a, slope * b)


@pytest.mark.parametrize("activation", UNITS, ids=str)
@given(seed=st.integers(0, 2**32 - 1), hidden=st.lists(st.integers(1, 4), min_size=1, max_size=3))
@settings(max_examples=60)
def test_no_network_has_more_pieces_than_either_bound(
    activation: Activation, seed: int, hidden: list[int]
) -> None:
    rng = np.random.default_rng(seed)
    pieces = count_pieces(random_layers(rng, [1, *hidden, 1], activation))
    p = linear_pieces(activation)
    assert p is not None
    assert pieces <= product.most_pieces(hidden, p)
    if len(hidden) <= 2:
        assert pieces <= paper.most_pieces(hidden[0], hidden[1] if hidden[1:] else None, p)


@given(d1=st.integers(1, 4), d2=st.integers(2, 5))
def test_two_relu_layers_nearly_reach_the_product(d1: int, d2: int) -> None:
    """A sawtooth of d1 teeth between 0 and 1, cut at d2 heights."""
    knots = np.arange(d1)
    first = Affine(np.ones((d1, 1)), -knots.astype(float), RELU)
    teeth = np.where(knots == 0, 1.0, np.where(knots % 2 == 1, -2.0, 2.0))
    up = np.where(np.arange(d2) == 0, -1.0, 1.0)  # one unit sees the lower turns, others the upper
    height = (np.arange(d2) + 1) / (d2 + 1)
    second = Affine(up[:, None] * teeth, -up * height, RELU)
    out = Affine(np.exp2(np.arange(d2))[None], np.zeros(1))
    assert count_pieces((first, second, out)) == d1 * (d2 + 1) + 1
    assert d1 * (d2 + 1) + 1 <= product.most_pieces([d1, d2], 2)


@pytest.mark.parametrize("activation", UNITS, ids=str)
@given(
    seed=st.integers(0, 2**32 - 1),
    hidden=st.lists(st.integers(1, 3), min_size=1, max_size=2),
    d=st.integers(1, 3),
)
@settings(max_examples=60)
def test_no_network_of_that_size_fits_the_hard_data(
    activation: Activation, seed: int, hidden: list[int], d: int
) -> None:
    """Labels of any network change less often than those of as many points as are impossible."""
    rng = np.random.default_rng(seed)
    layers = random_layers(rng, [d, *hidden, 1], activation)
    least = BOUNDS["yun2019-product"].first_impossible(
        Architecture((d, *hidden, 1), activation), REAL
    )
    assert least is not None
    data = generate("collinear", least, d, seed=seed % 100)
    codes = data.codes
    assert codes is not None
    assert (np.diff(codes) != 0).all()
    line = Affine(data.points[:1].astype(float).T, np.zeros(d))  # the position i to the point i v
    pieces = count_pieces((line, *layers))
    outputs: Array = evaluate(Network(layers, Value(1.0)), data.points)[:, 0]
    threshold = Fraction(int(rng.integers(-40, 40)), 8)
    changes = int(np.count_nonzero(np.diff(outputs > threshold)))
    assert changes <= pieces <= least - 2 < np.count_nonzero(np.diff(codes))


def test_the_papers_numbers() -> None:
    bound = BOUNDS["yun2019-pieces"].first_impossible
    assert bound(Architecture((5, 10, 1)), REAL) == 10 + 3
    assert bound(Architecture((5, 10, 20, 1)), REAL) == 2 * 200 + 20 + 3
    hard_tanh = Architecture((5, 10, 20, 1), HARD_TANH)
    assert bound(hard_tanh, REAL) == 6 * 200 + 2 * 20 + 3


@pytest.mark.parametrize(
    ("hidden", "activation", "of_the_paper", "of_the_product"),
    [
        # (p-1) d1 + 3, then p (p-1) d1 d2 + (p-1) d2 + 3; ((p-1) d1 + 1) ((p-1) d2 + 1) + 2
        ((7,), RELU, 10, 10),
        ((7,), HARD_TANH, 17, 17),
        ((2, 3), RELU, 18, 14),
        ((2, 3), leaky(0.25), 18, 14),
        ((2, 3), HARD_TANH, 45, 37),
        ((63, 63), RELU, 8_004, 4_098),
        ((1, 1), HARD_TANH, 11, 11),
    ],
)
def test_numbers_of_points_worked_out_by_hand(
    hidden: tuple[int, ...], activation: Activation, of_the_paper: int, of_the_product: int
) -> None:
    network = Architecture((5, *hidden, 1), activation)
    assert BOUNDS["yun2019-pieces"].points(network, REAL) == of_the_paper
    assert BOUNDS["yun2019-product"].points(network, REAL) == of_the_product


@pytest.mark.parametrize(("activation", "ratio"), [("hard-tanh", 4), ("relu", 2)])
@given(d1=st.integers(1, 200), half=st.integers(1, 100))
def test_what_suffices_is_never_fewer_than_what_is_necessary(
    activation: Unit, ratio: int, d1: int, half: int
) -> None:
    """And the gap between both is a factor that does not grow (ours)."""
    d2 = 2 * half
    held = d1 * d2 if activation == "hard-tanh" else d1 * half
    Yun2019ThreeLayer(activation=activation, widths=(d1, d2)).promise(Problem(n=held, d=3))
    kind = HARD_TANH if activation == "hard-tanh" else RELU
    least = BOUNDS["yun2019-product"].points(Architecture((3, d1, d2, 1), kind), REAL)
    assert least is not None
    assert held < least <= ratio * held + ratio * (d1 + d2) + 3


def test_the_product_is_sharper_with_two_hidden_layers_and_goes_deeper() -> None:
    ours, theirs = (
        BOUNDS["yun2019-product"].first_impossible,
        BOUNDS["yun2019-pieces"].first_impossible,
    )
    for activation in UNITS:
        for d1, d2 in ((1, 1), (7, 3), (100, 100)):
            network = Architecture((4, d1, d2, 1), activation)
            a, b = ours(network, REAL), theirs(network, REAL)
            assert a is not None
            assert b is not None
            assert a <= b
    assert ours(Architecture((4, 9, 9, 9, 2)), REAL) == 1002
    assert theirs(Architecture((4, 9, 9, 9, 1)), REAL) is None


def test_where_the_bounds_say_nothing() -> None:
    for bound in (BOUNDS["yun2019-pieces"], BOUNDS["yun2019-product"]):
        if not bound.key.startswith("yun2019"):
            continue
        for activation in (GELU, THRESHOLD):
            assert bound.first_impossible(Architecture((4, 9, 1), activation), REAL) is None
        assert bound.first_impossible(Architecture((4, 9, 1)), Question(classes=1)) is None
        assert bound.kind == "impossible-some-data"
        assert bound.statement.endswith(".")
    assert BOUNDS["yun2019-pieces"].first_impossible(Architecture((4, 9, 2)), REAL) is None


def test_questions_and_architectures_without_meaning_are_refused() -> None:
    for widths in ((3,), (3, 0, 1)):
        with pytest.raises(OptionError, match="two or more positive numbers"):
            Architecture(widths)
    for options in ({"classes": 0}, {"separation": 0.0}, {"failure": 1.0}):
        with pytest.raises(OptionError, match=next(iter(options))):
            Question(**options)
    assert Architecture((784, 500, 500, 10)).parameters == 648_010
