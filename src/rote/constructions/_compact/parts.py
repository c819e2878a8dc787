"""Parts: what each layer of a compact memory is for, seen from the network alone."""

from __future__ import annotations

import numpy as np

from rote.network import Affine, Network

__all__ = ["part_names"]

_SHALLOW_READER = 3
"""Layers between the table and the outputs of the shallow form."""


def part_names(network: Network) -> tuple[str, ...] | None:
    """The part that each layer belongs to: encoder, hash, one-hot, table or reader.

    The table is the layer before the first sum without an activation, and the one-hot layer is the
    one before it. The hash begins with the first layer all of whose units but constants at the end
    are the positive and the negative part of one value each, as folds need them. In the shallow
    form the first sum without an activation is the output, three layers later; the encoder ends
    with the layer after the bits, if there are any, and makes the first folds unless these would
    round.

    Args:
        network: A network that says it is a compact memory.

    Returns:
        One name for each layer; None if the layers are not those of a compact memory.
    """
    layers = [layer for layer in network.layers if isinstance(layer, Affine)]
    sums = next((i for i, layer in enumerate(layers) if layer.linear), 0)
    if all(layer.linear for layer in layers[sums:]):
        sums -= _SHALLOW_READER
        folds = 3 if len(layers) > 1 and _reflects(layers[1]) else 1
    else:
        folds = _first_folds(layers[:sums])
    if not 0 < folds < sums - 2 or len(layers) != len(network.layers):
        return None
    reader = len(layers) - sums
    return (
        *("encoder",) * folds,
        *("hash",) * (sums - 2 - folds),
        "one-hot",
        "table",
        *("reader",) * reader,
    )


def _first_folds(layers: list[Affine]) -> int:
    """The first layer that folds in the deep form; 0 if none does."""
    return next((i for i, layer in enumerate(layers) if _in_pairs(layer)), 0)


def _reflects(layer: Affine) -> bool:
    """Whether a layer takes each value from one constant."""
    return layer.inputs == layer.outputs and np.array_equal(layer.weight, -np.eye(layer.inputs))


def _in_pairs(layer: Affine) -> bool:
    """Whether units 2i and 2i + 1 have opposite weights and biases, up to one or two constants."""
    constants = int(layer.outputs % 2 == 0) + 1
    weight, bias = layer.weight[:-constants], layer.bias[:-constants]
    return bool(
        len(weight) > 1
        and len(weight) % 2 == 0
        and np.array_equal(weight[::2], -weight[1::2])
        and np.array_equal(bias[::2], -bias[1::2])
    )
