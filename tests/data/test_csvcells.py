"""Cells and lines of csv files: the fast reader against the plain one and against Python."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rote.data import DataSet, csvcells
from rote.data.read import read
from rote.errors import DataError


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("csv") / "table.csv"


def refused(path: Path, text: str | bytes, **options: object) -> str:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DataError) as caught:
        read(path, **options)  # type: ignore[arg-type]
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    return message.removeprefix(str(path))


def accepted(path: Path, text: str | bytes, **options: object) -> DataSet:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(path, **options)  # type: ignore[arg-type]


# -------------------------------------------------------------------------------- feature cells


SPELLINGS = {
    "1": 1, "+1": 1, "-1": -1, "007": 7, " 3 ": 3, '"4"': 4, "1.": 1, ".5": 0.5, "-.5": -0.5,
    "1e3": 1000, "1E-3": 0.001, "0.1": 0.1, "-0": 0, "2.5e-324": 5e-324, "1e-400": 0,
    "9007199254740992": 2**53, "-9007199254740992": -(2**53), "9007199254740993.0": 2**53,
    "1e22": 1e22, "0.1000000000000000055511151231257827021181583404541015625": 0.1,
    "123456789012345678e-2": 1234567890123456.78,
}  # fmt: skip


@pytest.mark.parametrize(("text", "value"), SPELLINGS.items())
def test_spellings_of_numbers(path: Path, text: str, value: float) -> None:
    for other in ("1", "0.25"):
        data = accepted(path, f"a,b,y\n99,1,u\n{text},{other},v\n")
        assert data.points[1, 0] == value


BAD_CELLS = {
    "x": "values must be numbers, not 'x'. Encode the column as numbers, or drop it.",
    "1 2": "values must be numbers, not '1 2'",
    "1_000": "values must be numbers, not '1_000'",
    "0x10": "values must be numbers, not '0x10'",
    "2020-01-01": "values must be numbers, not '2020-01-01'",
    "NA": "values must be numbers, not 'NA'",
    '"1,5"': "values must be numbers, not '1,5'",
    "": "the value is missing. Drop or fill the row.",
    "  ": "the value is missing.",
    '""': "the value is missing.",
    "nan": "values must be finite float64 numbers, not nan. Drop or fill the row.",
    "-inf": "values must be finite float64 numbers, not -inf",
    "1e400": "values must be finite float64 numbers, not 1e400",
    "9007199254740993": "integers must lie within 2^53, where float64 holds them exactly, not 9",
    "-9007199254740993": "integers must lie within 2^53",
    "123456789012345678901234567890": "integers must lie within 2^53",
    "9"
    * 5000: f"integers must lie within 2^53, where float64 holds them exactly, not {'9' * 37}...",
    "x" * 5000: f"values must be numbers, not '{'x' * 37}...'. Encode",
}


@pytest.mark.parametrize(("text", "rule"), BAD_CELLS.items())
@pytest.mark.parametrize("other", ["1", "0.5"])
def test_bad_cells(path: Path, text: str, rule: str, other: str) -> None:
    table = f"a,b,y\n1,{other},u\n\n2,{text},v\n3,zzz,w\n"
    if "zzz" not in rule:
        table = table.replace("zzz", "7")
    assert refused(path, table).startswith(f", line 4: Row 1, column 'b': {rule}")
    headless = table.split("\n", 1)[1].replace(",u", ",1").replace(",v", ",2").replace(",w", ",3")
    assert refused(path, headless).startswith(f", line 3: Row 1, column 1: {rule}")


def test_truth_values_are_numbers(path: Path) -> None:
    data = accepted(path, "a,b\ntrue,True\nFALSE,false\n")
    assert data.points.tolist() == [[1], [0]]
    assert data.labels is not None
    assert data.labels.tolist() == [False, True]
    assert "Row 1, column 'a': values must be numbers, not 'no'" in refused(
        path, "a,b\ntrue,1\nno,2\n"
    )
    assert "Row 1, column 'a': values must be numbers, not 'true'" in refused(
        path, "a,b\n2,1\ntrue,2\n"
    )


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ("0 255", "uint8"), ("-128 127", "int8"), ("0 256", "uint16"), ("-129 0", "int16"),
        ("0 65536", "uint32"), ("-32769 0", "int32"), ("0 4294967296", "int64"),
        ("0 0.5", "float64"), ("1.0 2.0", "uint8"), ("1e300 0", "float64"),
    ],
)  # fmt: skip
def test_integers_take_little_room(path: Path, values: str, dtype: str) -> None:
    a, b = values.split()
    data = accepted(path, f"a,b\n{a},1\n{b},2\n")
    assert data.points.dtype == dtype
    assert data.points.ravel().tolist() == [float(a), float(b)]


# ---------------------------------------------------------------------------------- label cells


@pytest.mark.parametrize(
    ("cells", "labels"),
    [
        ("3 1 2", [1, 2, 3]),
        ("+1 -1 0", [-1, 0, 1]),
        ("01 1 2", ["01", "1", "2"]),
        ("12345678901234567890 1 2", ["1", "12345678901234567890", "2"]),
        ("1.0 2.0 3", [1.0, 2.0, 3.0]),
        ("true False TRUE", [False, True]),
        ("true 1 0", ["0", "1", "true"]),
        ("u v w", ["u", "v", "w"]),
        ("1 2 w", ["1", "2", "w"]),
        ("nan u v", ["nan", "u", "v"]),
        ('"a,b" "" c', DataError),
        ("a ? c", ["?", "a", "c"]),
    ],
)
def test_labels(path: Path, cells: str, labels: list[object] | type) -> None:
    table = "x,y\n" + "".join(f"{i},{cell}\n" for i, cell in enumerate(cells.split()))
    if isinstance(labels, type):
        assert ", line 3: Row 1, column 'y': the label is missing." in refused(path, table)
        return
    data = accepted(path, table)
    assert data.labels is not None
    assert data.labels.tolist() == labels
    assert [type(v) for v in data.labels.tolist()] == [type(v) for v in labels]


@pytest.mark.parametrize(
    ("cells", "options", "rule"),
    [
        ("1 nan", {}, ", line 3: Row 1: labels must be finite, not nan. Drop the row."),
        ("0.5 9007199254740993", {}, ", line 3: Row 1, column 'y': integers must lie within 2^53"),
        (
            "1 9007199254740993",
            {"task": "real"},
            ", line 3: Row 1: integer targets must lie within",
        ),
        ("1 u", {"task": "real"}, ", line 2: Row 0: real targets must be finite numbers, not '1'"),
    ],
)
def test_bad_labels(path: Path, cells: str, options: dict[str, str], rule: str) -> None:
    table = "x,y\n" + "".join(f"{i},{cell}\n" for i, cell in enumerate(cells.split()))
    assert refused(path, table, **options).startswith(rule)


def test_several_targets(path: Path) -> None:
    data = accepted(path, "u,a,v\n1,7,0.5\n2,8,-3\n", label="v,u")
    assert data.targets is not None
    assert data.targets.tolist() == [[0.5, 1.0], [-3.0, 2.0]]
    message = refused(path, "u,a,v\n1,7,0.5\n2,8,x\n", label="v,u", task="real")
    assert message.startswith(", line 2: Row 0, label column 0: real targets must be finite number")


def test_several_columns_of_classes(path: Path) -> None:
    data = accepted(path, "u,a,v\n1,7,0.5\n2,8,x\n", label="v,u")
    assert data.labels is not None
    assert data.labels.tolist() == [["0.5", 1], ["x", 2]]
    data = accepted(path, "u,a,v\n1,7,2\n3,8,true\n", label="u,v", task="classes")
    assert data.labels is not None
    assert data.labels.tolist() == [[1, "2"], [3, "true"]]
    data = accepted(path, "u,a,v\n1,7,2\n3,8,4\n", label="u,v", task="classes")
    assert data.labels is not None
    assert (data.labels.dtype, data.labels.tolist()) == (np.int64, [[1, 2], [3, 4]])
    data = accepted(path, "u,a,v\n1,7,true\n3,8,false\n", label="u,v")
    assert data.labels is not None
    assert data.labels.tolist() == [[1, True], [3, False]]
    assert refused(path, "u,a,v\n1,7,\n3,8,x\n", label="u,v").startswith(
        ", line 2: Row 0, column 'v': the label is missing"
    )


# -------------------------------------------------------------------------------- header, lines


@pytest.mark.parametrize(
    ("text", "names", "n"),
    [
        ("1,2,3\n4,5,6\n", None, 2),
        ("1,2,nan\n4,5,6\n", DataError, 0),
        ("a,b,c\n4,5,6\n", ("a", "b"), 1),
        ("1,b,3\n4,5,6\n", ("1", "b"), 1),
        ("0,1,label\n4,5,6\n", ("0", "1"), 1),
        ("5.1,3.5,setosa\n4.9,3,setosa\n", None, 2),
        ("5.1,3.5,setosa\n4.9,3,other\n4,4,setosa\n", None, 3),
        ("5.1,3.5,setosa\n4.9,3,other\n", DataError, 0),
        ("true,false,1\nfalse,true,2\n", None, 2),
        ('"1","2","3"\n"4","5","6"\n', None, 2),
        ('"a ""b""",b,c\n4,5,6\n', ('a "b"', "b"), 1),
        ('"two\nlines",b,c\n4,5,6\n', ("two\nlines", "b"), 1),
        (" a , b , c \n4,5,6\n", ("a", "b"), 1),
        ("\n\na,b,c\n\n4,5,6\n\n\n", ("a", "b"), 1),
        ("a,b,c\r4,5,6\r", ("a", "b"), 1),
        ("a,b,c\r\n4,5,6", ("a", "b"), 1),
        ("\ufeffa;b;c\n4;5;6\n", ("a", "b"), 1),
        ("a\tb\tc,d\n4\t5\t6\n", ("a", "b"), 1),
        ("1;2;x,y\n4;5;x,y\n", None, 2),
    ],
)
def test_headers_and_separators(
    path: Path, text: str, names: tuple[str, ...] | type | None, n: int
) -> None:
    if isinstance(names, type):
        refused(path, text)
        return
    data = accepted(path, text)
    assert data.features == names
    assert data.n + data.merged == n


