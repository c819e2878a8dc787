"""Every bound at numbers worked out by hand, and the laws that all of them obey."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rote.bounds import BOUNDS, Architecture, Outline, Question
from rote.bounds import bartlett2019_growth as bartlett
from rote.bounds import karpinski1997_sigmoid as karpinski
from rote.bounds.baum1989_threshold import vc_dimension
from rote.errors import OptionError
from rote.network import Activation
from rote.network.activation import (
    GELU,
    HARD_TANH,
    IDENTITY,
    RELU,
    SIGMOID,
    SIN,
    TANH,
    THRESHOLD,
    leaky,
    power,
)

REAL, BINARY = Question(classes=None), Question(classes=2)
BY_HAND = [
    # 2 + 2 < n: two units make three pieces, too few for the four changes of five labels.
    ("yun2019-pieces", (1, 2, 1), RELU, BINARY, 5),
    # 2 * 3 * 4 + 4 + 2 < n.
    ("yun2019-pieces", (1, 3, 4, 1), RELU, BINARY, 31),
    # (3 + 1)(4 + 1) + 1 < n; twice the breakpoints with hard tanhs: 7 * 9 + 1 < n.
    ("yun2019-product", (1, 3, 4, 1), RELU, BINARY, 22),
    ("yun2019-product", (1, 3, 4, 2), HARD_TANH, REAL, 65),
    # Points at distances of 0.2 in [-1, 1]: 11 of them exist, 12 do not.
    ("yun2019-product", (1, 8, 1), RELU, Question(2, separation=0.2), 11),
    ("yun2019-product", (1, 9, 1), RELU, Question(2, separation=0.2), None),
    ("threshold-line", (1, 3, 50, 1), THRESHOLD, BINARY, 5),
    # pi / arcsin(1/2) = 6 points on a circle, and 3 changes for 2 units to make.
    ("rajput2021-hyperplanes", (2, 2, 1), THRESHOLD, Question(2, separation=1.0), 6),
    ("rajput2021-hyperplanes", (2, 3, 1), THRESHOLD, Question(2, separation=1.0), None),
    ("rajput2021-hyperplanes", (1, 2, 1), THRESHOLD, Question(2, separation=1.0), None),
    # C(3, 3) = 8 = 2^3 and C(4, 3) = 14 < 2^4.
    ("cover1965", (2, 1), RELU, BINARY, 4),
    # The sum over the units, as in the notes of the theory: 134078 is possible.
    ("cover1965", (10, 100, 100, 1), THRESHOLD, BINARY, 134079),
    # W = 11 * 100 + 101 * 100 + 101 = 11301, N = 201: 2 W log2(201 e) = 205536.8.
    ("baum1989", (10, 100, 100, 1), THRESHOLD, BINARY, 205537),
    # No hidden layer and W = 2: 1 + 2 log2(e m) is 10.5 at m = 10 and 10.8 at m = 11.
    ("bartlett2019", (1, 1), RELU, BINARY, 11),
    # W = 3, k = 1: 4.5 + 15 log2(54) + 3 log2(e m / 3) is 110.74 at m = 110 and 110.78 at 111.
    ("karpinski1997", (2, 1), SIGMOID, BINARY, 111),
    # 4 * 3 + 5 = 17 parameters: 36 points.
    ("sontag1997", (2, 4, 1), TANH, BINARY, 36),
    ("sontag1997", (2, 4, 9), TANH, Question(9), 36),
    # 17 parameters; less 4 units; the last layer's 5; quadratics in two variables.
    ("generic-labels", (2, 4, 1), TANH, REAL, 18),
    ("generic-labels", (2, 4, 1), RELU, REAL, 14),
    ("generic-labels", (2, 4, 1), THRESHOLD, REAL, 6),
    ("generic-labels", (2, 40, 1), power(2), REAL, 7),
    # 3 outputs: 4 * 3 + 5 * 3 = 27 parameters, less 4, for 3 numbers a point.
    ("generic-labels", (2, 4, 3), RELU, REAL, 8),
    # Rank 1 maps from R^3 to R^2: 1 * (3 + 2 - 1) + 2 = 6 dimensions, 2 a point.
    ("generic-labels", (3, 1, 2), IDENTITY, REAL, 4),
    # 5 tokens: 4 * 3 + 5 * 4 = 32 parameters and 4 numbers a context.
    ("madden2024-next-token", (2, 4, 5), TANH, Question(5, distributions=True), 9),
    # 17 parameters of 8 bits are 136 bits; 4 classes take 2 bits a point, of 4 outputs 32.
    ("finite-precision", (2, 4, 1), RELU, Question(2, bits=8), 137),
    ("finite-precision", (2, 4, 4), RELU, Question(4, bits=8), 129),
    ("finite-precision", (2, 4, 1), RELU, Question(4, bits=8), 69),
    # 136 + log2(100) = 142.6.
    ("finite-precision-random", (2, 4, 1), RELU, Question(2, bits=8), 143),
    # sqrt(n) > sqrt(2) (2 + sqrt(2 ln 100)) W = 7.12036 W: n > 5069.95 at W = 10.
    ("bubeck2020-total-weight", (2, 4, 1), RELU, Question(2, total_weight=10), 5070),
]


@pytest.mark.parametrize(("key", "widths", "activation", "question", "expected"), BY_HAND)
def test_the_number_is_that_of_the_formula(
    key: str,
    widths: tuple[int, ...],
    activation: Activation,
    question: Question,
    expected: int | None,
) -> None:
    found = BOUNDS[key].first_impossible(Architecture(widths, activation), question)
    assert found == expected


def test_every_bound_is_tried() -> None:
    tried = {row[0] for row in BY_HAND}
    guaranteed = {key for key, bound in BOUNDS.items() if bound.kind == "guaranteed"}
    assert tried | {f"{key}-random" for key in tried} | guaranteed >= set(BOUNDS)


def test_a_unit_less_than_points_suffices() -> None:
    bound = BOUNDS["bubeck2020-any-points"]
    assert bound.suffices is not None
    for activation in (RELU, THRESHOLD, TANH, GELU):
        assert bound.suffices(9, Architecture((2, 3, 1), activation), REAL) == (8,)
    assert bound.suffices(9, Architecture((2, 3, 1), power(3)), REAL) is None
    assert bound.suffices(2, Architecture((2, 1)), REAL) == ()


ACTIVATIONS = st.sampled_from(
    [RELU, leaky(), HARD_TANH, THRESHOLD, SIGMOID, TANH, GELU, SIN, power(2), power(3), IDENTITY]
)
WIDTHS = st.lists(st.integers(1, 60), min_size=2, max_size=6).map(tuple)
QUESTIONS = st.builds(
    Question,
    classes=st.sampled_from([None, 2, 3, 10]),
    separation=st.none() | st.floats(0.01, 1),
    bits=st.none() | st.sampled_from([8, 32]),
    total_weight=st.none() | st.floats(1, 100),
)


@given(widths=WIDTHS, activation=ACTIVATIONS, question=QUESTIONS, data=st.data())
def test_bounds_grow_with_every_width(
    widths: tuple[int, ...], activation: Activation, question: Question, data: st.DataObject
) -> None:
    if len(widths) < 3:
        return
    k = data.draw(st.integers(1, len(widths) - 2))
    wider = (*widths[:k], widths[k] + data.draw(st.integers(1, 20)), *widths[k + 1 :])
    for bound in BOUNDS.values():
        small, large = (
            bound.first_impossible(Architecture(w, activation), question) for w in (widths, wider)
        )
        assert small is None or large is None or small <= large, bound.key


@given(widths=WIDTHS, activation=ACTIVATIONS, question=QUESTIONS)
def test_less_knowledge_gives_weaker_bounds(
    widths: tuple[int, ...], activation: Activation, question: Question
) -> None:
    architecture = Architecture(widths, activation)
    for bound in BOUNDS.values():
        known = bound.first_impossible(architecture, question)
        guessed = bound.first_impossible(architecture.outline, question)
        assert guessed is None or (known is not None and known <= guessed), bound.key


@given(widths=WIDTHS, activation=ACTIVATIONS, classes=st.sampled_from([2, 3, 10]))
def test_random_labels_take_more_points_than_the_worst(
    widths: tuple[int, ...], activation: Activation, classes: int
) -> None:
    question = Question(classes, bits=32)
    for key, bound in BOUNDS.items():
        if key.endswith("-random"):
            worst, random = (
                b.first_impossible(Architecture(widths, activation), question)
                for b in (BOUNDS[key.removesuffix("-random")], bound)
            )
            assert (worst is None) == (random is None)
            assert worst is None or (random is not None and worst <= random)


@given(hidden=st.lists(st.integers(1, 300), min_size=1, max_size=8), d=st.integers(1, 500))
def test_the_numeric_root_is_below_the_closed_form(hidden: list[int], d: int) -> None:
    relu = Architecture((d, *hidden, 1))
    if sum(hidden) > 2:
        found = BOUNDS["bartlett2019"].first_impossible(relu, BINARY)
        assert found is not None
        assert found <= bartlett.closed_form(relu) + 1
    W, k = relu.parameters, sum(hidden) + 1
    sigmoid = BOUNDS["karpinski1997"].first_impossible(Architecture(relu.widths, SIGMOID), BINARY)
    assert sigmoid is not None
    assert sigmoid <= karpinski.closed_form(W, k) + 1
    threshold = Architecture(relu.widths, THRESHOLD)
    cover = BOUNDS["cover1965"].first_impossible(threshold, BINARY)
    assert cover is not None
    assert cover <= math.floor(vc_dimension(W, k)) + 1


def test_one_class_is_always_possible() -> None:
    for bound in BOUNDS.values():
        assert bound.first_impossible(Architecture((2, 3, 1)), Question(1, bits=32)) is None


def test_bounds_say_where_they_come_from() -> None:
    for key, bound in BOUNDS.items():
        assert bound.key == key
        assert bound.title
        assert bound.statement.endswith(".")
        assert bound.constants
        if bound.kind == "guaranteed":
            assert bound.suffices
        else:
            assert bound.points or bound.of_outline
        assert bound.scope == "every" or bound.hypotheses


@pytest.mark.parametrize(
    "options",
    [{"bits": 0}, {"total_weight": 0}, {"classes": None, "distributions": True}, {"failure": 1}],
)
def test_meaningless_questions_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(OptionError):
        Question(**options)  # type: ignore[arg-type]


def test_meaningless_outlines_are_refused() -> None:
    with pytest.raises(OptionError):
        Outline(inputs=0, outputs=1, parameters=4)
