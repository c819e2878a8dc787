"""``rote.compare``: every construction has its row, built or refused with a reason."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

import rote
from rote.api.compare import Compared, compare_data
from rote.cli.app import run
from rote.constructions import CATALOGUE, Construction, Theorem
from rote.constructions._base import Context
from rote.constructions._template import Template
from rote.data import DataSet, Problem
from rote.errors import OptionError
from rote.network import Decision, Layer, Size

FAST = ["zhang2017", "yun2019-three-layer", "baum1988"]


@pytest.fixture
def arrays() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.standard_normal((30, 4)).astype(np.float32), np.arange(30) % 2


@dataclass(frozen=True)
class Endless(Construction):
    """A construction that never ends."""

    theorem: ClassVar[Theorem] = Template.theorem

    def promise(self, problem: Problem) -> Size:
        return Size()

    def layers(self, data: DataSet, context: Context) -> tuple[tuple[Layer, ...], Decision]:
        while True:
            time.sleep(0.01)


def test_rows_hold_what_was_measured(arrays: tuple[np.ndarray, np.ndarray]) -> None:
    rows = {row.construction: row for row in rote.compare(*arrays, constructions=FAST)}
    yun = rows["yun2019-three-layer"]
    assert yun.refused is None
    assert yun.size is not None
    assert yun.promised is not None
    assert yun.size.neurons == yun.promised.neurons
    assert yun.claim == "portable"
    assert yun.margin is not None
    assert 0 < yun.margin <= 0.5
    assert yun.bits_per_parameter == pytest.approx(30 / yun.size.parameters)
    assert yun.bytes_over_limit == pytest.approx(8 * yun.size.stored_bytes / 30)
    assert yun.seconds > 0


def test_refusals_have_their_reason(arrays: tuple[np.ndarray, np.ndarray]) -> None:
    X, _ = arrays
    real = rote.compare(X, np.linspace(0, 1, 30), constructions=FAST)
    assert [row.refused is None for row in real] == [True, True, False]
    assert real[-1].refused == "Construction 'baum1988' takes class labels only."
    assert real[0].bits_per_parameter is None


def test_slow_ones_are_left_out_unless_they_are_named(
    monkeypatch: pytest.MonkeyPatch, arrays: tuple[np.ndarray, np.ndarray]
) -> None:
    monkeypatch.setattr("rote.api.compare.CATALOGUE", {"baum1988": CATALOGUE["baum1988"]})
    X = np.random.default_rng(0).standard_normal((600, 4))
    (row,) = rote.compare(X, np.arange(600) % 2)
    assert row.refused is not None
    assert row.refused.startswith("slow beyond 500 points")


def test_time_is_limited(
    monkeypatch: pytest.MonkeyPatch, arrays: tuple[np.ndarray, np.ndarray]
) -> None:
    monkeypatch.setitem(CATALOGUE, "endless", Endless)
    rows = rote.compare(*arrays, constructions=["endless", "zhang2017"], time_limit=0.3)
    assert rows[0].refused == "given up after 0.3 s"


def test_arguments_without_meaning_are_refused(arrays: tuple[np.ndarray, np.ndarray]) -> None:
    with pytest.raises(OptionError, match="time_limit must be positive"):
        rote.compare(*arrays, time_limit=0)
    with pytest.raises(OptionError, match="no construction 'zang2017'"):
        rote.compare(*arrays, constructions=["zang2017"])


def test_the_command(
    tmp_path: Path,
    arrays: tuple[np.ndarray, np.ndarray],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data, figure = tmp_path / "data.npz", tmp_path / "compare.svg"
    np.savez(data, X=arrays[0], y=arrays[1])
    command = ["compare", str(data), "--constructions", *FAST]
    assert run([*command, "--plot", str(figure)]) == 0
    text = capsys.readouterr().out
    for part in ("30 points", "information limit: 3.75 bytes", *FAST):
        assert part in text
    for key in FAST:
        assert f'id="{key}"' in figure.read_text()
    assert run([*command, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["construction"] for row in found["compared"]] == FAST
    assert run(["compare", str(data), "--plot", "x.pdf"]) == 2

    def interrupted(given: DataSet, **options: object):  # type: ignore[no-untyped-def]
        yield next(iter(compare_data(given, constructions=FAST[:1])))
        raise KeyboardInterrupt

    monkeypatch.setattr("rote.cli.compare_command.compare_data", interrupted)
    capsys.readouterr()
    assert run(["compare", str(data)]) == 130
    assert "zhang2017" in capsys.readouterr().out


def test_nothing_built_is_a_no(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "data.npz"
    np.savez(data, X=np.eye(3), y=np.array([0.5, 0.25, 0.1]))
    assert run(["compare", str(data), "--constructions", "baum1988"]) == 1
    assert "takes class labels only" in capsys.readouterr().out
    assert Compared("x", "no", 0.0).to_json()["refused"] == "no"
