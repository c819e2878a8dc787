"""The data set: what is held, merged, refused, and how it is said."""

from __future__ import annotations

import contextlib
import pickle
import re
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rote.data import DataSet, Problem
from rote.errors import ContradictionError, DataError, OptionError, PrecisionError, RoteError
from rote.typing import Array

FINITE = st.floats(allow_nan=False, allow_infinity=False)
SHAPES = hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=6)


class NotAvailable:
    """Like pandas' NA: it refuses to say whether it equals itself."""

    def __bool__(self) -> bool:
        raise TypeError("boolean value of NA is ambiguous")

    def __eq__(self, other: object) -> NotAvailable:  # type: ignore[override]
        return self

    __ne__ = __eq__  # type: ignore[assignment]

    def __hash__(self) -> int:
        return 7


# ------------------------------------------------------------------------------------- points


@given(hnp.arrays(np.float64, SHAPES, elements=FINITE))
def test_floats_are_held_as_given(X: Array) -> None:
    data = DataSet.from_arrays(X, np.zeros(len(X)))
    assert np.array_equal(data.points, X[data.rows])
    assert data.n + data.merged == len(X)


@pytest.mark.parametrize(
    ("given_dtype", "held"),
    [
        ("bool", "uint8"), ("int8", "int8"), ("uint8", "uint8"), ("int32", "int32"),
        ("uint32", "uint32"), ("int64", "int64"), ("uint64", "int64"), ("float16", "float32"),
        ("float32", "float32"), ("float64", "float64"), (">f8", "float64"), (">i2", "int16"),
    ],
)  # fmt: skip
def test_dtypes(given_dtype: str, held: str) -> None:
    X = np.array([[0, 1], [1, 1], [1, 0]]).astype(given_dtype)
    data = DataSet.from_arrays(X, [0, 1, 2])
    assert data.points.dtype == held
    assert data.points.dtype.isnative
    assert data.points.tolist() == [[0, 1], [1, 1], [1, 0]]
    assert data.digest == DataSet.from_arrays(X.astype(np.float64), [0.0, 1.0, 2.0]).digest


@pytest.mark.parametrize("value", [2**53, -(2**53)])
def test_integers_up_to_the_limit(value: int) -> None:
    assert DataSet.from_arrays([[value]], [0]).points.tolist() == [[value]]


BAD_POINTS = {
    "large int64": (
        np.array([[1, 2], [3, 2**53 + 1]]),
        "Row 1, column 1: integers must lie within",
    ),
    "large negative": (
        np.array([[-(2**53) - 1]]),
        "Row 0, column 0: integers must lie within 2^53",
    ),
    "least int64": (np.array([[-(2**63)]]), "not -9223372036854775808. Split it"),
    "large uint64": (np.array([[2**64 - 1]], np.uint64), "not 18446744073709551615. Split it"),
    "beyond 64 bits": ([[1], [2**70]], "Row 1, column 0: integers must lie within 2^53"),
    "rounded by numpy": ([[2**53 + 1, 0.5]], "Row 0, column 0: integers must lie within 2^53"),
    "rounded mixture": ([[2**63, -1]], "Row 0, column 0: integers must lie within 2^53"),
    "NaN": (
        np.array([[1.0, 2.0], [3.0, np.nan]]),
        "Row 1, column 1: values must be finite, not nan",
    ),
    "inf": (np.array([[np.inf]]), "Row 0, column 0: values must be finite, not inf. Drop or fill"),
    "text": ([[1, "two"]], "Row 0, column 1: values must be numbers, not 'two'. Encode the column"),
    "None": ([[1, None]], "Row 0, column 1: values must be numbers, not None"),
    "fraction": ([[Fraction(1, 3)]], "Row 0, column 0: values must be numbers, not Fraction(1, 3"),
    "text array": (
        np.array([["a"]]),
        "X must hold booleans, integers or floats of at most 64 bits",
    ),
    "complex": (np.array([[1j]]), "not complex128. Encode other columns"),
    "long floats": (np.array([[1]], np.longdouble), "floats of at most 64 bits, not"),
    "dates": (np.array([["2020-01-01"]], "M8[D]"), "not datetime64[D]"),
    "ragged": ([[1, 2], [3]], "X must be an array or rows of equal length"),
    "one axis": ([1, 2], "X must have shape (n, d), not (2,). One feature is X.reshape"),
    "a number": (5, "X must have shape (n, d), not ()"),
    "no rows": (np.empty((0, 3)), "at least one row and one column, not 0 x 3"),
    "no columns": (np.empty((3, 0)), "at least one row and one column, not 3 x 0"),
    "masked": (np.ma.masked_greater(np.array([[1, 5]]), 3), "X must have no masked entries"),
}


