"""Decisions: what they decide, and the law that ties it to their slacks."""

from __future__ import annotations

import copy
import pickle
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Self

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rote.errors import OptionError
from rote.network import ArgMax, Bits, Columns, Decision, Nearest, Sign, Value
from rote.typing import Array, Floats, Integers
from strategies import decisions

LABELLED = (ArgMax, Bits, Nearest, Sign)


@dataclass(frozen=True)
class Numbers:
    """Vectors of floats, or of Fractions (dtype object), as plain arrays."""

    array: Array

    def take(self, columns: Integers) -> Self:
        return type(self)(np.take_along_axis(self.array, columns, axis=1))

    def signed(self, sign: Integers) -> Self:
        assert set(np.unique(sign).tolist()) <= {-1, 1}
        return type(self)(self.array * sign)

    def minus(self, other: Self) -> Self:
        return type(self)(self.array - other.array)

    def plus_constant(self, constant: Floats) -> Self:
        assert constant.dtype == np.float64
        if self.array.dtype == object:
            constant = np.frompyfunc(Fraction, 1, 1)(constant)
        return type(self)(self.array + constant)


def slacks(decision: Decision, raw: Array, target: Array) -> Array:
    slack = decision.slack(Numbers(raw), target).array
    assert slack.ndim == 2
    assert len(slack) == len(raw)
    return slack


quarters = st.integers(-40, 40).map(lambda k: k / 4)
exact_outputs = st.one_of(
    quarters.map(Fraction),
    st.builds(Fraction, st.integers(-(10**30), 10**30), st.integers(1, 10**29)),
)


@pytest.mark.parametrize("exact", [False, True])
@given(st.data())
def test_decided_exactly_where_all_slacks_are_positive(exact: bool, data: st.DataObject) -> None:
    decision, outputs = data.draw(decisions())
    row = st.lists(exact_outputs if exact else quarters, min_size=outputs, max_size=outputs)
    rows = data.draw(st.lists(row, min_size=1, max_size=4))
    raw = np.array(rows, dtype=object if exact else np.float64).reshape(len(rows), outputs)
    if isinstance(decision, Value):
        target = data.draw(st.lists(quarters, min_size=raw.size, max_size=raw.size))
        wanted = np.array(target).reshape(raw.shape)
        room = slacks(decision, raw, wanted)
        for out, want, slack in zip(raw, wanted, room, strict=True):
            off = max(abs(Fraction(a) - Fraction(b)) for a, b in zip(out, want, strict=True))
            assert (off < Fraction(decision.tolerance)) == (slack > 0).all()
            assert np.array_equal(decision.decide(raw), raw)
        return
    codes = decision.decide(raw)
    assert codes.dtype == np.int64
    sizes = [len(own) for own in decision.labels] if isinstance(decision, Columns) else []
    assert codes.shape == (len(raw), *[len(sizes)] * bool(sizes))
    for t in product(*map(range, sizes)) if sizes else range(len(decision.labels)):
        room = slacks(decision, raw, np.array([t] * len(raw)))
        for code, slack in zip(codes, room, strict=True):
            if (slack > 0).all():
                assert np.array_equal(code, t)
            elif (slack < 0).any():
                assert not np.array_equal(code, t)


@given(decisions())
def test_labels_and_codes_stand_for_one_another(drawn: tuple[Decision, int]) -> None:
    decision, _ = drawn
    assume(decision.labels is not None)
    if isinstance(decision, Columns):
        codes = np.array(list(product(*(range(len(own)) for own in decision.labels))))
        assert decision.columns == len(decision.labels)
    else:
        codes = np.arange(len(decision.labels))
    named = decision.named(codes)
    assert decision.codes_of(named).tolist() == codes.tolist()
    assert (named.ndim == 1) == (decision.columns == 1)
    strange = np.full_like(named, "no such label", dtype=object)
    assert (decision.codes_of(strange) == -1).all()
    assert pickle.loads(pickle.dumps(decision)).listed == decision.listed


@given(st.data())
def test_slacks_move_no_faster_than_promised(data: st.DataObject) -> None:
    decision, outputs = data.draw(decisions())
    raw = np.array([data.draw(st.lists(quarters, min_size=outputs, max_size=outputs))])
    step = np.array([data.draw(st.lists(quarters, min_size=outputs, max_size=outputs))])
    several = isinstance(decision, Value | Columns)
    target = np.zeros((1, outputs) if several else 1, np.int64)
    exact = np.frompyfunc(Fraction, 1, 1)
    one, other = (slacks(decision, exact(a), target) for a in (raw, raw + step))
    if one.size:
        assert np.abs(other - one).max() <= decision.slack_per_distance * np.abs(step).max()