def test_a_named_label_settles_the_header(path: Path) -> None:
    text = "0,1,label\n4,5,u\n6,7,v\n"
    assert "the first line may be a header or a row" in refused(path, text)
    data = accepted(path, text, label="label")
    assert data.features == ("0", "1")
    assert data.n == 2
    assert "there is no column 'label', for the columns have no names" in refused(
        path, "0,1,2\n4,5,6\n", label="label"
    )


BAD_FILES = {
    "header only": (b"a,b\n", ": the file holds a header line and no rows."),
    "blank": (b"\n \n", ": the file is empty. It needs at least one row."),
    "one column": (b"a\n1\n", ": line 1 has one field. There must be at least one feature and"),
    "short": (b"a,b,c\n1,2,3\n4,5\n", ": line 3 has 2 fields, but the first line has 3. Complete"),
    "short label": (b"a,b\n1,2\n4\n", ": line 3 has 1 field, but the first line has 2."),
    "long": (b"a,b\n\n1,2\n4,5,6\n", ": line 4 has 3 fields, but the first line has 2."),
    "first is short": (b"1,2\n4,5,6\n", ": line 2 has 3 fields, but the first line has 2."),
    "after lines in quotes": (b'a,b\n1,"x\ny"\n2\n', ": line 4 has 1 field"),
    "open quote": (b'a,b\n1,2\n3,"x\n4,y\n', ": line 3 cannot be read: unexpected end of data."),
    "text after quote": (b'a,b\n1,"x"y\n', ": line 2 cannot be read: ',' expected after '\"'."),
    "latin-1": ("a,b\n1,2\n3,é\n".encode("latin-1"), ": line 3 is not UTF-8 text."),
    "latin-1 header": ("a,é\n1,2\n".encode("latin-1"), ": line 1 is not UTF-8 text."),
    "utf-16": ("a,b\n1,2\n".encode("utf-16"), ": the file is no UTF-8 text. If it is compressed"),
    "gzip": (b"\x1f\x8b\x08\x00abc", ": the file is no UTF-8 text."),
    "zero bytes": (b"a,b\n1,\x00\n", ": the file is no UTF-8 text."),
    "same names": (b"a,b,a\n1,2,3\n", ": two columns have the name 'a'. Rename one."),
    "no name": (b",a,b\n0,1,2\n", ": column 0 has no name in the header. Name it, or drop it if"),
    "decimal commas": (
        b"a;b\n1,5;2\n",
        ", line 2: Row 0, column 'a': values must be numbers, not '1,",
    ),
}