@pytest.mark.parametrize(("X", "rule"), BAD_POINTS.values(), ids=BAD_POINTS)
def test_bad_points_are_refused(X: Array, rule: str) -> None:
    with pytest.raises(DataError, match=re.escape(rule)) as caught:
        DataSet.from_arrays(X, np.zeros(2))
    assert "\n" not in str(caught.value)
    if str(caught.value).startswith("Row"):
        assert caught.value.rows == (int(str(caught.value).split()[1].rstrip(",")),)


def test_messages_use_the_names_of_features() -> None:
    with pytest.raises(DataError, match="Row 0, column 'height': values must be finite"):
        DataSet.from_arrays([[1.0, np.nan]], [0], features=("age", "height"))
    with pytest.raises(DataError, match=r"one name per feature \(2\), not 1"):
        DataSet.from_arrays([[1.0, 2.0]], [0], features=("age",))


def test_arrays_are_read_only_and_shared() -> None:
    X = np.array([[1.0], [2.0]])
    data = DataSet.from_arrays(X, [[0.5], [1.5]])
    assert np.shares_memory(data.points, X)
    for array in (data.points, data.rows, data.targets):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 3  # type: ignore[index]
    X[0] = 1.0  # the caller's own array stays writeable


# ------------------------------------------------------------------------------------- labels


@pytest.mark.parametrize(
    ("y", "task", "labels"),
    [
        ([3, 1, 3], "classes", [1, 3]),
        (["b", "a", "b"], "classes", ["a", "b"]),
        ([True, False, True], "classes", [False, True]),
        ([2.0, 1.0, 2.0], "classes", [1.0, 2.0]),
        ([[2], [1], [2]], "classes", [1, 2]),
        ([2**70, 1, 2**70], "classes", [1, 2**70]),
        ([1, "1", 1], "classes", [1, "1"]),
        ([(1, 2), "x", frozenset("a")], "classes", [frozenset("a"), "x", (1, 2)]),
        ([b"b", b"a", b"b"], "classes", [b"a", b"b"]),
        (["a", "a\0", "a"], "classes", ["a", "a\0"]),
        ([0.5, 1, 2], "real", None),
        ([[0, 1], [1, 2], [3, 4]], "real", None),
        ([2**53 + 1, 0.5, 1], "real", DataError),
    ],
)
def test_task_and_labels(y: list[object], task: str, labels: list[object] | type | None) -> None:
    X = [[1], [2], [3]]
    if isinstance(labels, type):
        with pytest.raises(DataError):
            DataSet.from_arrays(X, y)
        return
    if any(isinstance(v, tuple) for v in y):
        given_y = np.empty(3, dtype=object)
        given_y[:] = y
    else:
        given_y = y
    data = DataSet.from_arrays(X, given_y)
    assert data.task == task
    if labels is not None:
        assert data.labels is not None
        assert data.codes is not None
        assert data.labels.tolist() == labels
        held = [data.labels.tolist()[c] for c in data.codes]
        assert held == [v[0] if isinstance(v, list) else v for v in y]


@given(st.lists(st.one_of(st.integers(), st.text(), st.tuples(st.integers())), min_size=1))
def test_codes_name_the_labels_whatever_they_are(values: list[object]) -> None:
    y = np.empty(len(values), dtype=object)
    y[:] = values
    data = DataSet.from_arrays(np.arange(len(y))[:, None], y)
    assert data.labels is not None
    assert data.codes is not None
    assert [data.labels.tolist()[c] for c in data.codes] == values
    backwards = DataSet.from_arrays(np.arange(len(y))[:, None], y[::-1])
    assert backwards.labels is not None
    assert backwards.labels.tolist() == data.labels.tolist()


def test_task_is_what_was_asked() -> None:
    assert DataSet.from_arrays([[1], [2]], [0, 1], task="real").targets.tolist() == [[0.0], [1.0]]  # type: ignore[union-attr]
    assert DataSet.from_arrays([[1], [2]], [0.5, 1.5], task="classes").classes == 2
    with pytest.raises(OptionError, match="task must be 'classes' or 'real', not 'regression'"):
        DataSet.from_arrays([[1]], [0], task="regression")  # type: ignore[arg-type]