def test_nearest() -> None:
    decision = Nearest(np.array(["a", "b", "c"]))
    raw = np.array([[-9.0], [0.25], [0.75], [1.25], [1.75], [9.0]])
    assert decision.decide(raw).tolist() == [0, 0, 1, 1, 2, 2]
    assert decision.label(raw).tolist() == ["a", "a", "b", "b", "c", "c"]
    assert slacks(decision, raw[2:3], np.array([1])).tolist() == [[0.25, 0.75]]
    assert slacks(decision, raw[:1], np.array([0])).tolist() == [[9.5, 9.5]]
    assert slacks(decision, raw[5:], np.array([2])).tolist() == [[7.5, 7.5]]
    single = Nearest(np.array(["only"]))
    assert single.decide(raw).tolist() == [0] * 6
    assert slacks(single, raw, np.zeros(6, np.int64)).shape == (6, 0)


def test_columns() -> None:
    decision = Columns((np.array(["a", "b", "c"]), np.array([5]), np.array([True, False])))
    raw = np.array([[0.25, 9.0, 0.75], [1.75, -9.0, -3.0]])
    assert decision.decide(raw).tolist() == [[0, 0, 1], [2, 0, 0]]
    labels = decision.label(raw)
    assert labels.dtype == object
    assert labels.tolist() == [["a", 5, False], ["c", 5, True]]
    room = slacks(decision, raw, np.array([[0, 0, 1], [1, 0, 0]]))
    assert room.tolist() == [[0.25, 0.25, 0.25, 0.25], [1.25, -0.25, 3.5, 3.5]]
    same = Columns((np.array([4, 5]), np.array([6, 7])))
    assert same.label(raw[:, :2]).dtype == np.int64


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ((np.array([1, 2]),), "two columns or more"),
        ((np.array([1, 2]), np.empty(0)), "needs labels of shape"),
        ((np.array([1, 2]), np.array([3, 3])), "must be different"),
        ((np.array([1, 2]), np.array([[1, 2], [3, 4]])), "one list of labels for each"),
    ],
)
def test_bad_columns(labels: tuple[Array, ...], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        Columns(labels)


def test_sign() -> None:
    decision = Sign(np.array([False, True]))
    raw = np.array([[-1.0], [0.0], [2.0]])
    assert decision.label(raw).tolist() == [False, False, True]
    assert slacks(decision, raw, np.array([0, 0, 1])).tolist() == [[1], [0], [2]]
    assert slacks(decision, raw, np.array([1, 1, 0])).tolist() == [[-1], [0], [-2]]


def test_bits_beyond_the_last_label() -> None:
    decision = Bits(np.array([10, 20, 30]))
    raw = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    assert decision.decide(raw).tolist() == [0, 1, 2, 3]
    assert decision.label(raw).tolist() == [10, 20, 30, 30]
    assert slacks(decision, raw[1:2], np.array([2])).tolist() == [[-0.5, -0.5]]


def test_argmax_ties_are_wrong_for_every_class() -> None:
    decision = ArgMax(np.array([1, 2, 3]))
    raw = np.array([[4.0, 4.0, 0.0]])
    assert slacks(decision, raw, np.array([0])).tolist() == [[0.0, 4.0]]
    assert slacks(decision, raw, np.array([1])).tolist() == [[0.0, 4.0]]
    assert slacks(decision, raw, np.array([2])).tolist() == [[-4.0, -4.0]]


@pytest.mark.parametrize(
    ("decision", "outputs", "message"),
    [
        (Nearest(np.array([1, 2])), 2, "'nearest' needs 1 output, not 2"),
        (Sign(np.array([1, 2])), 2, "'sign' needs 1 output, not 2"),
        (Sign(np.array([1, 2, 3])), 1, "'sign' needs two labels, not 3"),
        (Bits(np.array([1, 2, 3])), 3, "'bits' needs 2 outputs, not 3"),
        (ArgMax(np.array([1, 2, 3])), 2, "'argmax' needs 3 outputs, not 2"),
        (Columns((np.array([1, 2]), np.array([3]))), 1, "'columns' needs 2 outputs, not 1"),
    ],
)
def test_decisions_need_their_outputs(decision: Decision, outputs: int, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        decision.check(outputs)


@pytest.mark.parametrize("kind", LABELLED)
@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.empty(0), "needs labels of shape"),
        (np.ones((2, 1)), "needs labels of shape"),
        (np.array([1, 1]), "must be different"),
        (np.array([1, True], dtype=object), "must be different"),
        (np.array([[1], None], dtype=object), "must be hashable"),
    ],
)
def test_meaningless_labels(kind: type[Nearest], labels: Array, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        kind(labels)


@pytest.mark.parametrize("tolerance", [0.0, -1.0, np.inf, np.nan])
def test_meaningless_tolerances(tolerance: float) -> None:
    with pytest.raises(OptionError, match="positive and finite"):
        Value(tolerance)


@pytest.mark.parametrize("kind", LABELLED)
@pytest.mark.parametrize("labels", [[3, 4], ["a", "b"], [1, "b"]])
def test_labels_cannot_be_changed_through_any_reference(
    kind: type[Nearest], labels: list[object]
) -> None:
    mixed = len({type(v) for v in labels}) > 1
    array = np.array(labels, dtype=object if mixed else None)
    decision = kind(array)
    array[0] = array[1]
    for one in (decision, copy.deepcopy(decision)):
        assert one.labels.tolist() == labels
        with pytest.raises(ValueError, match="read-only"):
            one.labels[0] = one.labels[1]
