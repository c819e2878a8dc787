r"""The generic rank of Khatri-Rao products: how many labels the slopes of h units can reach.

Row i of the matrix is $D_i \otimes (x_i, 1)$, where $D_{il}$ is the slope of unit l at point i.
"""

from __future__ import annotations

from math import comb

import numpy as np

from rote.typing import Array

__all__ = ["EXCEPTIONS", "dependent_rows", "free_rank", "power_rank"]

EXCEPTIONS = frozenset({(3, 5, 7), (4, 3, 5), (4, 4, 9), (4, 5, 14)})
"""The sporadic cases (k, d, m) of Alexander and Hirschowitz [alexander1995], one short each."""


def power_rank(d: int, m: int, k: int) -> int:
    r"""The generic rank of the $md$ functions $x_j (w_l \cdot x)^{k-1}$ of x in $R^d$.

    They span the tangent space of the m-th secant variety of the Veronese variety, so this is the
    theorem of Alexander and Hirschowitz [alexander1995]: $\min(md, \binom{k + d - 1}{k})$, except
    for k = 2, where it is $md - m(m - 1)/2$ for m <= d, and one less in four sporadic cases.

    Args:
        d: Number of variables; with biases, one more than features.
        m: Number of units.
        k: Power of the activation, at least 1.

    Returns:
        The rank at a generic point, for any number of generic points x.
    """
    whole = comb(k + d - 1, k)
    if k == 1:
        return d
    if k == 2:
        return m * d - m * (m - 1) // 2 if m <= d else whole
    return min(m * d, whole) - ((k, d, m) in EXCEPTIONS)


def free_rank(points: Array, h: int, rng: np.random.Generator) -> int:
    """The rank of the Khatri-Rao product for slopes that are free, modulo a random prime.

    It is a lower bound of the generic rank, and equal to it but for a probability of about n^2
    over the prime. No activation can reach more.

    Args:
        points: Shape (n, d), finite.
        h: Number of units.
        rng: Source of the slopes and the prime.

    Returns:
        The rank, at most min(n, h (d + 1)).
    """
    # FLINT is loaded only where a rank is asked for.
    from rote.exact.modular import random_prime, rank_modulo, reduce, residues

    n, d = points.shape
    prime = random_prime(rng)
    rows = np.concatenate([residues(points, prime), np.ones((n, 1))], axis=1)
    slopes = residues(rng.integers(0, prime, (n, h)), prime)
    product = (slopes[:, :, None] * rows[:, None, :]).reshape(n, h * (d + 1))
    reduce(product, prime)
    return rank_modulo(product, prime)


def dependent_rows(points: Array, h: int, rng: np.random.Generator) -> list[int]:
    """Consecutive points whose rows are dependent for all slopes; empty if those of all are not.

    Args:
        points: Shape (n, d).
        h: Number of units.
        rng: Source of randomness.

    Returns:
        Their numbers: the shortest first part of the points that is dependent, without what can
        be left out at its beginning.
    """

    def independent(start: int, stop: int) -> bool:
        return free_rank(points[start:stop], h, rng) == stop - start

    if independent(0, len(points)):
        return []
    low, stop = 0, len(points)
    while stop - low > 1:
        middle = (low + stop) // 2
        low, stop = (middle, stop) if independent(0, middle) else (low, middle)
    start, high = 0, stop - 1
    while high - start > 1:
        middle = (start + high) // 2
        start, high = (start, middle) if independent(middle, stop) else (middle, high)
    return list(range(start, stop))