BAD_LABELS = {
    "length": ([0, 1, 2], None, "y must have one entry per row of X (2), not shape (3,)"),
    "scalar": (3, None, "y must have one entry per row"),
    "three axes": (np.zeros((2, 1, 1)), None, "shape (n,) or (n, k), not (2, 1, 1)"),
    "no columns": (np.zeros((2, 0)), None, "shape (n,) or (n, k), not (2, 0)"),
    "NaN": ([0.0, np.nan], None, "Row 1: labels must be finite, not nan. Drop the row."),
    "inf in a list": (
        [1.0, -np.inf],
        None,
        "Row 1: labels must be finite, not -inf. Drop the row.",
    ),
    "inf": (
        np.array([[0.0, 1.0], [np.inf, 1.0]]),
        None,
        "Row 1, label column 0: labels must be finite, not inf. Drop",
    ),
    "None": (["a", None], None, "Row 1: the label is missing. Drop the row or name the label."),
    "NaN among names": (np.array(["a", np.nan], object), None, "Row 1: the label is missing"),
    "NA": (np.array(["a", NotAvailable()], object), None, "Row 1: the label is missing"),
    "unhashable": (np.array([{}, {}], object), None, "Class labels must be hashable: unhashable"),
    "complex": ([1j, 2j], None, "Class labels must be numbers or strings, not complex128"),
    "dates": (
        np.array(["2020", "2021"], "M8[Y]"),
        None,
        "must be numbers or strings, not datetime",
    ),
    "None in a column": ([["a", 1], ["b", None]], None, "Row 1, label column 1: the label is mis"),
    "inf in a column": ([["a", np.inf], ["b", 0]], None, "Row 0, label column 1: labels must be"),
    "text among targets": ([[1, 2], [0.5, "a"]], "real", "Row 1, label column 1: real targets"),
    "large in a column": ([[1, "a"], [2**70, 0]], "real", "Row 0, label column 1: real targets"),
    "text as targets": (
        ["a", "b"],
        "real",
        "Row 0: real targets must be finite numbers, not 'a'. Drop the row.",
    ),
    "large targets": (
        np.array([0, 2**53 + 1]),
        "real",
        "Row 1: integer targets must lie within 2^53",
    ),
    "large unsigned": (
        np.array([0, 2**64 - 1], np.uint64),
        "real",
        "not 18446744073709551615. Subtract",
    ),
    "long targets": ([0, 2**70], "real", "Row 1: integer targets must lie within 2^53"),
    "longer than float64": (np.longdouble(1) / np.array([3, 7]), "real", "must fit float64"),
    "ragged": ([[0, 1], [1]], None, "y must be an array or rows of equal length"),
}


@pytest.mark.parametrize(("y", "task", "rule"), BAD_LABELS.values(), ids=BAD_LABELS)
def test_bad_labels_are_refused(y: object, task: str | None, rule: str) -> None:
    with pytest.raises(DataError, match=re.escape(rule)) as caught:
        DataSet.from_arrays([[1], [2]], y, task=task)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


# -------------------------------------------------------------------------- merging, rounding


def test_equal_rows_merge() -> None:
    data = DataSet.from_arrays([[1.0], [0.0], [1.0], [-0.0]], ["a", "b", "a", "b"])
    assert (data.n, data.merged, data.rows.tolist()) == (2, 2, [0, 1])
    assert data.points.tolist() == [[1.0], [0.0]]
    assert data.codes is not None
    assert data.codes.tolist() == [0, 1]
    assert data.information_bits == 2.0


@pytest.mark.parametrize(
    ("y", "labels"),
    [
        (["a", "b", "c"], ("a", "c")),
        ([0, 1, 2], (0, 2)),
        ([[0], [1], [2]], (0, 2)),
        ([0.5, 1.0, 0.25], (0.5, 0.25)),
        ([[1, 2], [0, 0], [1, 3]], ([1, 2], [1, 3])),
    ],
)
def test_contradictions_name_both_rows(y: list[object], labels: tuple[object, object]) -> None:
    with pytest.raises(ContradictionError, match="rows 0 and 2 are equal") as caught:
        DataSet.from_arrays([[0.0], [1.0], [-0.0]], y)
    assert caught.value.rows == (0, 2)
    assert caught.value.labels == labels
    assert f"labelled {labels[0]!r} and {labels[1]!r}" in str(caught.value)


def test_contradictions_come_back_from_other_processes() -> None:
    with pytest.raises(ContradictionError) as caught:
        DataSet.from_arrays([[1], [1]], ["a", "b"])
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (str(copy), copy.rows, copy.labels) == (str(caught.value), (0, 1), ("a", "b"))


