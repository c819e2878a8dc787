"""A hidden layer of antisymmetric pairs and its output layer, for several outputs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rote.constructions._gadgets.pairs import Pairs
from rote.constructions._gadgets.two_layer import interleaved
from rote.constructions._gadgets.whitening import Whitening
from rote.errors import PrecisionError
from rote.network import Activation, Affine
from rote.typing import DType, Floats

__all__ = ["pair_layers"]


def pair_layers(
    outputs: Sequence[Pairs],
    offset: Floats,
    frame: Whitening,
    activation: Activation,
    dtype: DType,
) -> tuple[Affine, Affine]:
    """Two layers: the pairs of all outputs side by side, each feeding its own output.

    Args:
        outputs: Pairs of each of the k outputs.
        offset: Output biases, shape (k,).
        frame: Coordinates in which the pairs were fitted; folded into the hidden layer.
        activation: What the units compute.
        dtype: Arithmetic to round to.

    Returns:
        A hidden and an output layer.

    Raises:
        PrecisionError: If a weight is too large for the arithmetic.
    """
    weights, biases = [], []
    output = np.zeros((len(outputs), sum(2 * len(p.output) for p in outputs)))
    start = 0
    for k, pairs in enumerate(outputs):
        order = interleaved(len(pairs.output), 2)
        base = pairs.base
        weight, bias = frame.fold(
            np.concatenate([base.weight + pairs.move, base.weight - pairs.move]),
            np.concatenate([base.bias + pairs.shift, base.bias - pairs.shift]),
        )
        weights.append(weight[order])
        biases.append(bias[order])
        both = np.concatenate([pairs.output, -pairs.output])
        output[k, start : start + len(both)] = both[order]
        start += len(both)
    with np.errstate(over="ignore"):
        hidden = np.concatenate(weights).astype(dtype), np.concatenate(biases).astype(dtype)
        last = output.astype(dtype), offset.astype(dtype)
    if not all(np.isfinite(t).all() for t in (*hidden, *last)):
        raise PrecisionError(f"{dtype} cannot hold the weights. Use dtype='float64' or rescale X.")
    return Affine(*hidden, activation), Affine(*last)
