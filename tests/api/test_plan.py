"""``rote.plan`` for sizes and for data."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import rote
from rote.api.plan import plan_data
from rote.cli.app import run
from rote.data import DataSet
from rote.errors import OptionError


def test_separation_brings_theorems_that_need_it() -> None:
    without = {r.construction: r for r in rote.plan(1000, 5).rows}
    given = {r.construction: r for r in rote.plan(1000, 5, separation=0.01).rows}
    assert without["vardi2022"].width is None
    assert given["vardi2022"].width == 8
    assert given["vardi2022"].hypotheses[0].startswith("points of the unit ball at distances")
    with pytest.raises(OptionError, match="at most 2"):
        rote.plan(1000, 5, separation=3)


def test_data_bring_their_separation_and_their_position() -> None:
    rng = np.random.default_rng(0)
    found = plan_data(DataSet.from_arrays(rng.standard_normal((60, 3)), np.arange(60) % 2))
    assert found.problem.separation is not None
    assert 0 < found.problem.separation < 1
    general = next(h for h in found.checked if h.startswith("general position"))
    assert found.checked[general].startswith("holds")
    line = np.linspace(0, 1, 40)[:, None] * [[1, 2, 3]]
    flat = plan_data(DataSet.from_arrays(line, np.arange(40) % 2))
    assert flat.checked[general].startswith("fails")
    assert flat.problem.separation == pytest.approx(2 / 39)


@pytest.mark.parametrize("scale", [2.0**-1040, 2.0**-500, 2.0**1018])
def test_the_separation_knows_no_scale(scale: float) -> None:
    X = np.random.default_rng(0).integers(-9, 9, (30, 2)).astype(float)
    X, first = np.unique(X, axis=0, return_index=True)
    plans = [plan_data(DataSet.from_arrays(s * X, first % 2)) for s in (1.0, scale)]
    assert plans[0] == plans[1]


def test_the_command_prints_a_table_and_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["plan", "--n", "60000", "--d", "784", "--classes", "10"]) == 0
    text = capsys.readouterr().out
    for part in ("61 766", "122", "yun2019-product", "needs 1: general position"):
        assert part in text
    sizes = ["plan", "--n", "900", "--d", "4", "--classes", "real"]
    assert run([*sizes, "--budget", "neurons=900", "--sort", "width", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert all(row["neurons"] <= 900 <= row["most_points"] for row in rows)
    path = tmp_path / "data.npz"
    np.savez(path, X=np.eye(4), y=np.arange(4) % 2)
    assert run(["plan", str(path)]) == 0
    assert "4 points, 4 features, 2 classes, separation" in capsys.readouterr().out


@pytest.mark.parametrize(
    "command",
    [
        ["plan"],
        ["plan", "--n", "5"],
        ["plan", "x.npz", "--n", "5", "--d", "2"],
        ["plan", "--n", "5", "--d", "2", "--budget", "neurons"],
        ["plan", "--n", "5", "--d", "2", "--budget", "bytes=4"],
        ["plan", "--n", "5", "--d", "2", "--classes", "many"],
        ["plan", "--n", "0", "--d", "2"],
    ],
)
def test_bad_input_is_one_line(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(command) == 2
    assert capsys.readouterr().err.count("\n") == 1
