"""The rank modulo a prime against FLINT's, and against the rank over the rational numbers."""

from __future__ import annotations

import flint
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import rote.exact.modular as module
from rote.errors import DataError, OptionError
from rote.exact.matrix import rank
from rote.exact.modular import LARGEST_PRIME, random_prime, rank_modulo

PRIMES = (3, 5, 101, 4_194_319, LARGEST_PRIME)


def flint_rank(matrix: np.ndarray, prime: int) -> int:
    rows, columns = matrix.shape
    entries = [int(v) % prime for v in matrix.ravel().tolist()]
    return flint.nmod_mat(rows, columns, entries, prime).rank()


def low_rank(rng: np.random.Generator, m: int, n: int, k: int, largest: int) -> np.ndarray:
    left = rng.integers(-largest, largest + 1, (m, k))
    return left @ rng.integers(-largest, largest + 1, (k, n))


@given(st.integers(0, 2**32), st.sampled_from(PRIMES))
def test_equals_flint(seed: int, prime: int) -> None:
    rng = np.random.default_rng(seed)
    m, n, k = (int(v) for v in rng.integers(1, 90, 3))
    matrix = low_rank(rng, m, n, k, int(rng.choice([1, 3, 10**8])))
    matrix[:, rng.random(n) < 0.2] = 0
    found = rank_modulo(matrix, prime)
    assert found == flint_rank(matrix, prime)
    assert found <= min(m, n, k)


@pytest.mark.parametrize(("m", "n", "k"), [(300, 300, 300), (400, 150, 120), (150, 400, 149)])
def test_equals_flint_on_larger_matrices(m: int, n: int, k: int) -> None:
    rng = np.random.default_rng(m + n)
    matrix = low_rank(rng, m, n, k, 10**6)
    assert rank_modulo(matrix) == flint_rank(matrix, LARGEST_PRIME) == k


def test_products_longer_than_the_depth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_DEPTH", 8)
    matrix = low_rank(np.random.default_rng(1), 120, 100, 77, 10**6)
    assert rank_modulo(matrix) == 77


def test_sums_of_the_greatest_depth_are_exact() -> None:
    """All residues of the largest size and one sign: the worst case of the bound on sums."""
    largest = LARGEST_PRIME // 2
    assert module._DEPTH * (LARGEST_PRIME // 2 + 4) ** 2 + LARGEST_PRIME // 2 + 4 < 2**53
    x = np.array([float(module._DEPTH * largest**2 + k) for k in range(-5, 6)])
    wanted = [int(v) % LARGEST_PRIME for v in x.tolist()]
    module.reduce(x, LARGEST_PRIME)
    assert [int(v) % LARGEST_PRIME for v in x.tolist()] == wanted
    assert np.abs(x).max() <= LARGEST_PRIME / 2 + 4


@given(st.sampled_from(PRIMES), st.integers(-(2**52), 2**52))
def test_reduction(prime: int, value: int) -> None:
    limit = min(2**52, module._DEPTH * (prime // 2 + 4) ** 2)
    value = max(-limit, min(limit, value))
    x = np.array([float(value), float(value - value % prime)])
    module.reduce(x, prime)
    assert int(x[0]) % prime == value % prime
    assert abs(x[0]) <= prime / 2 + 4
    assert x[1] == 0


@given(st.integers(0, 2**32))
def test_lower_bound_of_the_rank_over_the_rationals(seed: int) -> None:
    rng = np.random.default_rng(seed)
    m, n, k = (int(v) for v in rng.integers(1, 9, 3))
    matrix = low_rank(rng, m, n, k, 9).astype(float) / 64
    true = rank(matrix)
    assert rank_modulo(matrix, 3) <= true
    assert rank_modulo(matrix) <= true
    assert rank_modulo(matrix, random_prime(rng)) <= true


def test_a_prime_that_divides_the_minors() -> None:
    matrix = np.array([[1, 2], [3, 206]])  # of determinant 200
    assert rank_modulo(np.diag([1, 101]), 101) == 1
    assert rank_modulo(np.diag([1, 101]), 103) == 2
    assert rank_modulo(matrix, 5) == 1
    assert rank_modulo(matrix, 7) == 2
    assert rank(matrix) == 2


def test_floats_of_all_sizes_are_dyadic_numbers() -> None:
    rng = np.random.default_rng(3)
    base = low_rank(rng, 12, 9, 5, 3).astype(float)
    scale = np.ldexp(1.0, rng.integers(-1000, 900, 12))
    assert rank_modulo(base * scale[:, None]) == 5
    assert rank_modulo(np.array([[5e-324, 0.0], [0.0, 2.0**1023]])) == 2
    assert rank_modulo(np.float32([[0.1, 0.2], [0.2, 0.4]])) == 1


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int8, np.int64, np.uint64, object])
def test_integer_dtypes(dtype: type) -> None:
    matrix = np.array([[1, 0, 1], [1, 1, 0], [0, 1, 1]], dtype)
    assert rank_modulo(matrix) == 3
    assert rank_modulo(matrix * 10**30 if dtype is object else matrix) == 3
    extreme = np.array([[2**64 - 1, 0], [0, 1]], np.uint64)
    assert rank_modulo(extreme) == 2


def test_zero_and_thin_matrices() -> None:
    assert rank_modulo(np.zeros((5, 4))) == 0
    assert rank_modulo(np.ones((40, 1))) == 1
    assert rank_modulo(np.ones((1, 40))) == 1
    assert rank_modulo(np.empty((0, 3))) == 0
    assert rank_modulo(np.full((2, 2), LARGEST_PRIME)) == 0


def test_the_matrix_is_left_alone() -> None:
    matrix = np.arange(12.0).reshape(4, 3)
    rank_modulo(matrix)
    assert matrix.tolist() == np.arange(12.0).reshape(4, 3).tolist()


def test_random_primes() -> None:
    rng = np.random.default_rng(0)
    primes = {random_prime(rng) for _ in range(50)}
    assert len(primes) > 45
    assert all(2**22 < p < 2**23 and flint.fmpz(p).is_prime() for p in primes)
    assert random_prime(np.random.default_rng(5)) == random_prime(np.random.default_rng(5))
    assert LARGEST_PRIME < 2**23
    assert not any(flint.fmpz(p).is_prime() for p in range(LARGEST_PRIME + 1, 2**23))


@pytest.mark.parametrize("prime", [2, 1, 0, -3, 9, 8_388_617])
def test_other_moduli(prime: int) -> None:
    with pytest.raises(OptionError, match="odd prime below 2\\^23"):
        rank_modulo(np.eye(2), prime)


def test_other_matrices() -> None:
    with pytest.raises(OptionError, match="must have shape"):
        rank_modulo(np.ones(3))
    with pytest.raises(DataError, match="must be finite"):
        rank_modulo(np.array([[np.nan]]))
