"""Typed columns of tables: every type is held without loss or refused by name."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
import pytest

from rote.data import DataSet
from rote.data.frames import from_frame
from rote.errors import DataError

LIMIT = 2**53


def column(values: list[Any], dtype: Any) -> pl.DataFrame:
    return pl.DataFrame({"a": pl.Series(values, dtype=dtype), "y": list(range(len(values)))})


@pytest.mark.parametrize(
    ("dtype", "values", "held"),
    [
        (pl.Boolean, [True, False], "uint8"),
        (pl.Int8, [-128, 127], "int8"),
        (pl.UInt8, [0, 255], "uint8"),
        (pl.Int16, [-(2**15), 2], "int16"),
        (pl.UInt32, [0, 2**32 - 1], "uint32"),
        (pl.Int64, [-LIMIT, LIMIT], "int64"),
        (pl.UInt64, [0, LIMIT], "int64"),
        (pl.Float32, [0.5, 1e-45], "float32"),
        (pl.Float64, [0.1, 5e-324], "float64"),
        (pl.Decimal(38, 0), [Decimal(LIMIT), Decimal(-3)], "int64"),
        (pl.Decimal(20, 3), [Decimal("0.100"), Decimal("-2.345")], "float64"),
    ],
)
def test_features_are_held(dtype: Any, values: list[Any], held: str) -> None:
    table = from_frame(column(values, dtype), None)
    assert table.X.dtype == held
    expected = [np.float32(v) if held == "float32" else float(v) for v in values]
    assert table.X[:, 0].tolist() == expected
    assert table.features == ("a",)


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [
        (pl.UInt8, pl.Int8, "int16"),
        (pl.Boolean, pl.Float32, "float32"),
        (pl.Int16, pl.Float32, "float32"),
        (pl.Int32, pl.Float32, "float64"),
        (pl.UInt64, pl.Int64, "int64"),
        (pl.Int64, pl.Float64, "float64"),
    ],
)
def test_columns_of_several_types_meet_without_loss(first: Any, second: Any, together: str) -> None:
    frame = pl.DataFrame({"a": [1, 0, 1], "b": [0, 1, 100], "y": [1, 2, 3]})
    frame = frame.with_columns(pl.col("a").cast(first), pl.col("b").cast(second))
    table = from_frame(frame, "y")
    assert table.X.dtype == together
    assert table.X.tolist() == [[1, 0], [0, 1], [1, 100]]


BAD_FEATURES = {
    "Int64": (pl.Int64, [0, LIMIT + 1], "Row 1, column 'a': integers must lie within 2^53"),
    "negative": (pl.Int64, [0, -(2**63)], "not -9223372036854775808. Split it"),
    "UInt64": (pl.UInt64, [2**64 - 1], "Row 0, column 'a': integers must lie within 2^53"),
    "decimal": (pl.Decimal(38, 0), [Decimal(LIMIT + 1)], "integers must lie within 2^53"),
    "null": (pl.Int64, [0, None], "Row 1, column 'a': the value is missing. Drop or fill it."),
    "null float": (pl.Float64, [None, 0.5], "Row 0, column 'a': the value is missing"),
    "only null": (pl.Null, [None], "Row 0, column 'a': the value is missing"),
    "text": (pl.String, ["1.5"], "Row 0, column 'a': values must be numbers, not '1.5'. Encode"),
    "category": (pl.Categorical, ["u"], "Row 0, column 'a': values must be numbers, not 'u'"),
    "enum": (pl.Enum(["u"]), ["u"], "Row 0, column 'a': values must be numbers, not 'u'"),
    "date": (pl.Date, [date(2020, 1, 1)], "column 'a' holds dates or times. Features must be"),
    "datetime": (pl.Datetime, [datetime(2020, 1, 1)], "column 'a' holds dates or times"),
    "duration": (pl.Duration, [timedelta(1)], "column 'a' holds dates or times"),
    "list": (pl.List(pl.Int64), [[1]], "column 'a' holds List(Int64). Features must be numbers"),
    "binary": (pl.Binary, [b"x"], "column 'a' holds Binary"),
    "struct": (pl.Struct({"u": pl.Int8}), [{"u": 1}], "column 'a' holds Struct"),
}


@pytest.mark.parametrize(("dtype", "values", "rule"), BAD_FEATURES.values(), ids=BAD_FEATURES)
def test_bad_features(dtype: Any, values: list[Any], rule: str) -> None:
    with pytest.raises(DataError, match=re.escape(rule)) as caught:
        from_frame(column(values, dtype), None)
    assert "\n" not in str(caught.value)
    assert caught.value.rows == tuple(int(r) for r in re.findall(r"^Row (\d+)", str(caught.value)))


def test_values_that_are_not_finite_are_left_to_the_data_set() -> None:
    table = from_frame(column([1.0, float("nan")], pl.Float64), None)
    with pytest.raises(DataError, match="Row 1, column 'a': values must be finite, not nan"):
        DataSet.from_arrays(table.X, table.y, features=table.features)


@pytest.mark.parametrize(
    ("dtype", "values", "labels"),
    [
        (pl.Boolean, [True, False], [False, True]),
        (pl.Int8, [3, -1], [-1, 3]),
        (pl.UInt64, [2**64 - 1, 0], [0, 2**64 - 1]),
        (pl.Float32, [2.0, 1.0], [1.0, 2.0]),
        (pl.String, ["v", "u"], ["u", "v"]),
        (pl.Categorical, ["v", "u"], ["u", "v"]),
        (pl.Enum(["v", "u"]), ["v", "u"], ["u", "v"]),
        (pl.Decimal(10, 0), [Decimal(2), Decimal(1)], [1, 2]),
        (pl.Decimal(10, 1), [Decimal("2.0"), Decimal("1.0")], [1.0, 2.0]),
    ],
)
def test_labels(dtype: Any, values: list[Any], labels: list[object]) -> None:
    frame = pl.DataFrame({"a": [1, 2], "y": pl.Series(values, dtype=dtype)})
    table = from_frame(frame, None)
    data = DataSet.from_arrays(table.X, table.y)
    assert data.labels is not None
    assert data.labels.tolist() == labels


@pytest.mark.parametrize(
    ("dtype", "values", "rule"),
    [
        (pl.String, ["u", None], "Row 1, column 'y': the label is missing. Drop the row."),
        (pl.Int64, [None, 1], "Row 0, column 'y': the label is missing"),
        (pl.Date, [date(2020, 1, 1)] * 2, "column 'y' holds Date. Labels must be numbers, truth"),
        (pl.Binary, [b"u", b"v"], "column 'y' holds Binary"),
        (pl.List(pl.Int64), [[1], [2]], "column 'y' holds List(Int64)"),
    ],
)
def test_bad_labels(dtype: Any, values: list[Any], rule: str) -> None:
    frame = pl.DataFrame({"a": [1, 2], "y": pl.Series(values, dtype=dtype)})
    with pytest.raises(DataError, match=re.escape(rule)):
        from_frame(frame, None)


def test_several_targets() -> None:
    frame = pl.DataFrame({"a": [1, 2], "u": [0.5, 1.5], "v": [3, 4], "w": ["p", "q"]})
    assert from_frame(frame.drop("w"), "v,u").y.tolist() == [[3.0, 0.5], [4.0, 1.5]]
    assert from_frame(frame, "w,v").y.tolist() == [["p", 3], ["q", 4]]


@pytest.mark.parametrize(
    ("frame", "rule"),
    [
        (pl.DataFrame({"y": [1]}), "the table has one column."),
        (pl.DataFrame({"a": [], "y": []}), "the table has no rows."),
        (pl.DataFrame({"a": [1], "__index_level_0__": [0]}), "only counts rows. Save the table"),
    ],
)
def test_bad_tables(frame: pl.DataFrame, rule: str) -> None:
    with pytest.raises(DataError, match=re.escape(rule)):
        from_frame(frame, None)


@pytest.mark.parametrize("dtype", [getattr(pl, "Int128", pl.Decimal(38, 0))])
def test_integers_of_128_bits(dtype: Any) -> None:
    """Polars has had them since version 1.18; decimals are as wide."""
    frame = pl.DataFrame(
        {
            "a": pl.Series([-LIMIT, LIMIT]).cast(dtype),
            "y": pl.Series([Decimal(2**100), Decimal(1)], dtype=pl.Decimal(38, 0)).cast(dtype),
        }
    )
    table = from_frame(frame, None)
    assert table.X.dtype == np.int64
    assert table.X.ravel().tolist() == [-LIMIT, LIMIT]
    assert table.y.tolist() == [2**100, 1]
    with pytest.raises(DataError, match=r"not 1267650600228229401496703205376\. Split"):
        from_frame(frame, "a")
