"""The decision of a network that comes without one."""

from __future__ import annotations

from typing import Any

import pytest
from onnx import helper

from foreign import model, random
from rote.errors import OptionError
from rote.export.onnx import from_bytes, to_bytes
from rote.network import ArgMax, Bits, Nearest, Sign, Value

node = helper.make_node


def plain(k: int, *after: Any) -> bytes:
    nodes = [node("Gemm", ["x", "W"], ["y" if not after else "h"], transB=1), *after]
    return model(nodes, {"W": random(k, 3)}).SerializeToString()


def test_the_decision_of_a_file_without_one() -> None:
    sigmoid = node("Sigmoid", ["h"], ["y"])
    cases: list[tuple[bytes, dict[str, Any], type]] = [
        (plain(3), {}, ArgMax),
        (plain(3), {"labels": ["a", "b", "c"]}, ArgMax),
        (plain(3), {"decision": "bits", "labels": [1, 2, 3, 4, 5]}, Bits),
        (plain(1), {}, Sign),
        (plain(1), {"labels": ["a", "b"]}, Sign),
        (plain(1), {"labels": [1, 2, 3]}, Nearest),
        (plain(1), {"labels": [1]}, Nearest),
        (plain(1), {"tolerance": 0.5}, Value),
        (plain(2), {"tolerance": 0.5}, Value),
        (plain(1, sigmoid), {"labels": ["a", "b"]}, Nearest),
        (plain(1, sigmoid), {"decision": "sign"}, Sign),
    ]
    for content, options, wanted in cases:
        assert type(from_bytes(content, **options).decision) is wanted, options


@pytest.mark.parametrize(
    ("k", "options", "match"),
    [
        (3, {"labels": [1, 2]}, "needs 2 outputs"),
        (1, {"decision": "argmax", "labels": [1, 2]}, "needs 2 outputs"),
        (1, {"decision": "vote"}, "'vote' is unknown"),
        (2, {"decision": "value"}, "tolerance"),
        (2, {"labels": []}, "labels"),
        (2, {"labels": [[1, 2]]}, "labels"),
    ],
)
def test_arguments_that_do_not_fit(k: int, options: dict[str, Any], match: str) -> None:
    with pytest.raises(OptionError, match=match):
        from_bytes(plain(k), **options)


def test_a_files_own_decision_comes_before_the_arguments() -> None:
    network = from_bytes(plain(2), labels=["a", "b"])
    content = to_bytes(network)
    kept = from_bytes(content, labels=["c", "d"]).decision
    assert kept.labels is not None
    assert kept.labels.tolist() == ["a", "b"]
    with pytest.raises(OptionError, match="decides by 'argmax' itself"):
        from_bytes(content, decision="bits")


def test_a_tolerance_comes_before_the_files_own() -> None:
    content = to_bytes(from_bytes(plain(2), tolerance=0.25))
    own, given = from_bytes(content).decision, from_bytes(content, tolerance=0.5).decision
    assert isinstance(own, Value)
    assert isinstance(given, Value)
    assert (own.tolerance, given.tolerance) == (0.25, 0.5)
