"""The reader of a compact memory, asked about inputs that it does not know."""

from __future__ import annotations

import numpy as np
import pytest

from rote.constructions.compact import Compact
from rote.data import DataSet


@pytest.mark.parametrize("shallow", [False, True])
@pytest.mark.parametrize("reach", [1, 10, 1000, 10**6])
def test_inputs_anywhere_are_unknown(reach: int, shallow: bool) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.integers(-100, 100, (2000, 12)), rng.integers(0, 3, 2000)
    network = Compact(reject_unknown=4, shallow=shallow).build(
        DataSet.from_arrays(X, y), dtype="float32"
    )
    fresh = rng.integers(-100 * reach, 100 * reach, (40_000, 12))
    share = np.mean(network.predict(fresh) != -1)
    assert share < 2**-4 + 0.006  # five standard deviations