@pytest.mark.parametrize(("text", "rule"), BAD_FILES.values(), ids=BAD_FILES)
def test_bad_files(path: Path, text: bytes, rule: str) -> None:
    assert refused(path, text).startswith(rule)


def test_wide_files(path: Path) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 256, (50, 784)), rng.integers(0, 10, 50)
    rows = "\n".join(",".join(map(str, row)) for row in np.column_stack([y, X]).tolist())
    header = ",".join(["label", *(f"pixel{i}" for i in range(784))])
    data = accepted(path, f"{header}\n{rows}\n", label="label")
    assert data.points.dtype == np.uint8
    assert data.digest == DataSet.from_arrays(X, y).digest


# ------------------------------------------------------------------------- properties and twins


@given(st.lists(st.floats(-1e308, 1e308), min_size=1, max_size=20))
def test_decimals_are_the_nearest_floats(path: Path, values: list[float]) -> None:
    spelled = [f"{v:.{k % 25}e}" if k % 3 else f"{v!r}" for k, v in enumerate(values)]
    data = accepted(path, "".join(f"{text},{i},1\n" for i, text in enumerate(spelled)))
    assert data.points[:, 0].tolist() == [float(text) for text in spelled]


CELL = st.one_of(
    st.sampled_from(
        ["1", "2", "0.5", "", " ", "x", "nan", "true", "1e3", "9007199254740993", '"a"']
    ),
    st.text('0129.,;-+eE"\n\r nax', max_size=5),
)
TEXT = st.one_of(
    st.text('012.,;\t\n\r"x ', max_size=40),
    st.lists(st.lists(CELL, min_size=1, max_size=3).map(",".join), max_size=5).map("\n".join),
)


