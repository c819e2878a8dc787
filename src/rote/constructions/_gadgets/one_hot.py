r"""One-hot: hidden layers that turn a number near a class code into that class's unit vector.

Class m's output is 1 within 1/3 of the code m and 0 within 1/3 of every other. Between two codes
stands an *edge*, a hard tanh that rises over the third in the middle, and output m is half the
difference of the edges on both sides. Clamps that saturate without rounding make the output exactly
one-hot in every arithmetic, whatever the error of the number, up to 1/3.
"""

from __future__ import annotations

import numpy as np

from rote.constructions._gadgets.clamp import Clamp
from rote.network import Affine
from rote.typing import DType

__all__ = ["SLACK", "edges", "one_hot"]

SLACK = 1 / 3
"""How far from its code a number may be."""


def edges(classes: int, *, shared: bool) -> int:
    """How many edges there are: one between neighbouring classes, or two for each class.

    Args:
        classes: Number of classes.
        shared: Whether neighbours share their edge, and the outermost have one only.

    Returns:
        The number, at least 1.
    """
    return max(classes - 1, 1) if shared else 2 * classes


def one_hot(classes: int, clamp: Clamp, *, shared: bool, dtype: DType) -> tuple[Affine, ...]:
    """Hidden layers on one number, and the linear layer of the outputs.

    Args:
        classes: Number of classes C, at least 1.
        clamp: How edges are made.
        shared: Whether neighbouring classes share their edge.
        dtype: The network's arithmetic.

    Returns:
        The layers.
    """
    code = np.arange(classes)
    if shared:
        place = np.arange(0.5, max(classes - 1, 1))
        read = np.zeros((classes, len(place)))
        read[code[1:], code[1:] - 1] = 0.5
        read[code[: len(place)], code[: len(place)]] = -0.5
    else:
        place = np.stack([code - 0.5, code + 0.5], axis=1).ravel()
        read = np.zeros((classes, 2 * classes))
        read[code, 2 * code] = 0.5
        read[code, 2 * code + 1] = -0.5
    # The edges left of code m are 1, the others -1; output m is to be 1 there.
    at_code = np.where(place < code[:, None], 1.0, -1.0)
    constant = 1 - (read * at_code).sum(axis=1)
    facing = np.where(place < classes / 2, -1.0, 1.0)
    slope = np.full((len(place), 1), 6.0)
    clipped = clamp.clip(slope, -6 * place, facing, dtype)
    weight = read[:, :, None] * clipped.coefficient
    out = Affine(
        weight.reshape(classes, -1).astype(dtype),
        (constant + read @ clipped.constant).astype(dtype),
    )
    return (*clipped.layers, out)
