"""The fit of one output by pairs of units, with what each activation needs."""

from __future__ import annotations

import numpy as np

from rote.constructions._gadgets.bases import bases
from rote.constructions._gadgets.pairs import Base, Pairs, fit_pairs
from rote.constructions._gadgets.slopes import approach
from rote.network import Activation
from rote.typing import Floats

__all__ = ["FITTED", "fit_output"]

_SHARPNESS = tuple(4.0**k for k in range(1, 8))
"""Sharpness of the smooth functions on the way to the ReLU. Ours."""

FITTED = 1e-8
"""Relative residual up to which a fit counts as one. Ours."""


def fit_output(
    points: Floats,
    gram: Floats,
    y: Floats,
    h: int,
    activation: Activation,
    rng: np.random.Generator,
) -> Pairs | None:
    """Fit the labels of one output.

    Args:
        points: Shape (n, d), whitened.
        gram: What :func:`rote.constructions._gadgets.pairs.gram_of_points` returned.
        y: Labels, shape (n,).
        h: Number of pairs.
        activation: What the units compute.
        rng: Source of randomness.

    Returns:
        The pairs, which may fit badly; None if no Gram matrix had full rank.
    """
    if not y.any():
        return _at_rest(h, points.shape[1])
    with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
        starts = bases(points, h, activation, rng)
        return fit_pairs(points, gram, y, starts, approach(activation, _SHARPNESS), rng)


def _at_rest(h: int, d: int) -> Pairs:
    """Pairs that cancel: the function zero."""
    weight, bias = np.zeros((h, d)), np.zeros(h)
    return Pairs(Base(weight, bias), weight, bias, np.ones(h), 0.0, 0)
