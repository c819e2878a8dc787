"""``rote bounds`` as it is typed."""

from __future__ import annotations

import json

import pytest

from rote.cli.app import run


def test_text_names_numbers_theorems_and_hypotheses(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["bounds", "784-500-500-10", "--labels", "ten"]) == 0
    text = capsys.readouterr().out
    for part in ("ten classes", "to 125 000", "yun2019-three-layer", "from 251 003", "on a line"):
        assert part in text
    assert "two classes" not in text


def test_json_holds_every_bound(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["bounds", "20-30-1", "--activation", "threshold", "--labels", "binary", "real"]
    assert run([*command, "--separation", "0.1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    binary, real = found["limits"]
    assert (binary["labels"], real["labels"]) == ("two classes", "real labels")
    assert {"cover1965", "baum1989"} <= {b["key"] for b in binary["impossible"]}
    assert binary["certain"] == "bubeck2020-any-points"


@pytest.mark.parametrize(
    "command", [["bounds", "784"], ["bounds", "3-1", "--labels", "all"], ["bounds", "3-0-1"]]
)
def test_bad_input_is_one_line(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(command) == 2
    assert capsys.readouterr().err.count("\n") == 1
