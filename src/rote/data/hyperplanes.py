r"""Hyperplanes through d points, modulo a prime, and the points that they hold.

A hyperplane $c + a \cdot x = 0$ is a vector $(c, a)$ with $(1, x) \cdot (c, a) = 0$ for d points.
It is found by elimination modulo a random prime below 2^23, many hyperplanes at a time, and
multiplied with all points by one matrix product in float64, exact because residues lie within 2^22
of zero and 256 products of them sum up to less than 2^53. A coordinate is an integer times a power
of two, and so has a residue for every odd prime.

A product that is not zero modulo the prime is not zero. One that is, improbably by chance, is
settled by an exact rank.
"""

from __future__ import annotations

import numpy as np

from rote.exact.matrix import rank
from rote.exact.modular import random_prime, reduce, residues
from rote.typing import Array, Floats, Integers

__all__ = ["Hyperplanes"]


_DEPTH = 256
"""Products of residues that are summed up between two reductions."""


class Hyperplanes:
    """Hyperplanes through d of n points each."""

    def __init__(self, points: Array, rng: np.random.Generator) -> None:
        """Choose a prime.

        Args:
            points: Shape (n, d + 1), n > d; the first coordinate of each point is 1.
            rng: Source of randomness.
        """
        self._points = points
        self._rng = rng
        self._renew()

    def _renew(self) -> None:
        self._prime = random_prime(self._rng)
        self._residues = residues(self._points, self._prime)

    def one_with_more(self, subsets: Integers) -> tuple[int, ...] | None:
        """Compare hyperplanes through d points with all other points.

        Args:
            subsets: Row numbers of the points of each hyperplane, shape (m, d).

        Returns:
            The rows of d + 1 points on one hyperplane, in order; or None where no hyperplane holds
            more than the d points that it goes through.
        """
        while len(subsets):
            normals, clear = self._normals(subsets)
            for subset in subsets[~clear]:
                if rank(self._points[subset]) < len(subset):  # then any other point will do
                    other = next(i for i in range(len(self._points)) if i not in subset)
                    return _in_order([*subset.tolist(), other])
            chosen = subsets[clear]
            held = self._held(normals[clear])
            held[chosen.T, np.arange(len(chosen))] = False
            for row, k in np.argwhere(held).tolist():
                rows = _in_order([*chosen[k].tolist(), row])
                if rank(self._points[list(rows)]) < len(rows):
                    return rows
            subsets = subsets[~clear]
            if len(subsets):  # they are independent, and only this prime does not see it
                self._renew()
        return None

    def _normals(self, subsets: Integers) -> tuple[Floats, Array]:
        """A normal (m, d + 1) of each hyperplane, and whether it is the only one."""
        p, d = self._prime, subsets.shape[1]
        a = self._residues[subsets].astype(np.int64) % p  # (m, d, d + 1)
        own, free = np.arange(len(a)), np.ones((len(a), d + 1), dtype=bool)
        pivots = np.empty((len(a), d), dtype=np.int64)
        clear = np.ones(len(a), dtype=bool)
        for k in range(d):  # all products below 2^46
            pivot = pivots[:, k] = (a[:, k] != 0).argmax(axis=1)
            value = a[own, k, pivot]
            clear &= value != 0
            a[:, k] = a[:, k] * _inverses(value, p)[:, None] % p
            factor = a[own, :, pivot]
            factor[:, k] = 0
            a -= factor[:, :, None] * a[:, k, None, :]
            a %= p
            free[own, pivot] = False
        # The one column without a pivot takes 1, and each other column what solves its row.
        rest = free.argmax(axis=1)
        normals = np.zeros((len(a), d + 1))
        normals[own, rest] = 1
        solved = -a[own, :, rest]
        normals[own[:, None], pivots] = np.where(solved < -(p // 2), solved + p, solved)
        return normals, clear

    def _held(self, normals: Floats) -> Array:
        """Whether point i is on hyperplane k modulo the prime, shape (n, m)."""
        sums = np.zeros((len(self._points), len(normals)))
        for start in range(0, normals.shape[1], _DEPTH):
            part = slice(start, start + _DEPTH)
            sums += self._residues[:, part] @ normals[:, part].T
            reduce(sums, self._prime)
        held: Array = sums == 0
        return held


def _inverses(values: Integers, prime: int) -> Integers:
    """Inverses modulo a prime, by Fermat; 0 for 0."""
    inverses, power, exponent = np.ones_like(values), values, prime - 2
    while exponent:
        if exponent & 1:
            inverses = inverses * power % prime
        power = power * power % prime
        exponent >>= 1
    return inverses


def _in_order(rows: list[int]) -> tuple[int, ...]:
    return tuple(sorted(rows))