def test_rounding_merges_or_refuses() -> None:
    X = np.array([[1.0], [1 + 2.0**-30], [2.0]])
    data = DataSet.from_arrays(X, [0, 0, 1])
    rounded = data.rounded(np.float32)
    assert (rounded.n, rounded.merged, rounded.rows.tolist()) == (2, 1, [0, 2])
    assert data.rounded(np.float64) is data
    clash = DataSet.from_arrays(X, [0, 1, 1])
    with pytest.raises(PrecisionError, match="float32 cannot tell rows 0 and 1 apart") as caught:
        clash.rounded(np.float32)
    assert caught.value.rows == (0, 1)
    huge = DataSet.from_arrays([[0.0], [1e300]], [0, 1], features=("mass",))
    with pytest.raises(PrecisionError, match=r"float32 cannot hold row 1, column 'mass': 1e\+300"):
        huge.rounded(np.float32)


@given(hnp.arrays(np.int8, SHAPES), st.data())
def test_permutation_changes_only_the_order(X: Array, data: st.DataObject) -> None:
    y = np.abs(X.astype(int)).sum(axis=1) % 3
    order = np.array(data.draw(st.permutations(range(len(X)))))
    one, other = DataSet.from_arrays(X, y), DataSet.from_arrays(X[order], y[order])
    assert one.merged == other.merged
    assert one.labels is not None
    assert other.labels is not None
    assert one.labels.tolist() == other.labels.tolist()
    assert {tuple(p) for p in one.points.tolist()} == {tuple(p) for p in other.points.tolist()}


# ------------------------------------------------------------------------------ digest, words


def test_digest_depends_on_values_alone() -> None:
    X, y = np.array([[0.0, 1.0], [2.0, 3.0]]), np.array([1, 2])
    digest = DataSet.from_arrays(X, y).digest
    same = [
        (X.astype(np.float32), y),
        (X.astype(int), y * 1.0),
        (X * -1 * -1, y),
        (np.asfortranarray(X), y),
    ]
    assert all(DataSet.from_arrays(a, b).digest == digest for a, b in same)
    different = [(X + 1, y), (X, y[::-1]), (X, y.astype(str)), (X, y + 0.5), (X[::-1], y), (X.T, y)]
    assert len({DataSet.from_arrays(a, b).digest for a, b in different} | {digest}) == 7
    real = DataSet.from_arrays(X, y, task="real").digest
    assert real != digest
    a, b = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[0.0, -0.0], [0.0, 0.0]])
    assert DataSet.from_arrays(a, b).digest == DataSet.from_arrays(a, np.asfortranarray(-b)).digest


def test_digest_separates_labels() -> None:
    names = [["a", "bc"], ["ab", "c"], ["a", "b\x1fc"], ["a\x1fb", "c"], ["1", "2"]]
    digests = {DataSet.from_arrays([[1], [2]], y).digest for y in names}
    assert len(digests) == len(names)


def test_summary() -> None:
    digits = DataSet.from_arrays(
        np.eye(3, dtype=np.uint8)[[0, 1, 2, 0, 0]], ["a", "b", "c", "a", "a"]
    )
    assert digits.summary == "3 points, 3 features of uint8, 3 classes (2 equal rows merged)"
    assert DataSet.from_arrays([[0.5]], [1]).summary == "1 point, 1 feature of float64, 1 class"
    real = DataSet.from_arrays([[0.5], [1], [1]], [[1, 2], [3, 4], [3, 4]])
    assert real.summary == (
        "2 points, 1 feature of float64, 2 real targets each (1 equal row merged)"
    )


def test_problem() -> None:
    data = DataSet.from_arrays([[1, 2], [3, 4]], [[0.5], [1.5]])
    assert data.problem == Problem(n=2, d=2, classes=None, outputs=1)
    assert data.information_bits == float("inf")
    for bad in ({"n": 0}, {"d": 0}, {"outputs": 0}, {"classes": 0}, {"separation": 0.0}):
        with pytest.raises(OptionError):
            Problem(**{"n": 1, "d": 1, **bad})  # type: ignore[arg-type]


@given(
    hnp.arrays(
        st.sampled_from([np.float64, np.int64, np.uint64, np.float16, np.bool_, "U2"]),
        hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3),
    ),
    hnp.arrays(
        st.sampled_from([np.float64, np.int64, np.complex128, np.bool_, "U2", "S2"]),
        hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3),
    ),
)
def test_arrays_from_strangers(X: Array, y: Array) -> None:
    """Any arrays give a data set or an error of Rote's own."""
    with contextlib.suppress(RoteError):
        data = DataSet.from_arrays(X, y)
        assert data.n + data.merged == len(X) == len(y)