def outcome(path: Path, text: str) -> tuple[object, ...]:
    try:
        data = accepted(path, text)
    except DataError as error:
        return ("refused", str(error))
    found = data.labels if data.targets is None else data.targets
    assert found is not None
    return (data.digest, data.features, data.points.dtype, found.tolist(), data.rows.tolist())


@settings(max_examples=300)
@given(TEXT)
@example("a,b\n1,2\n\n3,4\n\n\n")
@example('a,b\n1,"x\ny"\n2,z\n')
@example("0;0\n0;0\n0;\r0")
@example("0;0\n0\r;0")
@example("0;0\n0;0;")
@example('0;1;0"\r0"\n0;0;0')
@example('0;0"\n0"\n0;0')
def test_the_fast_reader_agrees_with_the_plain_one(path: Path, text: str) -> None:
    """Any text gives the same data set, or the same one line, whichever reader is used."""
    fast = outcome(path, text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csvcells, "_scan", lambda *_: None)
        assert outcome(path, text) == fast
    if fast[0] == "refused":
        assert str(fast[1]).startswith(str(path))
        assert len(str(fast[1]).splitlines()) == 1


@given(st.text("ab\r\n"), st.integers(1, 4))
def test_lone_carriage_returns_are_seen(path: Path, text: str, block: int) -> None:
    path.write_bytes(text.encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csvcells, "_BLOCK", block)
        assert csvcells._has_lone_return(path) is bool(re.search("\r(?!\n)", text))


@given(
    st.lists(
        st.tuples(st.integers(-9, 9), st.sampled_from(["u", "v,w", 'q"', "n\nl"])),
        min_size=1,
        unique_by=lambda row: row[0],
    ),
    st.lists(st.integers(0, 30), max_size=5),
)
def test_lines_are_those_of_an_editor(
    path: Path, rows: list[tuple[int, str]], blanks: list[int]
) -> None:
    """A contradiction at the end names its lines, whatever quotes and blank lines come before."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["a", "b"])
    expected = []
    for i, row in enumerate([*rows, (rows[0][0], "other")]):
        out.write("\n" * blanks.count(i))
        expected.append(out.getvalue().count("\n") + 1)
        writer.writerow(row)
    message = refused(path, out.getvalue())
    assert message.startswith(f", lines {expected[0]} and {expected[-1]}: Equal points must")
    assert f"rows 0 and {len(rows)} are equal" in message
