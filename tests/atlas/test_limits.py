"""Theorems and bounds never contradict one another, and know of more with more room."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rote.atlas import guarantee, limits
from rote.atlas.limits import Limits
from rote.atlas.shape import shape_of_widths
from rote.bounds import BOUNDS, Architecture, Question
from rote.constructions import CATALOGUE, make
from rote.constructions._template import Template
from rote.data import Problem
from rote.errors import AssumptionError
from rote.network import Activation
from rote.network.activation import (
    GELU,
    HARD_TANH,
    RELU,
    SIGMOID,
    SIN,
    TANH,
    THRESHOLD,
    leaky,
    power,
)

ACTIVATIONS = st.sampled_from(
    [RELU, leaky(0.25), HARD_TANH, THRESHOLD, SIGMOID, TANH, GELU, SIN, power(2), power(3)]
)
WIDTHS = st.tuples(
    st.integers(1, 800),
    st.lists(st.integers(1, 300), max_size=5),
    st.sampled_from([1, 2, 10]),
)
QUESTIONS = st.builds(
    Question,
    classes=st.sampled_from([None, 2, 3, 10]),
    separation=st.none() | st.floats(1e-3, 1),
)


def asked(widths: tuple[int, list[int], int], activation: Activation, question: Question) -> Limits:
    d, hidden, outputs = widths
    return limits.limits(shape_of_widths((d, *hidden, outputs), activation), question)


@given(widths=WIDTHS, activation=ACTIVATIONS, question=QUESTIONS)
@settings(max_examples=150)
def test_no_guarantee_reaches_an_impossibility(
    widths: tuple[int, list[int], int], activation: Activation, question: Question
) -> None:
    found = asked(widths, activation, question)
    for known in found.guaranteed:
        needs = known.key in CATALOGUE and CATALOGUE[known.key].theorem.hypotheses
        for bound in found.impossible:
            if not needs or bound.scope != "special":
                assert known.points < bound.points, (known.key, bound.key)


@given(
    n=st.integers(1, 10**4),
    d=st.integers(1, 1000),
    classes=st.sampled_from([None, 2, 10]),
    outputs=st.integers(1, 3),
    separation=st.none() | st.floats(1e-4, 1),
)
@settings(max_examples=60)
def test_no_promised_size_is_impossible(
    n: int, d: int, classes: int | None, outputs: int, separation: float | None
) -> None:
    outputs = outputs if classes is None else 1
    question = Question(classes, separation)
    for key, kind in CATALOGUE.items():
        task = "real" if classes is None else "classes"
        theorem, construction = kind.theorem, make(key)
        if task not in theorem.tasks or theorem.skips:
            continue
        try:
            widths = construction.promise(Problem(n, d, classes, outputs, separation)).widths
        except AssumptionError:
            continue
        # A catalogue names its own default first.
        name = getattr(construction, "activation", theorem.activations[0])
        if (
            widths is None
            or len(widths) > 500
            or name not in ("relu", "hard-tanh", "threshold", "tanh")
        ):
            continue
        read = outputs if classes in (None, 2) else 10
        network = Architecture((d, *(max(w, 1) for w in widths), read), Activation(name))
        for bound in BOUNDS.values():
            least = bound.first_impossible(network, question)
            if least is not None and (not theorem.hypotheses or bound.scope != "special"):
                assert n < least, (key, bound.key)


@given(widths=WIDTHS, activation=ACTIVATIONS, question=QUESTIONS, data=st.data())
@settings(max_examples=100)
def test_guarantees_grow_with_width_and_depth(
    widths: tuple[int, list[int], int],
    activation: Activation,
    question: Question,
    data: st.DataObject,
) -> None:
    d, hidden, outputs = widths
    assume(hidden)
    wider = [w + data.draw(st.integers(0, 30)) for w in hidden]
    equal = [max(hidden)] * len(hidden)
    deeper = [*equal, equal[-1]]
    for less, more in ((hidden, wider), (equal, deeper)):
        before, after = (
            {g.key: g.points for g in asked((d, w, outputs), activation, question).guaranteed}
            for w in (less, more)
        )
        if max(less) < (question.classes or outputs):
            continue  # too narrow to hand on all outputs
        for key, points in before.items():
            assert after.get(key, 0) >= points, key


def test_the_network_of_the_introduction() -> None:
    binary = asked((784, [500, 500], 10), RELU, Question(2))
    assert binary.certain is not None
    assert (binary.certain.key, binary.certain.points) == ("yun2019-three-layer", 125_000)
    assert binary.conditional is not None
    assert (binary.conditional.key, binary.conditional.points) == ("bubeck2020-slabs", 196_250)
    assert binary.first is not None
    assert (binary.first.key, binary.first.points) == ("yun2019-product", 251_003)
    assert binary.open == (125_001, 251_002)
    assert binary.hopeless is not None
    assert binary.hopeless.key == "bartlett2019-random"


def test_one_threshold_layer_is_settled_on_any_points() -> None:
    found = asked((20, [300], 1), THRESHOLD, Question(2))
    assert found.certain is not None
    assert found.certain.points == 301
    assert found.first is not None
    assert found.first.points == 302
    assert found.open is None


def test_bits_and_weights_leave_nothing_guaranteed() -> None:
    for question in (Question(2, bits=32), Question(2, total_weight=10.0)):
        found = asked((20, [300], 1), RELU, question)
        assert found.guaranteed == ()
        assert found.certain is None
        assert found.open == (1, found.impossible[0].points - 1)


def test_a_new_construction_and_a_new_bound_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    theorem = replace(Template.theorem, key="new", activations=("relu",))
    monkeypatch.setattr(Template, "theorem", theorem)
    monkeypatch.setitem(CATALOGUE, "new", Template)
    monkeypatch.setattr(guarantee, "CATALOGUE", CATALOGUE)
    bound = replace(BOUNDS["generic-labels"], key="newer", points=lambda a, q: 7)
    monkeypatch.setitem(BOUNDS, "newer", bound)
    found = asked((20, [30], 1), RELU, Question(None))
    assert "new" in {g.key for g in found.guaranteed}
    assert found.first is not None
    assert (found.first.key, found.first.points) == ("newer", 7)


def test_a_promise_that_does_not_depend_on_n_is_no_guarantee() -> None:
    assert "vershynin2020" not in {
        g.key for g in asked((20, [300, 300], 1), THRESHOLD, Question(2)).guaranteed
    }
    assert guarantee.largest(lambda n: True) is None
    assert guarantee.largest(lambda n: n <= 37) == 37
    assert guarantee.largest(lambda n: False) == 0
