r"""Double folds: two folds of a value in one layer, and a unit that is always 1.

The distance of t, in an interval of length M, from its middle is |t - M/2|, and the distance of
this from M/4 is

    | |t - M/2| - M/4 | = M/4 - p - q + 2 r + 2 s,

p = relu(t - M/2), q = relu(M/2 - t), r = relu(t - 3M/4), s = relu(M/4 - t): four units in place
of two layers. A part that needs fewer folds takes one, or none, in some layers. Biases cost a pass
over all units, a unit that is always 1 much less.
"""

from __future__ import annotations

import math

import numpy as np

from rote.constructions._compact.fold import Fold
from rote.typing import Floats, Integers

__all__ = ["double_folds", "values_to_fold", "without_bias"]

_TURNS = [
    (np.array([0.0]), np.array([1.0]), np.array([1.0]), 0.0),
    (np.array([-0.5, 0.5]), np.array([1.0, -1]), np.array([1.0, 1]), 0.0),
    (
        np.array([-0.5, 0.5, -0.75, 0.25]),
        np.array([1.0, -1, 1, -1]),
        np.array([-1.0, -1, 2, 2]),
        0.25,
    ),
]
"""For no fold, one and two folds of t: constants over M and signs of t in all units; their weights
and a constant over M in the folded value."""


def values_to_fold(fold: Fold, largest: Integers) -> tuple[Floats, Floats, Integers]:
    """The values that are folded, less a multiple of their period so that they need few folds.

    Args:
        fold: How the parts of the address arise.
        largest: Largest value of each projection.

    Returns:
        The values in terms of the encoder's units and 1, shape (parts, projections + 1); the
        length M of the interval that each is in; and its number of folds.
    """
    positive, negative = np.maximum(fold.combinations, 0), np.maximum(-fold.combinations, 0)
    period = 4 * fold.ranges
    drawn = fold.shifts
    shift = drawn - (drawn - negative @ largest) // period * period
    highest = positive @ largest + shift
    levels = np.maximum(np.frexp(highest / fold.ranges)[1] - 1, 1)
    # The encoder gives y for the odd value 2 y + 1.
    bias = fold.combinations.sum(axis=1) + shift
    values = np.column_stack([2 * fold.combinations, bias]).astype(np.float64)
    return values, np.ldexp(fold.ranges.astype(np.float64), levels + 1), levels


def double_folds(
    values: Floats, whole: Floats, levels: Integers, slowly: bool
) -> tuple[list[Floats], Floats]:
    """All folds, up to two of them in a layer.

    Args:
        values: What is folded, in terms of the units before and 1, shape (parts, units + 1).
        whole: Length of the interval that each is in.
        levels: Number of folds of each.
        slowly: Whether the first layer folds but once, as its sums would round.

    Returns:
        The weights of the layers, their biases behind them, and tau in terms of the last one's
        units. The last unit of each layer is 1, so that only the first one has biases.
    """
    layers: list[Floats] = []
    for steps in _steps(levels, slowly):
        units, folded, place = [], [], 0
        for t, m, step in zip(values, whole.tolist(), steps.tolist(), strict=True):
            turns, signs, slopes, rest = _TURNS[step]
            units.append(np.outer(signs, t))
            units[-1][:, -1] += m * turns
            folded.append((place, slopes, m * rest))
            place += len(signs)
        one = np.zeros((1, values.shape[1]))
        one[0, -1] = 1
        layers.append(_layer(np.concatenate([*units, one]), first=not layers))
        values = np.zeros((len(whole), place + 1))
        for row, (first, slopes, rest) in zip(values, folded, strict=True):
            row[first : first + len(slopes)] = slopes
            row[-1] = rest
        whole = np.ldexp(whole, -steps)
    return layers, values


def _steps(levels: Integers, slowly: bool) -> list[Integers]:
    """How often each layer folds each part, at most twice, with few units in the widest layer."""
    most = [1] * slowly
    most += [2] * math.ceil((levels.max() - len(most)) / 2)
    steps = np.repeat(np.array(most)[:, None], len(levels), axis=1)
    for part, wanted in enumerate(levels.tolist()):
        while steps[:, part].sum() > wanted:
            units = np.where(steps[:, part] > 0, (1 << steps).sum(axis=1), -1)
            steps[np.argmax(units), part] -= 1
    return list(steps)


def _layer(units: Floats, first: bool) -> Floats:
    """Weights with biases behind them: the constants of the first layer, else none."""
    return units if first else without_bias(units)


def without_bias(layer: Floats) -> Floats:
    """The layer with biases of zero behind its weights."""
    return np.column_stack([layer, np.zeros(len(layer))])
