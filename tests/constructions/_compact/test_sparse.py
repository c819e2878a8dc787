"""Sparse projections: what their layer computes, in few terms."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rote.constructions._compact.encoder import IntegerEncoder
from rote.constructions._compact.sparse import sparse


@given(
    n=st.integers(1, 50),
    d=st.integers(1, 30),
    deviation=st.sampled_from([1.0, 60.0, 2000.0]),
    seed=st.integers(0, 99),
)
def test_values_are_what_the_layer_computes(n: int, d: int, deviation: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.integers(-9, 256, (n, d)).astype(np.float32)
    dense = IntegerEncoder(points, "float32").draw(5, 30.0, rng)
    assert dense is not None
    few = sparse(dense, points, (4, 7, 9, 20, 21), deviation, rng)
    (layer,) = few.layers
    assert np.array_equal(2 * (points @ layer.weight.T + layer.bias) + 1, few.values)
    assert few.values.min() == 1
    old = dense.layers[0].weight
    assert np.all((layer.weight == old) | (layer.weight == 0))
    fewest = np.minimum(np.count_nonzero(old, axis=1), [2, 2, 4, 4, 4])
    assert np.all(np.count_nonzero(layer.weight, axis=1) >= fewest)
