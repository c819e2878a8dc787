"""Sparse projections: few features each, so that their values are small and need few folds."""

from __future__ import annotations

import numpy as np

from rote.constructions._compact.encoder import Projections
from rote.network import Affine
from rote.network.activation import RELU
from rote.typing import Array

__all__ = ["sparse"]

_FEWEST = 4
"""Fewest features of a projection; half of them where it is folded to few values. Ours."""

_FEW_VALUES = 8
"""Few values. Ours."""


def sparse(
    projections: Projections,
    points: Array,
    ranges: tuple[int, ...],
    deviation: float,
    rng: np.random.Generator,
) -> Projections:
    """Leave out weights of projections of integers while their deviation stays large enough.

    Args:
        projections: Projections in one layer.
        points: What they project, integers in any dtype, shape (n, d).
        ranges: The range that each is folded to.
        deviation: Wanted standard deviation of the halves of the one of the largest range.
        rng: Source of randomness.

    Returns:
        Projections with at least two or four weights each, where there were as many.
    """
    (layer,) = projections.layers
    wanted = 2 * deviation * np.array(ranges) / max(ranges)
    share = np.square(wanted / np.maximum(projections.values.std(axis=0), 1))
    weight = np.zeros_like(layer.weight)
    fewest = [_FEWEST if size > _FEW_VALUES else _FEWEST // 2 for size in ranges]
    for row, old, kept, least in zip(weight, layer.weight, share.tolist(), fewest, strict=True):
        features = rng.permutation(np.flatnonzero(old))
        some = features[: max(least, int(np.ceil(kept * len(features))))]
        row[some] = old[some]
    values = np.empty_like(projections.values)
    for j, row in enumerate(weight):
        values[:, j] = 1
        for i in np.flatnonzero(row):
            values[:, j] += 2 * int(row[i]) * points[:, i].astype(np.int64)
    low = (values.min(axis=0) - 1) // 2
    values -= 2 * low
    return Projections(values, (Affine(weight, (0 - low).astype(layer.bias.dtype), RELU),))
