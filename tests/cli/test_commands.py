"""The command line, run as a user runs it: words in; text, files and exit codes out."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

import rote
from rote.certify import Certificate
from rote.cli.app import run
from rote.constructions import CATALOGUE


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    rows = rng.permutation(400)[:40]
    lines = [f"{v // 20},{v % 20},{'abc'[v % 3]}" for v in rows.tolist()]
    path = tmp_path / "table.csv"
    path.write_text("x,y,label\n" + "\n".join(lines) + "\n")
    return path


def build(table: Path, *more: str) -> int:
    return run(["build", str(table), "-o", str(table.with_suffix(".onnx")), *more])


def error_line(capsys: pytest.CaptureFixture[str]) -> str:
    """The error of the last command: one line on stderr, beginning with the program's name."""
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("rote: ")
    return lines[0]


def test_verify_proves_that_exact_weights_exist(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(0)
    data, network = tmp_path / "data.npz", tmp_path / "net.safetensors"
    np.savez(data, X=rng.standard_normal((20, 4)), y=rng.standard_normal(20))
    assert run(["build", str(data), "--construction", "madden2024", "-o", str(network)]) == 0
    assert run(["verify", str(network), str(data)]) == 0
    assert "exists" not in capsys.readouterr().out
    exists = run(["verify", str(network), str(data), "--exists"])
    assert (exists, "exists: " in capsys.readouterr().out) == (0, True)


@pytest.fixture
def several(tmp_path: Path) -> Path:
    rng = np.random.default_rng(1)
    lines = [
        f"{v // 20},{v % 20},{['red', 'green', 'blue'][v % 3]},{'yes' if v % 7 else 'no'},{v % 5}"
        for v in rng.permutation(400)[:60].tolist()
    ]
    path = tmp_path / "several.csv"
    path.write_text("x,y,colour,ripe,size\n" + "\n".join(lines) + "\n")
    return path


def test_several_label_columns(several: Path, capsys: pytest.CaptureFixture[str]) -> None:
    network, columns = several.with_suffix(".onnx"), ("--label", "colour,ripe,size")
    assert build(several, *columns, "--construction", "compact") == 0
    assert "60 points, 2 features, 21 classes in 3 columns" in capsys.readouterr().out
    assert run(["verify", str(network), str(several), *columns]) == 0
    capsys.readouterr()
    assert run(["show", str(network)]) == 0
    text = capsys.readouterr().out
    assert "output 0, nearest among blue, green, red" in text
    assert "output 2, nearest among 0, 1, 2, 3, 4" in text
    assert run(["show", str(network), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)["decision"]
    assert shown["kind"] == "columns"
    assert shown["labels"] == [["blue", "green", "red"], ["no", "yes"], [0, 1, 2, 3, 4]]
    assert build(several, *columns, "--json") == 0
    built = json.loads(capsys.readouterr().out)
    assert (built["classes"], built["columns"], built["outputs"]) == (21, 3, 1)
    assert built["certificate"]["claims"]["replayed"]["holds"]
    assert run(["show", built["network"], "--json"]) == 0
    json.loads(capsys.readouterr().out)
    assert (
        run(
            ["compare", str(several), *columns, "--json", "--constructions", "compact", "zhang2017"]
        )
        == 0
    )
    compared = json.loads(capsys.readouterr().out)["compared"]
    assert all(row["refused"] is None for row in compared)
    assert run(["plan", str(several), *columns, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["problem"]["classes"] == 21

    text = several.read_text()
    several.write_text(text.replace(",yes,", ",no,", 1))
    assert run(["verify", str(network), str(several), *columns]) == 1
    assert "fails for 1 point" in capsys.readouterr().out
    assert run(["verify", str(network), str(several), "--label", "size,ripe,colour"]) == 1
    assert "Row 0: the network knows no label [" in capsys.readouterr().out
    first = text.splitlines()[1]
    several.write_text(text + first.replace("yes", "no") + "\n")
    assert build(several, *columns) == 2
    assert "rows 0 and 60 are equal, but labelled [" in error_line(capsys)
    several.write_text(text + "50,50,,yes,3\n")
    assert build(several, *columns) == 2
    assert "line 62: Row 60, column 'colour': the label is missing" in error_line(capsys)


def test_build_verify_and_show(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    network = table.with_suffix(".onnx")
    assert build(table) == 0
    text = capsys.readouterr().out
    for words in (
        "40 points, 2 features, 3 classes",
        "promised",
        "exact: holds",
        "portable: holds",
    ):
        assert words in text
    certificate = Certificate.from_json((table.parent / "table.cert.json").read_text())
    assert set(certificate.claims) == {"exact", "portable", "replayed"}
    assert certificate.certified

    assert run(["verify", str(network), str(table)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1
    assert run(["show", str(network)]) == 0
    text = capsys.readouterr().out
    for words in (
        "among a, b, c",
        "times the information limit",
        "container",
        "audit of every point",
    ):
        assert words in text
    (table.parent / "table.cert.json").unlink()
    assert run(["show", str(network)]) == 0
    assert "information limit" not in capsys.readouterr().out


@pytest.mark.parametrize("opset", [13, 21])
def test_files_are_written_for_the_operators_asked_for(
    table: Path, opset: int, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--construction", "compact", "--opset", str(opset), "--json")
    assert build(table, *options) == 0
    built = json.loads(capsys.readouterr().out)
    assert onnx.load(built["network"]).opset_import[0].version == opset
    assert sum(built["file_parts"].values()) == built["file_bytes"]
    assert run(["show", built["network"], "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["file_parts"] == built["file_parts"]
    assert run(["verify", built["network"], str(table)]) == 0


def test_verify_says_no_with_the_rows(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert build(table) == 0
    lines = table.read_text().splitlines()
    lines[8] = lines[8][:-1] + ("a" if lines[8][-1] != "a" else "b")
    table.write_text("\n".join(lines))
    capsys.readouterr()
    assert run(["verify", str(table.with_suffix(".onnx")), str(table)]) == 1
    assert "1 point (row 7)" in capsys.readouterr().out


def test_a_class_that_the_network_does_not_know_is_a_no(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert build(table) == 0
    table.write_text(table.read_text().replace(",c\n", ",d\n", 1))
    assert run(["verify", str(table.with_suffix(".onnx")), str(table)]) == 1


@pytest.mark.parametrize("command", ["build", "verify", "show", "list"])
def test_json_prints_one_object(
    command: str, table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    network = str(table.with_suffix(".onnx"))
    assert build(table) == 0
    capsys.readouterr()
    words = {
        "build": ["build", str(table), "-o", network],
        "verify": ["verify", network, str(table)],
        "show": ["show", network],
        "list": ["list"],
    }[command]
    assert run([*words, "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    wanted = {
        "build": {"construction", "size", "promised", "certificate", "file_bytes", "attempts"},
        "verify": {"certified", "claims", "network", "data"},
        "show": {"layers", "size", "decision", "provenance", "file_bytes", "file_parts"},
        "list": {"constructions"},
    }[command]
    assert wanted <= set(value)


def test_list_names_every_construction(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list"]) == 0
    text = capsys.readouterr().out
    assert all(key in text for key in CATALOGUE)


def test_options_of_a_construction_are_set_by_name(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert build(table, "--construction", "zhang2017", "--set", "directions=2", "--json") == 0
    assert json.loads(capsys.readouterr().out)["construction"] == "zhang2017"
    assert build(table, "--construction", "zhang2017", "--set", "directions=two") == 2
    assert "must be an integer or none, not 'two'" in error_line(capsys)
    assert build(table, "--construction", "zhang2017", "--set", "direction=2") == 2
    assert "Did you mean 'directions'?" in error_line(capsys)
    assert build(table, "--set", "directions=2") == 2
    assert "--construction KEY" in error_line(capsys)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["build", "absent.csv"], "absent.csv"),
        (["build", "."], "folder"),
        (["build", "{table}", "--label", "labl"], "label"),
        (["build", "{table}", "-o", "net.txt"], ".onnx or .safetensors"),
        (["build", "{table}", "-o", "absent/net.onnx"], "there is no folder"),
        (["build", "{table}", "--construction", "zang2017"], "Did you mean 'zhang2017'"),
        (["build", "{table}", "--widths", "3,4"], "is given as --set widths=VALUE"),
        (["build", "{table}", "--dtype", "float16"], "float16"),
        (["build"], "data"),
        (["bild", "{table}"], "bild"),
        (["verify", "{table}", "{table}"], "table.csv"),
        (["verify", "absent.onnx", "{table}"], "absent.onnx"),
        (["show", "absent.onnx"], "absent.onnx"),
    ],
)
def test_bad_usage_is_one_line_and_exit_code_2(
    words: list[str],
    message: str,
    table: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(table.parent)
    assert run([word.format(table=table) for word in words]) == 2
    assert message.lower() in error_line(capsys).lower()
    assert [p.name for p in table.parent.iterdir()] == ["table.csv"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "empty"),
        ("x,y,label\n", "no rows"),
        ("x,y,label\n1,2,a\n1,nan,b\n", "line 3"),
        ("x,y,label\n1,2,a\n1,2,b\n", "rows"),
        ("x,y,label\n1,two,a\n1,2,b\n", "two"),
        ("x,y,label\n1,9007199254740993,a\n1,2,b\n", "2^53"),
    ],
)
def test_bad_data_is_one_line_and_nothing_is_written(
    content: str, message: str, table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table.write_text(content)
    assert build(table) == 2
    assert message in error_line(capsys)
    assert not table.with_suffix(".onnx").exists()


def test_what_cannot_be_certified_ends_with_1_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "close.csv"
    path.write_text("x,label\n1,a\n1.0000000001,b\n2,a\n")
    assert build(path, "--dtype", "float32") == 1
    assert "Use dtype='float64'" in error_line(capsys)
    assert not path.with_suffix(".onnx").exists()


def test_errors_are_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", "absent.onnx", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["exit"] == 2


def test_an_interrupted_build_leaves_nothing(
    table: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("rote.cli.build_command.memorize_data", interrupt)
    assert build(table) == 130
    assert "interrupted" in error_line(capsys)
    assert [p.name for p in table.parent.iterdir()] == ["table.csv"]


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import json, sys; from rote.cli.app import run; run(['--help']); "
        "print(json.dumps(list(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "build" in done.stdout
    heavy = {"flint", "matplotlib", "onnx", "onnxruntime", "polars", "scipy", "sklearn", "torch"}
    assert not heavy & set(json.loads(done.stderr))


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.strip() == rote.__version__


def test_probe_counts_reachable_labels(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert build(table, "--construction", "zhang2017") == 0
    capsys.readouterr()
    network = str(table.with_suffix(".onnx"))
    assert run(["probe", network, str(table)]) == 0
    assert capsys.readouterr().out.startswith("Capacity ")
    assert run(["probe", network, str(table), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert 0 < found["rank"] <= 40
    assert found["points"] == 40
