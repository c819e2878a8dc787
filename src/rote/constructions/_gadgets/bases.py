r"""Base units whose slopes tell points apart: random ones, and slabs along a line.

Three shapes of slopes matter. A **bump** (tanh, sigmoid) has slopes near zero away from its
centre, so that a unit speaks of the points near its own hyperplane. A **step** (ReLU, GELU, SiLU,
softplus) has a slope for the points on one side. A **wave** (sine) or a polynomial has one nearly
everywhere.

*Slabs.* Sort the points along a line and cut them into h blocks of at most d points. A bump for
each block makes the Jacobian nearly block diagonal, and a step in front of each block makes it
nearly block triangular; a block of affinely independent points has full rank with its d + 1
unknowns. This works in every dimension, d = 1 included, where it puts a kink between any two
neighbours. *Random* units have smaller weights where there is room for them: bumps around random
points, and steps behind random shares of the points, from none to nearly all, so that no point is
left out by all of them.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from rote.constructions._gadgets.pairs import Base
from rote.network import Activation
from rote.typing import Floats

__all__ = ["bases"]

_BUMPS = frozenset({"tanh", "sigmoid"})
_WAVES = frozenset({"sin"})

_LOW = 4
"""Dimensions in which more random units are compared: there they differ most. Ours."""

_LINES = 20
"""Random directions tried for slabs; that with the widest narrowest slab is taken. Ours."""


def bases(
    points: Floats, h: int, activation: Activation, rng: np.random.Generator
) -> Iterator[Base]:
    """Candidates, the most promising first.

    Args:
        points: Shape (n, d), of order 1.
        h: Number of units.
        activation: What they compute.
        rng: Source of randomness.

    Yields:
        Units.
    """
    n, d = points.shape
    resolution = 1.5 * n ** (1 / d)
    if activation.kind in _BUMPS:
        wide = 2.0 if activation.kind == "sigmoid" else 1.0
        yield _around_points(points, h, wide * min(resolution, 150 / d + 0.5), rng)
        yield from (_bump_slabs(points, h, wide * s, rng) for s in (2.0, 4.0, 1.0))
    elif activation.kind in _WAVES:
        yield from (_around_points(points, h, s * resolution, rng) for s in (2.0, 8.0, 64.0))
        yield _bump_slabs(points, h, 4.0, rng)
    elif activation.kind == "power":
        yield from (_around_points(points, h, 1.0, rng) for _ in range(2))
        yield _random(points, h, rng)
    else:
        scales = (2.0, 1.0, 4.0, 2.0) if d <= _LOW else (2.0, 8.0)
        yield from (_shares(points, h, s * resolution, rng) for s in scales)
        yield from (_step_slabs(points, h, 4.0, rng) for _ in range(2))


def _directions(d: int, h: int, gain: float, rng: np.random.Generator) -> Floats:
    return rng.standard_normal((h, d)) * float(gain / np.sqrt(d))


def _random(points: Floats, h: int, rng: np.random.Generator) -> Base:
    return Base(_directions(points.shape[1], h, 1.0, rng), rng.standard_normal(h))


def _around_points(points: Floats, h: int, gain: float, rng: np.random.Generator) -> Base:
    """Units whose hyperplanes go through random points."""
    weight = _directions(points.shape[1], h, gain, rng)
    chosen = points[rng.permutation(len(points))[:h]]
    return Base(weight, -np.einsum("hd,hd->h", weight, chosen))


def _shares(points: Floats, h: int, gain: float, rng: np.random.Generator) -> Base:
    """Units that leave out 0, n/h, 2n/h, ... points, each along a direction of its own."""
    n = len(points)
    weight = _directions(points.shape[1], h, gain, rng)
    line = np.sort(points @ weight.T, axis=0)
    out = rng.permutation(np.arange(h) * n // h)
    units = np.arange(h)
    below = np.where(out > 0, line[np.maximum(out - 1, 0), units], line[0] - gain)
    return Base(weight, -(below + line[out, units]) / 2)


def _blocks(
    points: Floats, h: int, rng: np.random.Generator, spread: bool
) -> tuple[Floats, Floats, Floats]:
    """A direction, and the first and last point of each of h blocks along it."""
    n, d = points.shape
    ends = np.arange(h + 1) * n // h
    u, widest = np.zeros(d), -1.0
    for _ in range(_LINES if d > 1 else 1):
        direction = rng.standard_normal((d,))
        direction /= np.linalg.norm(direction)
        line = np.sort(points @ direction)
        gaps = np.diff(line) if spread else line[ends[1:-1]] - line[ends[1:-1] - 1]
        narrowest = float(gaps.min(initial=np.inf))
        if narrowest > widest:
            u, widest = direction, narrowest
    line = np.sort(points @ u)
    return u, line[ends[:-1]], line[ends[1:] - 1]


def _bump_slabs(points: Floats, h: int, gain: float, rng: np.random.Generator) -> Base:
    u, first, last = _blocks(points, h, rng, spread=True)
    gaps = np.concatenate([[1.0], first[1:] - last[:-1], [1.0]])
    width = last - first + np.minimum(gaps[1:], gaps[:-1])
    steep = gain / np.maximum(width, 1e-12)
    return Base(steep[:, None] * u, -steep * (first + last) / 2)


def _step_slabs(points: Floats, h: int, gain: float, rng: np.random.Generator) -> Base:
    u, first, last = _blocks(points, h, rng, spread=False)
    before = np.concatenate([[first[0] - 2.0], last[:-1]])
    steep = gain / np.maximum(first - before, 1e-12)
    return Base(steep[:, None] * u, -steep * (first + before) / 2)
