"""Single steps, to compare two versions of the code on one machine.

python -m pytest benchmarks --benchmark-enable --benchmark-autosave --benchmark-compare
"""

from __future__ import annotations

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from rote.certify import verify
from rote.constructions import CATALOGUE, make
from rote.data import DataSet

N = 500


@pytest.fixture(scope="module")
def data() -> DataSet:
    """Normal points with random binary labels."""
    rng = np.random.default_rng(0)
    return DataSet.from_arrays(rng.standard_normal((N, 16)), rng.integers(0, 2, N))


def test_check_data(benchmark: BenchmarkFixture, data: DataSet) -> None:
    """Merging equal rows, encoding labels."""
    again = benchmark(DataSet.from_arrays, data.points, data.codes)
    assert again.n == N


@pytest.mark.parametrize("key", CATALOGUE)
def test_build(benchmark: BenchmarkFixture, data: DataSet, key: str) -> None:
    """From a data set to a network."""
    network = benchmark(make(key).build, data, dtype="float64")
    assert network.provenance.construction == key


@pytest.mark.parametrize("claim", ["exact", "portable"])
@pytest.mark.parametrize("key", CATALOGUE)
def test_verify(benchmark: BenchmarkFixture, data: DataSet, key: str, claim: str) -> None:
    """One claim about one network."""
    network = make(key).build(data, dtype="float64")
    certificate = benchmark(verify, network, data, claims=(claim,))
    assert claim in certificate.claims
