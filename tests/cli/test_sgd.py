"""``rote sgd``: a table, one object, a figure, and refusals on one line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from rote.cli.app import run


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    rng = np.random.default_rng(0)
    data, network = tmp_path / "data.npz", tmp_path / "net.onnx"
    np.savez(data, X=rng.standard_normal((12, 3)), y=rng.standard_normal(12))
    options = ["--construction", "yun2019-three-layer", "--dtype", "float64", "-o", str(network)]
    assert run(["build", str(data), *options]) == 0
    return network, data


def test_a_table_and_a_figure(
    files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    plot = tmp_path / "sgd.png"
    words = ["sgd", *map(str, files), "--epochs", "5", "--plot", str(plot)]
    assert run(words) == 0
    printed = capsys.readouterr().out
    assert "first order" in printed
    assert len(printed.splitlines()) == 1 + 5 + 1 + 2
    assert plot.stat().st_size > 10_000


def test_one_object(files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert run(["sgd", *map(str, files), "--epochs", "3", "--batch", "4", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert np.shape(found["risk"]) == (5, 4)
    assert len(found["predicted"]) == 4
    assert (found["batch"], len(found["eigenvalues"])) == (4, 12)
    assert 0 < found["contraction"] < 1


def test_refusals_are_one_line(
    files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert run(["sgd", *map(str, files), "--batch", "13"]) == 2
    assert "hold 1 to 12 points, not 100 and 13" in capsys.readouterr().err
