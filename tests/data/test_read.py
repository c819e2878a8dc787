"""Reading files: what comes back equals the arrays that were written, or one line says why not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rote.data import DataSet
from rote.data.read import SUFFIXES, read
from rote.errors import ContradictionError, DataError, OptionError
from rote.typing import Array

FINITE = st.floats(allow_nan=False, allow_infinity=False)
SHAPES = st.tuples(st.integers(1, 6), st.integers(1, 4))
POINTS = st.one_of(
    hnp.arrays(np.float64, SHAPES, elements=FINITE),
    hnp.arrays(np.int64, SHAPES, elements=st.integers(-(2**53), 2**53)),
    hnp.arrays(np.uint8, SHAPES),
    hnp.arrays(np.bool_, SHAPES),
)
WORD = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), min_size=1).map("w".__add__)


@st.composite
def labelled(draw: st.DrawFn) -> tuple[Array, Array]:
    """Distinct points with labels of one kind."""
    X = np.unique(draw(POINTS), axis=0)
    kind = draw(st.sampled_from(["integers", "words", "truths", "reals"]))
    element: st.SearchStrategy[object] = {
        "integers": st.integers(-(2**63), 2**63 - 1),
        "words": WORD,
        "truths": st.booleans(),
        "reals": FINITE,
    }[kind]
    y = np.array(draw(st.lists(element, min_size=len(X), max_size=len(X))))
    return X, y.astype(object) if kind == "words" else y


def frame(X: Array, y: Array) -> pl.DataFrame:
    columns = {f"x{j}": X[:, j] for j in range(X.shape[1])}
    return pl.DataFrame({**columns, "y": pl.Series(y.tolist(), strict=True)})


def assert_same(data: DataSet, expected: DataSet) -> None:
    assert data.digest == expected.digest
    assert np.array_equal(data.points, expected.points)
    assert data.task == expected.task
    if expected.labels is not None:
        assert data.labels is not None
        assert data.labels.tolist() == expected.labels.tolist()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tables")


@given(table=labelled(), separator=st.sampled_from(",;\t"), crlf=st.booleans(), bom=st.booleans())
def test_csv_round_trip(
    folder: Path, table: tuple[Array, Array], separator: str, crlf: bool, bom: bool
) -> None:
    path = folder / "table.csv"
    frame(*table).write_csv(
        path, separator=separator, line_terminator="\r\n" if crlf else "\n", include_bom=bom
    )
    data = read(path)
    assert_same(data, DataSet.from_arrays(*table))
    assert data.features == tuple(f"x{j}" for j in range(table[0].shape[1]))


@given(table=labelled(), fortran=st.booleans(), compressed=st.booleans())
def test_npz_round_trip(
    folder: Path, table: tuple[Array, Array], fortran: bool, compressed: bool
) -> None:
    X, y = table
    y = y.astype(np.str_) if y.dtype == object else y
    save = np.savez_compressed if compressed else np.savez
    save(folder / "table.npz", X=np.asfortranarray(X) if fortran else X, y=y, other=np.arange(3))
    assert_same(read(folder / "table.npz"), DataSet.from_arrays(X, y))
    numbers = np.column_stack([X, np.arange(len(X))]).astype(np.float64)
    np.save(folder / "table.npy", np.asfortranarray(numbers) if fortran else numbers)
    assert_same(read(folder / "table.npy"), DataSet.from_arrays(X, np.arange(len(X))))


@pytest.mark.parametrize("suffix", [".parquet", ".feather"])
def test_binary_tables(tmp_path: Path, suffix: str) -> None:
    X = np.array([[0.1, 2**53], [5e-324, -1], [1e308, 3]])
    y = np.array(["a", "b", "ü"], dtype=object)
    path = tmp_path / f"table[1]*{suffix}"
    if suffix == ".parquet":
        frame(X, y).write_parquet(path)
    else:
        frame(X, y).write_ipc(path, compression="zstd")
    assert_same(read(path), DataSet.from_arrays(X, y))


def test_arrow_streams(tmp_path: Path) -> None:
    frame(np.array([[1, 2], [3, 4]]), np.array([5, 6])).write_ipc_stream(tmp_path / "s.arrow")
    assert read(tmp_path / "s.arrow").points.tolist() == [[1, 2], [3, 4]]


def write(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


# ------------------------------------------------------------------------------- label columns


@pytest.mark.parametrize(
    ("label", "features", "labels"),
    [
        (None, ("a", "b"), [5, 6]),
        ("c", ("a", "b"), [5, 6]),
        ("a", ("b", "c"), [1, 2]),
        (0, ("b", "c"), [1, 2]),
        (-2, ("a", "c"), [3, 4]),
        ("1", ("a", "c"), [3, 4]),
        ("-1", ("a", "b"), [5, 6]),
        ("a, c", ("b",), [[1, 5], [2, 6]]),
        ("0,-1", ("b",), [[1, 5], [2, 6]]),
    ],
)
def test_label_columns(
    tmp_path: Path, label: str | int | None, features: tuple[str, ...], labels: list[object]
) -> None:
    table = pl.DataFrame({"a": [1, 2], "b": [3, 4], "c": [5, 6]})
    table.write_csv(tmp_path / "t.csv")
    table.write_parquet(tmp_path / "t.parquet")
    for path in (tmp_path / "t.csv", tmp_path / "t.parquet"):
        data = read(path, label=label)
        assert data.features == features
        found = data.targets if data.labels is None else data.labels
        assert found is not None
        assert found.tolist() == labels
    np.save(tmp_path / "t.npy", table.to_numpy())
    if label is None or not str(label)[0].isalpha():
        data = read(tmp_path / "t.npy", label=label)
        found = data.targets if data.labels is None else data.labels
        assert found is not None
        assert found.tolist() == labels


def test_a_name_is_never_taken_for_a_number_or_a_list(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", '1,0,"x,y",z\n7,8,9,3\n6,5,4,2\n')
    assert read(path, label="1").labels.tolist() == [6, 7]  # type: ignore[union-attr]
    assert read(path, label="0").labels.tolist() == [5, 8]  # type: ignore[union-attr]
    assert read(path, label="x,y").labels.tolist() == [4, 9]  # type: ignore[union-attr]
    assert read(path, label="x,y").features == ("1", "0", "z")


BAD_LABELS = {
    "species": "there is no column 'species'; the columns are height, weight, kind.",
    "hight": "there is no column 'hight'; the columns are height, weight, kind. Did you mean",
    "7": "there is no column 7; the 3 columns have the numbers 0 to 2.",
    "-4": "there is no column -4",
    "kind,kind": "a label column is named twice in 'kind,kind'.",
    "kind,height,weight": "all columns are labels. At least one must be left",
    "": "there is no column ''",
}


@pytest.mark.parametrize(("label", "rule"), BAD_LABELS.items())
def test_missing_columns(tmp_path: Path, label: str, rule: str) -> None:
    path = write(tmp_path / "t.csv", "height,weight,kind\n1,2,3\n")
    with pytest.raises(DataError) as caught:
        read(path, label=label)
    assert str(caught.value).startswith(f"{path}: {rule}")


def test_columns_of_wide_tables_are_not_all_listed(tmp_path: Path) -> None:
    path = write(
        tmp_path / "t.csv", ",".join(f"c{i}" for i in range(900)) + "\n" + "1," * 899 + "1\n"
    )
    with pytest.raises(DataError) as caught:
        read(path, label="zz")
    assert len(str(caught.value)) < 400


def test_files_without_columns_take_no_label(tmp_path: Path) -> None:
    np.savez(tmp_path / "t.npz", X=np.eye(2), y=[0, 1])
    np.save(tmp_path / "t.npy", np.eye(2))
    with pytest.raises(OptionError, match="has its labels in array 'y'"):
        read(tmp_path / "t.npz", label="y")
    with pytest.raises(OptionError, match="have numbers, but no names such as 'y'"):
        read(tmp_path / "t.npy", label="y")


@pytest.mark.parametrize("task", [None, "auto", "classes", "real"])
def test_task(tmp_path: Path, task: str | None) -> None:
    path = write(tmp_path / "t.csv", "a,b\n1,0.5\n2,1\n")
    data = read(path, task=task)  # type: ignore[arg-type]
    assert data.task == ("classes" if task == "classes" else "real")
    with pytest.raises(OptionError, match="task must be"):
        read(path, task="labels")  # type: ignore[arg-type]


# ------------------------------------------------------------------------------ files as such


def test_what_is_no_file(tmp_path: Path) -> None:
    for path, rule in (
        (tmp_path / "none.csv", "there is no such file."),
        (tmp_path, "this is a folder, not a file."),
        (write(tmp_path / "t.xls", "a,b\n1,2\n"), "the suffix must be .csv, .tsv, .parquet"),
        (write(tmp_path / "t", "a,b\n1,2\n"), "the suffix must be"),
        *((write(tmp_path / f"empty{s}", ""), "the file is empty.") for s in SUFFIXES),
    ):
        with pytest.raises(DataError) as caught:
            read(path)
        assert str(caught.value).startswith(f"{path}: {rule}")


def test_suffixes_in_capitals(tmp_path: Path) -> None:
    assert read(write(tmp_path / "T.CSV", "a,b\n1,2\n")).n == 1


def test_contradictions_name_rows_and_lines(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "a,b\n1,x\n\n2,x\n1.0,y\n")
    with pytest.raises(ContradictionError) as caught:
        read(path)
    assert str(caught.value) == (
        f"{path}, lines 2 and 5: Equal points must have equal labels; rows 0 and 2 are equal, but "
        "labelled 'x' and 'y'. Correct or drop one of them."
    )
    assert caught.value.rows == (0, 2)
    assert caught.value.labels == ("x", "y")


@pytest.mark.parametrize("suffix", [".parquet", ".arrow", ".npz", ".npy"])
def test_damaged_files(tmp_path: Path, suffix: str) -> None:
    """Cut anywhere, or filled with noise, a file is refused in one line that names it."""
    X = np.random.default_rng(0).standard_normal((20, 3))
    path = tmp_path / f"good{suffix}"
    match suffix:
        case ".parquet":
            frame(X, np.arange(20)).write_parquet(path)
        case ".arrow":
            frame(X, np.arange(20)).write_ipc(path)
        case ".npz":
            np.savez(path, X=X, y=np.arange(20))
        case _:
            np.save(path, X)
    contents = path.read_bytes()
    noise = {".npy": b"\x93NUMPY\x01\x00junk", ".parquet": b"PAR1" + b"\xff" * 60 + b"PAR1"}
    for bad in (contents[: len(contents) // 2], contents[:-7], noise.get(suffix, b"junk junk")):
        with pytest.raises(DataError) as caught:
            read(write(tmp_path / f"bad{suffix}", bad))
        assert str(caught.value).startswith(str(tmp_path / f"bad{suffix}: "))
        assert "\n" not in str(caught.value)


def test_a_decoder_that_dies_is_an_error_like_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Polars ends its process on some damaged files; here a stand-in does so on a sound one."""
    frame(np.arange(8).reshape(4, 2), np.arange(4)).write_parquet(tmp_path / "good.parquet")
    dying = tmp_path / "python"
    dying.write_text("#!/bin/sh\necho memory allocation of 2^61 bytes failed >&2\nkill -ABRT $$\n")
    dying.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(dying))
    with pytest.raises(DataError, match="no parquet file: its decoder gave up"):
        read(tmp_path / "good.parquet")
    assert capfd.readouterr() == ("", "")


def test_polars_is_imported_only_to_read_tables(tmp_path: Path) -> None:
    np.savez(tmp_path / "t.npz", X=np.eye(2), y=[0, 1])
    code = (
        "import sys; from rote.data.read import read; "
        f"read({str(tmp_path / 't.npz')!r}); assert 'polars' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
