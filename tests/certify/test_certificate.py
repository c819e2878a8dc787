"""Certificates: what they say, and that a stranger's file is read with care."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

import hand_made
from rote.certify import DEFINITIONS, Certificate, Claim, Failures, verify
from rote.errors import FormatError


@pytest.fixture
def certificate() -> Certificate:
    data = hand_made.table(9)
    made = verify(hand_made.interpolation(data), data)
    wrong = Claim(
        "replayed",
        holds=False,
        failures=Failures.of([7, 3]),
        reason="Two rows differ.",
        margin=-0.5,
    )
    return replace(made, claims=made.claims | {"replayed": wrong})


def test_it_survives_its_text(certificate: Certificate) -> None:
    text = json.dumps(certificate.to_json(), allow_nan=False)
    assert Certificate.from_json(text) == certificate
    assert Certificate.from_json(text.encode()) == certificate
    assert Certificate.from_json(certificate.to_json()) == certificate
    assert json.loads(text) == certificate.to_json()


def test_every_claim_is_defined() -> None:
    assert set(DEFINITIONS) == {"exact", "portable", "exists", "replayed"}
    for word in ("Strassen", "TF32", "fused multiply-add", "order"):
        assert word in DEFINITIONS["portable"]


def test_it_is_described_in_words(certificate: Certificate) -> None:
    exact, _, replayed = certificate.claims.values()
    assert exact.describe().startswith("exact: holds, margin 0.")
    assert replayed.describe() == "replayed: fails for 2 points (rows 3, 7). Two rows differ."
    assert certificate.summary().startswith("9 points in float32; exact: holds")
    missing = Claim("portable", holds=False, available=False, reason="No floats.")
    assert missing.describe() == "portable: not available. No floats."


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "no point"),
        ([4], "1 point (row 4)"),
        ([9, 8], "2 points (rows 8, 9)"),
        (list(range(12)), "12 points (rows 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, ...)"),
    ],
)
def test_failures_name_the_first_ten(rows: list[int], words: str) -> None:
    failures = Failures.of(rows)
    assert failures.describe() == words
    assert failures.total == len(rows)
    assert len(failures.rows) <= 10


def test_certified_means_that_all_available_claims_hold(certificate: Certificate) -> None:
    good = Claim("exact", holds=True)
    bad = Claim("exact", holds=False)
    missing = Claim("portable", holds=False, available=False)
    for claims, certified in [
        ({}, False),
        ({"exact": good}, True),
        ({"exact": bad}, False),
        ({"portable": missing}, False),
        ({"exact": good, "portable": missing}, True),
        ({"exact": good, "portable": replace(bad, name="portable")}, False),
    ]:
        assert replace(certificate, claims=claims).certified == certified
    assert not replace(certificate, claims={}).holds("exact")


def put(*path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(entry: dict[str, Any]) -> None:
        for key in path[:-1]:
            entry = entry[key]
        entry[path[-1]] = value

    return change


def drop(entry: dict[str, Any]) -> None:
    del entry["n"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (drop, "must be an object with the keys"),
        (put("more", value=1), "must be an object with the keys"),
        (put("format", value=2), "'format' must be 1, not '2'"),
        (put("n", value="nine"), "'n' must be an integer from 0, not 'nine'"),
        (put("n", value=True), "'n' must be an integer from 0, not 'True'"),
        (put("n", value=-1), "'n' must be an integer from 0, not '-1'"),
        (put("dtype", value="float16"), "'dtype' must be one of float32, float64, exact"),
        (put("claims", value=[]), "'claims' must be an object"),
        (put("claims", "exact", value=1), "must be an object with the keys"),
        (put("claims", "exact", "name", value="portable"), "name inside must be the same"),
        (put("claims", "sure", value="copied below"), "A claim must be one of"),
        (put("claims", "exact", "holds", value=1), "'holds' must be true or false"),
        (put("claims", "exact", "margin", value=float("nan")), "'margin' must be a finite number"),
        (put("claims", "exact", "margin", value=True), "'margin' must be a finite number"),
        (put("claims", "exact", "failures", value={"total": 1}), "keys total, rows"),
        (
            put("claims", "exact", "failures", "rows", value=["a"]),
            "'rows' must be a list of row numbers",
        ),
        (put("claims", "exact", "failures", "rows", value=[1]), "must name 0 rows at most"),
        (put("claims", "exact", "failures", "total", value=1), "cannot hold and fail at once"),
        (put("claims", "exact", "available", value=False), "cannot hold and fail at once"),
        (put("claims", "exact", "audit", value={"a": []}), "'audit' must be an object of numbers"),
        (put("claims", "exact", "audit", value={"a": float("inf")}), "'audit' must be an object"),
    ],
)
def test_a_bad_file_is_refused(
    certificate: Certificate, change: Callable[[dict[str, Any]], None], message: str
) -> None:
    value = certificate.to_json()
    change(value)
    if "sure" in value["claims"]:
        value["claims"]["sure"] = value["claims"]["exact"] | {"name": "sure"}
    with pytest.raises(FormatError, match=message):
        Certificate.from_json(value)


@pytest.mark.parametrize("text", ["", "[", "[" * 100000, "[]", "3", b"\xff"])
def test_what_is_no_certificate_is_refused(text: str | bytes) -> None:
    with pytest.raises(FormatError, match="certificate must be"):
        Certificate.from_json(text)
