"""The main job: what memorize returns, chooses and refuses."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rote
from rote.api.build import Objective, _wrong_rows
from rote.certify import Certificate
from rote.constructions import CATALOGUE
from rote.errors import (
    AssumptionError,
    CertificationError,
    ContradictionError,
    OptionError,
    PrecisionError,
)
from rote.network import Nearest, Network
from rote.typing import Array


def table(n: int = 60, d: int = 4, classes: int = 3, seed: int = 0) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 100, (n, d)), rng.integers(0, classes, n)


@pytest.mark.parametrize(
    "names",
    [["a", "b", "c"], [10, 20, 30], [True, False, True], [0.5, 1.5, 2.5], [("t", 1), 2, "x"]],
)
def test_labels_come_back_as_they_were_given(names: list[object]) -> None:
    X, codes = table()
    y = np.empty(len(codes), dtype=object)
    y[:] = [names[c] for c in codes]
    if not any(isinstance(name, tuple) for name in names):
        y = np.array(y.tolist())
    memo = rote.memorize(X, y, task="classes", construction="zhang2017")
    assert memo.predict(X).tolist() == y.tolist()
    assert memo.certificate.certified


@pytest.mark.parametrize("construction", ["compact", "zhang2017"])
def test_several_columns_of_labels_come_back_as_they_were_given(
    construction: str, tmp_path: Path
) -> None:
    X, codes = table()
    y = [[["a", "b", "c"][c], 10 * c % 7, bool(c % 2)] for c in codes.tolist()]
    memo = rote.memorize(X, y, construction=construction)
    assert repr(memo.predict(X).tolist()) == repr(y)
    assert memo.replayed().certificate.certified
    for name in ("net.onnx", "net.safetensors"):
        rote.verify(memo.save(tmp_path / name), X, y)
        with pytest.raises(CertificationError) as caught:
            rote.verify(tmp_path / name, X, [*y[:7], ["a", 99, False], *y[8:]])
        assert caught.value.rows == (7,)
    assert torch_labels(memo, X) == y


def torch_labels(memo: rote.Memo, X: Array) -> list[list[object]]:
    """What the PyTorch module decides."""
    import torch

    from rote.export.torch import from_torch

    module = memo.to_torch()
    assert from_torch(module).decision is memo.network.decision
    codes = module.decide(torch.tensor(X.astype(memo.network.dtype))).numpy()
    named: list[list[object]] = memo.network.decision.named(codes).tolist()
    return named


def test_columns_of_one_type_keep_it() -> None:
    X, codes = table()
    for y in (np.stack([codes > 0, codes > 1], axis=1), np.stack([codes, codes // 2], axis=1)):
        memo = rote.memorize(X, y, task="classes", construction="compact")
        assert memo.predict(X).dtype == y.dtype
        assert np.array_equal(memo.predict(X), y)
    with pytest.raises(ContradictionError, match=r"rows 0 and 1 .* \['a', 1\] and \['a', 2\]"):
        rote.memorize([[1], [1]], [["a", 1], ["a", 2]])


def test_the_default_is_the_smallest_file_that_can_be_certified() -> None:
    X, y = table()
    memo = rote.memorize(X, y)
    sizes = []
    for key in CATALOGUE:
        try:
            other = rote.memorize(X, y, construction=key, claim="portable")
        except (AssumptionError, PrecisionError):
            continue
        sizes.append(len(_file(other)))
    assert len(_file(memo)) == min(sizes)
    assert memo.attempts[-1].outcome == "chosen"
    assert not memo.size.exceeds(memo.promised)


def _file(memo: rote.Memo) -> bytes:
    from rote.export.onnx.write import to_bytes

    return to_bytes(memo.network)


@pytest.mark.parametrize("objective", ["parameters", "neurons", "depth"])
def test_the_objective_is_what_auto_makes_smallest(objective: Objective) -> None:
    X, y = table(n=40)
    best = getattr(rote.memorize(X, y, objective=objective).size, objective)
    for key in CATALOGUE:
        try:
            memo = rote.memorize(X, y, construction=key)
            assert best <= getattr(memo.size, objective) or not memo.network.piecewise_linear
        except (AssumptionError, PrecisionError):
            continue


def test_the_objective_latency_tries_the_shallow_form_of_the_compact_memory() -> None:
    X, y = table(n=300)
    memo = rote.memorize(X, y, objective="latency")
    deep = rote.memorize(X, y, construction="compact")
    assert memo.size.depth is not None
    assert deep.size.depth is not None
    assert 2 * memo.size.depth < deep.size.depth


def test_auto_leaves_slow_constructions_to_few_points(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = table(n=20)
    free = rote.memorize(X, y, objective="neurons").network.provenance.construction
    assert free != "zhang2017"
    for key, kind in CATALOGUE.items():
        if key != "zhang2017":
            monkeypatch.setattr(kind, "theorem", replace(kind.theorem, most_points=10))
    bound = rote.memorize(X, y, objective="neurons").network.provenance.construction
    assert bound == "zhang2017"


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 40), outputs=st.integers(1, 3))
@settings(max_examples=15)
def test_real_targets_come_back_within_the_tolerance(seed: int, n: int, outputs: int) -> None:
    rng = np.random.default_rng(seed)
    X, y = rng.standard_normal((n, 3)), rng.standard_normal((n, outputs))
    memo = rote.memorize(
        X, y, task="real", construction="zhang2017", dtype="float64", tolerance=1e-6
    )
    predicted = memo.predict(X)
    assert predicted.shape == ((n,) if outputs == 1 else (n, outputs))
    assert np.abs(predicted.reshape(n, -1) - y).max() < 1e-6


def test_exact_networks_predict_too() -> None:
    X, y = table(n=15)
    memo = rote.memorize(X, y, construction="zhang2017", dtype="exact")
    assert memo.predict(X).tolist() == y.tolist()
    assert memo.certificate.holds("exact")
    assert not memo.certificate.claims["portable"].available


def test_save_writes_network_and_certificate_that_verify_again(tmp_path: Path) -> None:
    X, y = table()
    memo = rote.memorize(X, y).replayed()
    for suffix in (".onnx", ".safetensors"):
        written = memo.save(tmp_path / f"net{suffix}")
        assert written == tmp_path / f"net{suffix}"
        certificate = Certificate.from_json((tmp_path / "net.cert.json").read_text())
        assert certificate == memo.certificate
        assert set(certificate.claims) == {"exact", "portable", "replayed"}
        again = rote.verify(written, X, y)
        assert again.network == certificate.network
        assert again.data == certificate.data


def test_integers_beyond_float64_are_saved_as_safetensors(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((9, 3)), rng.standard_normal(9)
    memo = rote.memorize(X, y, construction="zhang2017", dtype="exact", tolerance=1e-30)
    written = memo.save(tmp_path / "net.onnx")
    assert written == tmp_path / "net.safetensors"
    assert not (tmp_path / "net.onnx").exists()
    assert rote.verify(written, X, y).holds("exact")


def test_verify_says_no_and_names_the_rows(tmp_path: Path) -> None:
    X, y = table()
    written = rote.memorize(X, y).save(tmp_path / "net.onnx")
    wrong = y.copy()
    wrong[[5, 17]] = (wrong[[5, 17]] + 1) % 3
    with pytest.raises(CertificationError) as caught:
        rote.verify(written, X, wrong)
    assert caught.value.rows == (5, 17)
    assert isinstance(caught.value.certificate, Certificate)
    assert not caught.value.certificate.certified


def test_an_arithmetic_that_cannot_hold_the_network_is_refused_and_the_next_is_named() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((3000, 3)), rng.integers(0, 2, 3000)
    with pytest.raises(PrecisionError, match=r"float32 .*zhang2017.*Use dtype='float64'") as caught:
        rote.memorize(X, y, construction="zhang2017", dtype="float32")
    assert caught.value.rows


def test_where_nothing_can_be_certified_one_line_says_what_to_try() -> None:
    X = np.random.default_rng(0).random((20, 3))
    X = np.concatenate([X, np.nextafter(X, 1)])  # neighbours, and a sum of three products rounds
    y = np.arange(40) // 20
    message = r"^None of \d+ constructions could .* float32 or float64; use dtype='exact'\. For one"
    with pytest.raises(PrecisionError, match=message) as caught:
        rote.memorize(X, y)
    assert len(str(caught.value)) < 300
    assert rote.memorize(X, y, dtype="exact").certificate.holds("exact")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"construction": "yun"}, "There is no construction 'yun'"),
        ({"objective": "byte"}, "Did you mean 'bytes'"),
        ({"dtype": "float16"}, "dtype 'float16' is unknown"),
        ({"claim": "portabel"}, "Did you mean 'portable'"),
        ({"width": 3}, "name one with construction=KEY"),
    ],
)
def test_arguments_without_meaning_are_refused(arguments: dict[str, object], message: str) -> None:
    X, y = table(n=5)
    with pytest.raises(OptionError, match=message):
        rote.memorize(X, y, **arguments)  # type: ignore[arg-type]


def test_progress_is_told_and_may_stop_the_work() -> None:
    X, y = table()
    stages = set()
    rote.memorize(X, y, progress=lambda stage, done, total: stages.add(stage))
    assert "directions" in stages

    def stop(stage: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rote.memorize(X, y, progress=stop)


def test_the_catalogue_is_public() -> None:
    assert rote.constructions() == {k: c.theorem for k, c in CATALOGUE.items()}
    json.dumps({k: t.statement for k, t in rote.constructions().items()})


def test_labels_may_come_in_any_order_of_the_networks_own() -> None:
    rng = np.random.default_rng(0)
    X = np.unique(rng.integers(0, 9, (400, 3)), axis=0)
    y = np.array(list("edcba"))[np.minimum(rng.geometric(0.4, len(X)) - 1, 4)]
    memo = rote.memorize(X, y, construction="compact")
    assert memo.network.dtype == "float32"
    assert (memo.predict(X) == y).all()
    turned = Network(memo.network.layers, Nearest(memo.network.decision.labels[::-1]), "float32")
    assert _wrong_rows(memo.network, memo.data) == []
    assert len(_wrong_rows(turned, memo.data)) > 100
