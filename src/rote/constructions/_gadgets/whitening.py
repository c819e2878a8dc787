r"""Whitening: an affine change of coordinates after which points are of order 1 in each direction.

Features are divided by their spread, and the principal directions of what results by theirs. The
map is folded into the first layer of a network, so that the network takes the points as given.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rote.typing import Floats

__all__ = ["Whitening", "whitened"]

_FLOOR = 1e-3
"""A direction whose spread is a smaller fraction of the largest is enlarged only as if it were this
fraction: it would bring large weights, and little to tell points apart. Ours."""

_FLAT = 1e-7
"""A smaller spread is rounding: the points lie in a hyperplane. The squares are computed. Ours."""


@dataclass(frozen=True, eq=False)
class Whitening:
    r"""The map $x \mapsto (x - c) T$.

    Attributes:
        center: c, shape (d,).
        map: T, shape (d, r), where r is the dimension of the affine hull of the points.
    """

    center: Floats
    map: Floats

    def fold(self, weight: Floats, bias: Floats) -> tuple[Floats, Floats]:
        """Weights of shape (m, r) and biases (m,) as those of the points as given."""
        folded = weight @ self.map.T
        return folded, bias - folded @ self.center


def whitened(points: Floats) -> tuple[Whitening, Floats]:
    """Points in whitened coordinates.

    Args:
        points: Shape (n, d).

    Returns:
        The map, and the points of shape (n, r); r = 0 if all are equal.
    """
    n, d = points.shape
    center = points.mean(axis=0)
    x = points - center
    spread = np.abs(x).max(axis=0)
    used = spread > 0
    x[:, used] /= spread[used]
    squares, v = np.linalg.eigh(x.T @ x if d <= n else x @ x.T)
    kept = squares > _FLAT**2 * squares.max(initial=0.0)
    s, v = np.sqrt(squares[kept]), v[:, kept]
    if d > n:
        v = x.T @ (v / s)
    scaled = v * (np.sqrt(n) / np.maximum(s, _FLOOR * s.max(initial=0.0)))
    scaled[used] /= spread[used, None]
    return Whitening(center, scaled), (points - center) @ scaled
