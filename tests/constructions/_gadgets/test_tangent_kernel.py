"""The tangent kernel: its entries, its eigenvalues and what they promise."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rote.constructions._gadgets import tangent_kernel as module
from rote.constructions._gadgets.tangent_kernel import (
    Guarantee,
    coherence_sums,
    most_coherent,
    tangent_guarantee,
    tangent_kernel,
)

ROUNDING = 1e-10
"""A few thousand roundings of numbers of size 1."""


def test_entries_are_the_expectation_over_directions() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((4, 3))
    active = (rng.standard_normal((200_000, 3)) @ x.T > 0).astype(float)
    mean = x @ x.T * (active.T @ active) / len(active)
    assert np.abs(tangent_kernel(x) - mean).max() < 0.02 * np.square(x).sum(axis=1).max()


def test_the_series_sums_to_the_kernel() -> None:
    rho = np.linspace(-0.9, 0.9, 19)
    c = [math.comb(2 * j, j) / (4**j * (2 * j + 1) * 2 * math.pi) for j in range(200)]
    series = rho / 4 + sum(a * rho ** (2 * j + 2) for j, a in enumerate(c))
    x = np.stack([rho, np.sqrt(1 - rho**2)], axis=1)
    kernel = [tangent_kernel(np.vstack([[1.0, 0.0], row]))[0, 1] for row in x]
    assert np.allclose(series, kernel, atol=ROUNDING)


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(2, 30), d=st.integers(2, 40))
def test_gershgorin_never_exceeds_the_eigenvalue(seed: int, n: int, d: int) -> None:
    x = np.random.default_rng(seed).standard_normal((n, d))
    bound = module._gershgorin(x)
    assert 0 <= bound <= np.linalg.eigvalsh(tangent_kernel(x))[0] + ROUNDING


def test_gershgorin_is_useful_for_dispersed_points() -> None:
    x = np.random.default_rng(0).standard_normal((200, 400))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    assert module._gershgorin(x) > 0.1
    assert module._gershgorin(np.eye(7)) == pytest.approx(0.25, abs=ROUNDING)


def test_the_paths_for_few_and_many_points_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.random.default_rng(0).standard_normal((50, 100))
    exact = tangent_guarantee(x)
    monkeypatch.setattr(module, "_DENSE", 10)
    bound = tangent_guarantee(x)
    assert (exact.method, bound.method) == ("eigenvalues", "gershgorin")
    assert 0 < bound.smallest_eigenvalue <= exact.smallest_eigenvalue
    assert bound.rounds(0.1) >= exact.rounds(0.1)


def test_rounds_follow_the_rate() -> None:
    guarantee = Guarantee(0.5, 2.0, "eigenvalues")
    assert guarantee.rate == 0.125
    assert guarantee.rounds(0.1) == math.ceil(math.log(10) / -math.log(0.875))
    assert guarantee.rounds(0.1, failure=0.01) == math.ceil(math.log(1000) / -math.log(0.875))
    assert Guarantee(0.5, 2.0, "gershgorin", lipschitz=2.0).rate == 0.03125
    assert Guarantee(0.0, 2.0, "eigenvalues").rounds(0.1) == math.inf


def test_equal_directions_have_no_guarantee() -> None:
    x = np.array([[1.0, 0], [2, 0], [0, 1]])
    assert tangent_guarantee(x).smallest_eigenvalue < ROUNDING
    assert most_coherent(x) == (1.0, 0, 1)


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(2, 20))
def test_coherence_by_hand(seed: int, n: int) -> None:
    x = np.random.default_rng(seed).standard_normal((n, 3))
    rho = np.array([[a @ b / np.sqrt(a @ a * (b @ b)) for b in x] for a in x])
    off = np.abs(rho - np.diag(np.diag(rho)))
    assert np.isclose(most_coherent(x)[0], off.max())
    assert np.allclose(coherence_sums(x, (2, 6)), [(off**m).sum(axis=1).max() for m in (2, 6)])
