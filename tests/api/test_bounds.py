"""``rote.bounds`` on widths, files and PyTorch modules."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from torch import nn

import rote
from rote.bounds import BOUNDS
from rote.errors import OptionError
from rote.export.onnx.write import to_bytes
from rote.export.torch import from_torch


def test_widths_in_every_form() -> None:
    numbers = rote.bounds([784, 500, 500, 10])
    assert numbers == rote.bounds("784-500-500-10") == rote.bounds("784-500x2-10")
    assert [row.labels for row in numbers.limits] == [
        "two classes",
        "ten classes",
        "real labels in R^10",
    ]
    assert numbers.parameters == 785 * 500 + 501 * 500 + 501 * 10
    assert numbers.widths == (784, 500, 500, 10)


def test_the_package_of_the_bounds_keeps_its_name_for_imports() -> None:
    assert callable(rote.bounds)
    assert "cover1965" in BOUNDS


def test_a_torch_sequence_is_its_widths() -> None:
    module = nn.Sequential(nn.Linear(20, 30), nn.Tanh(), nn.Linear(30, 1))
    assert rote.bounds(module) == rote.bounds([20, 30, 1], activation="tanh")


def test_frozen_layers_leave_fewer_parameters_and_no_guarantee() -> None:
    module = nn.Sequential(nn.Linear(20, 30), nn.Tanh(), nn.Linear(30, 1))
    module[0].requires_grad_(requires_grad=False)
    found = rote.bounds(module, labels=["real"])
    assert found.parameters == 31
    (row,) = found.limits
    assert row.guaranteed == ()
    assert row.first is not None
    assert row.first.points == 32


def test_of_any_other_module_the_parameters_are_counted() -> None:
    layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
    free = sum(p.numel() for p in layer.parameters())
    found = rote.bounds(layer, labels=["real", "tokens-11", "binary"], bits=16)
    real, tokens, binary = found.limits
    assert found.widths is None
    assert real.first is not None
    assert real.first.points == free + 1
    assert tokens.first is not None
    assert tokens.first.points == free // 10 + 1
    assert binary.first is not None
    assert binary.first.points == 16 * free + 1


def test_a_file_is_what_its_layers_are(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((40, 3)), rng.integers(0, 2, 40)
    memo = rote.memorize(X, y, construction="yun2019-three-layer")
    path = memo.save(tmp_path / "net.onnx")
    found = rote.bounds(path, labels=["real"])
    # The direction is one row for all units: fewer weights than those of the widths.
    assert found.parameters == memo.size.parameters
    assert found.widths is not None
    assert found.widths[1:-1] == memo.size.widths
    (row,) = found.limits
    assert row.guaranteed == ()
    assert row.first is not None
    assert row.first.points <= found.parameters + 1

    module = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 1))
    (tmp_path / "plain.onnx").write_bytes(to_bytes(from_torch(module)))
    assert rote.bounds(str(tmp_path / "plain.onnx")) == rote.bounds([3, 5, 1])


def test_everything_is_plain_in_json() -> None:
    found = rote.bounds([5, 9, 1], labels=[3, "tokens-4"]).to_json()
    assert found["limits"][0]["labels"] == "3 classes"
    assert found["limits"][0]["certain"] in {g["key"] for g in found["limits"][0]["guaranteed"]}


@pytest.mark.parametrize(
    ("network", "options", "message"),
    [
        ("784", {}, "A network is written"),
        ("net.txt", {}, "A network is written"),
        ([784, "x"], {}, "whole numbers"),
        ([784], {}, "two or more positive numbers"),
        ([3, 1], {"labels": ["many"]}, "Labels must be binary"),
        ([3, 1], {"labels": [1]}, "Labels must be binary"),
        ([3, 1], {"activation": "relu(("}, "An activation is written"),
        ([3, 1], {"activation": "power(+-)"}, "parameter is a number"),
        (3.5, {}, "not float"),
    ],
)
def test_what_is_not_understood_is_refused(network, options, message) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(OptionError, match=message):
        rote.bounds(network, **options)
