r"""Planes: hyperplanes through groups of at most d points, as far as possible from all others.

In general position the plane through d points holds no other; through fewer points there are many
planes, of which a random one is taken. Of several ways to form the groups the one is kept whose
closest other point is furthest away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rote.typing import DType, Floats, Integers

__all__ = ["Planes", "fit_planes", "grouped"]

_NUMBERS = 1 << 22
"""Numbers held in one table of points and planes: 32 MB. Ours."""
_WORK = 2 * 10**9
"""Multiplications spent on comparing ways to form the groups, about a second. Ours."""


@dataclass(frozen=True, eq=False)
class Planes:
    """Hyperplanes u . x + b = 0, one for each group, as the dtype holds them.

    Attributes:
        normal: Rows u, of norm about 1, shape (g, d).
        offset: The b, shape (g,).
        inside: Largest |u . x + b| of the group's own points, shape (g,).
        outside: Smallest of all other points, infinite if there are none, shape (g,).
        closest: Index of that other point, shape (g,).
    """

    normal: Floats
    offset: Floats
    inside: Floats
    outside: Floats
    closest: Integers


def grouped(
    points: Floats, members: Sequence[Integers], rng: np.random.Generator, tries: int | None
) -> list[Integers]:
    """Form groups of at most d points within each of several sets.

    Args:
        points: Shape (n, d).
        members: Disjoint sets of indices.
        rng: Chooses the groups.
        tries: How many ways to compare; by default 8, fewer where that takes more than seconds.

    Returns:
        The groups: of d points, and one smaller one for each set that d does not divide.
    """
    n, d = points.shape
    tries = tries or int(np.clip(_WORK // max(n * n, 1), 1, 8))
    best: list[Integers] = []
    least = -1.0
    for _ in range(tries):
        shuffled = [rng.permutation(own) for own in members]
        groups = [own[i : i + d] for own in shuffled for i in range(0, len(own), d)]
        if tries == 1:
            return groups
        distance = float(fit_planes(points, groups, rng, "float64").outside.min(initial=np.inf))
        if distance > least:
            best, least = groups, distance
    return best


def fit_planes(
    points: Floats, groups: Sequence[Integers], rng: np.random.Generator, dtype: DType
) -> Planes:
    """The planes of groups, and how far other points are from them.

    Args:
        points: Shape (n, d).
        groups: Indices of the points on each plane, at most d.
        rng: Chooses among the planes of a group of fewer.
        dtype: What the planes are rounded to.

    Returns:
        The planes.
    """
    d = points.shape[1]
    normal = np.empty((len(groups), d))
    full = [g for g, own in enumerate(groups) if len(own) == d]
    if full:
        normal[full] = _normals(points[np.stack([groups[g] for g in full])], rng)
    for g, own in enumerate(groups):
        if len(own) < d:
            normal[g] = _normals(points[own][None], rng)[0]
    normal = normal.astype(dtype).astype(np.float64)
    centre = np.stack([points[own].mean(axis=0) for own in groups]) if groups else normal
    offset = -np.einsum("gd,gd->g", normal, centre).astype(dtype).astype(np.float64)
    return _measured(points, groups, normal, offset)


def _normals(points: Floats, rng: np.random.Generator) -> Floats:
    """A unit vector orthogonal to all differences of each group; a random one where s < d.

    Args:
        points: Shape (g, s, d).
        rng: Source of randomness.

    Returns:
        Shape (g, d).
    """
    g, s, d = points.shape
    differences = points[:, 1:] - points[:, :1]
    scale = np.abs(differences).max(axis=(1, 2), initial=0.0)[:, None, None]
    q = np.linalg.qr(
        (differences / np.where(scale > 0, scale, 1)).transpose(0, 2, 1), mode="complete"
    )[0]
    free = q[:, :, s - 1 :]
    normal = np.einsum("gdf,gf->gd", free, rng.standard_normal((g, d - s + 1)))
    return np.asarray(normal / np.linalg.norm(normal, axis=1, keepdims=True))


def _measured(points: Floats, groups: Sequence[Integers], normal: Floats, offset: Floats) -> Planes:
    inside, outside = np.empty(len(groups)), np.empty(len(groups))
    closest = np.empty(len(groups), dtype=np.int64)
    step = max(1, _NUMBERS // len(points))
    for start in range(0, len(groups), step):
        part = range(start, min(start + step, len(groups)))
        distance = np.abs(points @ normal[part].T + offset[part])
        for column, g in enumerate(part):
            own = groups[g]
            inside[g] = distance[own, column].max()
            distance[own, column] = np.inf
        closest[part] = distance.argmin(axis=0)
        outside[part] = distance.min(axis=0)
    return Planes(normal, offset, inside, outside, closest)
