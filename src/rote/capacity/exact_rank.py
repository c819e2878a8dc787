"""The rank of Jacobians modulo a prime at a rational point: a proved lower bound.

A Jacobian at rational parameters and points has rational entries. Its rank modulo a prime is at
most its rank, and that is at most the generic rank. So each number here is a proof that a network
of the given shape reaches at least that many labels; with random parameters and a random prime of
22 bits it is the generic rank but for small probability.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from rote.exact.modular import random_prime, rank_modulo
from rote.typing import Array, Integers

__all__ = ["polynomial_rank_modulo", "relu_rank_modulo"]

_WEIGHT = 9
"""Largest absolute weight, bias over 4 and coordinate of random ReLU networks. Ours."""


def polynomial_rank_modulo(
    d: int,
    m: int,
    coefficients: Mapping[int, int],
    n: int,
    rng: np.random.Generator,
    *,
    all_parameters: bool = False,
) -> int:
    r"""The rank for one hidden layer with a polynomial $\sum_k c_k t^k$ at n random points.

    Args:
        d: Number of features.
        m: Number of hidden units.
        coefficients: The $c_k$ by degree k >= 0.
        n: Number of points.
        rng: Source of the prime, the parameters and the points.
        all_parameters: Whether units have biases and output weights that move; else only the
            weights of the hidden layer do, and there are no biases.

    Returns:
        The rank modulo the prime.
    """
    p = random_prime(rng)
    x, w = rng.integers(0, p, (n, d)), rng.integers(0, p, (d, m))
    output = rng.integers(1, p, m)
    z = np.zeros((n, m), np.int64)
    if all_parameters:
        z += rng.integers(0, p, m)
    for j in range(d):
        z = (z + x[:, j, None] * w[j]) % p
    slope, value = np.zeros_like(z), np.zeros_like(z)
    for k, c in coefficients.items():
        value = (value + c * _power(z, k, p)) % p
        if k:
            slope = (slope + c * k * _power(z, k - 1, p)) % p
    slope = slope * output % p
    columns = [(slope[:, :, None] * x[:, None, :] % p).reshape(n, -1)]
    if all_parameters:
        columns += [slope, value]
    return rank_modulo(np.concatenate(columns, axis=1), p)


def relu_rank_modulo(widths: Sequence[int], n: int, rng: np.random.Generator) -> int:
    """The rank for a random integer ReLU network with biases at n random integer points.

    Args:
        widths: Inputs, hidden units of each layer, and one output.
        n: Number of points.
        rng: Source of the prime, the parameters and the points.

    Returns:
        The rank modulo the prime, at most the parameters less the hidden units.
    """
    p = random_prime(rng)
    kind = np.int64 if _largest(widths) < 1 << 62 else object
    h: Array = rng.integers(-_WEIGHT, _WEIGHT + 1, (n, widths[0])).astype(kind)
    weights, inputs, active = [], [h], []
    for fan_in, units in pairwise(widths):
        weight = rng.integers(-_WEIGHT, _WEIGHT + 1, (units, fan_in)).astype(kind)
        z = h @ weight.T + rng.integers(-4 * _WEIGHT, 4 * _WEIGHT + 1, units).astype(kind)
        weights.append(weight)
        active.append(z > 0)
        h = np.where(z > 0, z, 0)
        inputs.append(h)
    back: Integers = np.ones((n, 1), np.int64)
    columns = []
    for layer in range(len(weights) - 1, -1, -1):
        given = (inputs[layer] % p).astype(np.int64)
        columns += [(back[:, :, None] * given[:, None, :] % p).reshape(n, -1), back]
        if layer:
            # Fewer than 2^15 products of a residue below 2^23 and a weight of 4 bits.
            back = back @ weights[layer].astype(np.int64) * active[layer - 1] % p
    return rank_modulo(np.concatenate(columns, axis=1), p)


def _largest(widths: Sequence[int]) -> int:
    """A bound of every affine sum."""
    bound = _WEIGHT
    for fan_in in widths[:-1]:
        bound = _WEIGHT * fan_in * bound + 4 * _WEIGHT
    return bound


def _power(z: Integers, k: int, p: int) -> Integers:
    power = np.ones_like(z)
    for _ in range(k):
        power = power * z % p
    return power
