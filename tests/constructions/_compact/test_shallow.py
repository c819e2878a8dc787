"""The shallow form of the compact memory: few layers, right on every point."""

from __future__ import annotations

import numpy as np
import pytest

from rote.certify import verify
from rote.constructions.compact import Compact
from rote.data import DataSet
from rote.errors import OptionError


@pytest.mark.parametrize(
    ("classes", "real"), [(2, False), (2, True), (7, False), (40, False), (300, False)]
)
def test_the_shallow_form(classes: int, real: bool) -> None:
    rng = np.random.default_rng(classes)
    X = rng.standard_normal((1500, 12)) if real else rng.integers(0, 256, (1500, 12))
    data = DataSet.from_arrays(X, rng.integers(0, classes, 1500))
    network = Compact(shallow=True).build(data, dtype="float32")
    certificate = verify(network, data)
    assert certificate.certified
    assert real or certificate.claims["portable"].audit["rounded_sums"] == 0
    deep = Compact().build(data, dtype="float32")
    assert network.size.depth is not None
    assert deep.size.depth is not None
    assert network.size.depth < deep.size.depth


@pytest.mark.parametrize("n", [1, 2, 3, 9, 40])
def test_the_shallow_form_of_few_points(n: int) -> None:
    rng = np.random.default_rng(n)
    data = DataSet.from_arrays(np.arange(n)[:, None] * [3, -1], rng.integers(0, 3, n))
    for construction in (Compact(shallow=True), Compact(shallow=True, reject_unknown=3)):
        network = construction.build(data, dtype="float32")
        assert verify(network, data).certified


def test_the_shallow_form_has_bytes() -> None:
    with pytest.raises(OptionError, match="words='bytes'"):
        Compact(shallow=True, words="float32")
