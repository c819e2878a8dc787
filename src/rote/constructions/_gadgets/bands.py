r"""Bands: pairs of parallel hyperplanes that hold a block of points between them.

A block of at most d points in general position lies on a hyperplane that holds no other point, so
two parallel threshold units see the block alone [baum1988]. What limits such networks in floats is
not the weights, which are O(1), but how close the other points come: a pre-activation
$w \cdot x - c$ is decided in every evaluation only if it exceeds the bound of its rounding error.
So a band is chosen by its *safety*, the least ratio of the two over all points that matter, with w
already rounded to the network's dtype. Three measures, all ours:

* A block of fewer than d points leaves freedom. Points that come too close are pushed away by the
  smallest change of the hyperplane that does so, a least-norm solution in the free directions.
* Blocks whose safety is low exchange points with others, and the exchange stays if the lesser
  safety of the two rises.
* Only points with the other label must stay outside. Each threshold is the middle of the largest
  gap between the block and the first such point.

Points are taken in coordinates of the flat that they span, after scaling the columns by powers of
two, so that constant or dependent features do no harm.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt

from rote.exact.rounding import FloatName, dot_error
from rote.typing import Array, DType, Floats, Integers, Progress

__all__ = ["Band", "Flat", "best_bands", "fit_band"]

_EPS = float(np.finfo(np.float64).eps)
_GOAL = 2.0
"""Safety that exchanges try to reach; above 1 a band is safe. Ours."""
_DRAWS = 3
"""Hyperplanes tried for a block that leaves freedom. Ours."""
_PUSHES = 6
"""Rounds of pushing points away from a hyperplane. Ours."""

_LARGEST_PUSH = 0.5
"""Longest change of a hyperplane of norm 1. Ours."""

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Flat:
    """Points in coordinates of the flat that they span.

    Attributes:
        points: The points as floats, shape (n, d).
        absolute: Their absolute values, shape (n, d).
        terms: Nonzero features of each point, shape (n,).
        lifted: Coordinates in the flat and a constant 1, shape (n, r + 1), of size O(1).
        basis: Shape (d, r): a plane (u, b) of the lifted points has the normal ``basis @ u``.
        dtype: Arithmetic of the network.
    """

    points: Floats
    absolute: Floats
    terms: Integers
    lifted: Floats
    basis: Floats
    dtype: FloatName

    @classmethod
    def of(cls, points: Array, dtype: DType) -> Flat:
        """Find the flat by a singular value decomposition of the scaled, centred points."""
        x = points.astype(np.float64)
        low, high = x.min(axis=0), x.max(axis=0)
        middle, width = low + (high / 2 - low / 2), high / 2 - low / 2
        scale = np.where(width > 0, np.ldexp(1.0, -np.frexp(np.where(width > 0, width, 1))[1]), 0.0)
        centred = (x - middle) * scale
        _, s, v = np.linalg.svd(np.linalg.qr(centred, mode="r"), full_matrices=False)
        r = int(np.count_nonzero(s > s.max(initial=0.0) * _EPS * max(x.shape)))
        radius = float(np.sqrt(np.square(centred).sum(axis=1).max())) or 1.0
        return cls(
            points=x,
            absolute=np.abs(x),
            terms=np.count_nonzero(x, axis=1),
            lifted=np.hstack([centred @ v[:r].T / radius, np.ones((len(x), 1))]),
            basis=scale[:, None] * v[:r].T / radius,
            dtype=cast(FloatName, dtype),
        )

    @property
    def dimension(self) -> int:
        """Dimension r of the flat."""
        return int(self.lifted.shape[1]) - 1

    def rounding(self, w: Floats, constant: float) -> Floats:
        """Bounds of the rounding error of w . x - c at every point, in any order, shape (n,)."""
        size = self.absolute @ np.abs(w) + abs(constant)
        bound = dot_error(size, self.terms + 1, self.dtype)
        # What is compared with it is itself computed in float64.
        return np.asarray(bound + dot_error(size, self.terms + 1, "float64"))


@dataclass(frozen=True, eq=False)
class Band:
    """The points between two parallel hyperplanes: low < w . x <= high.

    Attributes:
        w: Normal, shape (d,), in values of the network's dtype.
        low: Lower threshold, a value of the dtype.
        high: Upper threshold, a value of the dtype.
        safety: Least ratio of |w . x - threshold| to its rounding bound; safe above 1, and 0 or
            less if the band does not hold its block alone.
        closest: The point of the other label closest to the hyperplane, or -1 if there is none.
        touching: Whether that point lies on the hyperplane, to the precision of float64.
    """

    w: Floats
    low: float
    high: float
    safety: float
    closest: int
    touching: bool


def best_bands(
    flat: Flat,
    inside: Mask,
    size: int,
    sweeps: int,
    rng: np.random.Generator,
    progress: Progress,
) -> list[tuple[Integers, Band]]:
    """Deal the points with one label into blocks and put a band around each.

    Args:
        flat: All points.
        inside: Which points are to lie in a band, shape (n,); the others lie in none.
        size: Most points in a block, at most d.
        sweeps: Most rounds of exchanges between blocks whose safety is low.
        rng: Deals the points and draws hyperplanes.
        progress: Called after every round.

    Returns:
        The blocks, as positions of points, with their bands, in as few blocks as possible. A band
        may be unsafe: see :class:`Band`.
    """
    members = rng.permutation(np.flatnonzero(inside))
    if not members.size:
        return []
    blocks = np.array_split(members, -(-len(members) // size))
    bands = []
    for k, block in enumerate(blocks):
        bands.append(fit_band(flat, block, inside, rng))
        progress("bands", k + 1, len(blocks))
    for sweep in range(sweeps if len(blocks) > 1 else 0):
        low = [k for k, band in enumerate(bands) if band.safety < _GOAL]
        if not low:
            break
        for i, j in _pairs(low, len(blocks), rng):
            new = _exchanged(blocks[i], blocks[j], rng)
            fitted = [fit_band(flat, block, inside, rng) for block in new]
            before = min(bands[i].safety, bands[j].safety)
            if min(band.safety for band in fitted) > before:
                (blocks[i], blocks[j]), (bands[i], bands[j]) = new, fitted
        progress("exchanges", sweep + 1, sweeps)
    return list(zip(blocks, bands, strict=True))


def fit_band(flat: Flat, block: Integers, inside: Mask, rng: np.random.Generator) -> Band:
    """The safest of a few bands around one block.

    Args:
        flat: All points.
        block: Positions of the block's points.
        inside: Which points may lie in the band, the block among them, shape (n,).
        rng: Draws hyperplanes where the block leaves a choice.

    Returns:
        The band.
    """
    outside = np.flatnonzero(~inside)
    best: Band | None = None
    for plane in _planes(flat, block, outside, rng):
        band = _band(flat, plane, block, inside, outside)
        if best is None or band.safety > best.safety:
            best = band
        if best.safety >= _GOAL:
            break
    if best is None:  # the block spans all of the flat
        first = int(outside[0]) if outside.size else -1
        return Band(np.zeros(flat.points.shape[1]), 0.0, 0.0, -np.inf, first, outside.size > 0)
    return best


def _pairs(low: list[int], blocks: int, rng: np.random.Generator) -> Iterator[tuple[int, int]]:
    """Each block of low safety with another random block."""
    for i in low:
        j = int(rng.integers(blocks - 1))
        yield i, j + (j >= i)


def _exchanged(a: Integers, b: Integers, rng: np.random.Generator) -> list[Integers]:
    """The points of two blocks dealt anew, in the same numbers."""
    mixed = rng.permutation(np.concatenate([a, b]))
    return [mixed[: len(a)], mixed[len(a) :]]


def _planes(
    flat: Flat, block: Integers, outside: Integers, rng: np.random.Generator
) -> Iterator[Floats]:
    """Hyperplanes through the block, rows of r + 1 numbers; several where there is a choice."""
    points = flat.lifted[block]
    if len(block) > flat.dimension:
        _, s, v = np.linalg.svd(points, full_matrices=True)
        free = v[np.count_nonzero(s > s[0] * _EPS * max(points.shape)) :].T
    else:
        free = np.linalg.qr(points.T, mode="complete")[0][:, len(block) :]
    dimension = free.shape[1]
    for _ in range(_DRAWS if dimension > 1 else dimension):
        draw = rng.standard_normal(dimension)
        plane = free @ (draw / np.linalg.norm(draw))
        yield plane if dimension == 1 else _pushed(flat, plane, free, block, outside)


def _pushed(flat: Flat, plane: Floats, free: Floats, block: Integers, outside: Integers) -> Floats:
    """The plane changed as little as possible so that other points keep away."""
    # All other points if there is freedom enough, else those of the other label.
    others = np.delete(np.arange(len(flat.lifted)), block)
    for _ in range(_PUSHES):
        # Planes through the middle of the data have constants no larger than their sums.
        bound = flat.rounding(flat.basis @ plane[:-1], 0.0)
        # Half way there the threshold must be safe for the block's own points, too.
        goal = 2 * _GOAL * np.maximum(bound, bound[block].max())
        h = flat.lifted @ plane
        close = others[np.abs(h[others]) < goal[others]]
        if close.size >= free.shape[1] / 2:
            close = outside[np.abs(h[outside]) < goal[outside]]
        if not close.size or close.size >= free.shape[1]:
            break
        wanted = np.where(h[close] < 0, -1.5, 1.5) * goal[close] - h[close]
        change = np.linalg.lstsq(flat.lifted[close] @ free, wanted, rcond=None)[0]
        if np.linalg.norm(change) > _LARGEST_PUSH:  # one of them lies in the flat of the block
            break
        plane = plane + free @ change
    return plane


def _band(flat: Flat, plane: Floats, block: Integers, inside: Mask, outside: Integers) -> Band:
    """Thresholds on both sides of a plane, and how safe they are."""
    w = (flat.basis @ plane[:-1]).astype(flat.dtype).astype(np.float64)
    t = flat.points @ w
    low = -_threshold(-t, block, inside, outside, flat.dtype)
    high = _threshold(t, block, inside, outside, flat.dtype)
    room = np.minimum(t - low, high - t)  # within the band
    away = np.abs(np.stack([t - low, t - high])).min(axis=0)
    room[outside] *= -1
    free = inside.copy()
    free[block] = False
    room[free] = away[free]
    with np.errstate(divide="ignore"):
        safety = float((room / flat.rounding(w, max(abs(low), abs(high)))).min())
    if not outside.size:
        return Band(w, low, high, safety, -1, touching=False)
    h = np.abs(flat.lifted[outside] @ plane)
    nearest = int(h.argmin())
    touching = bool(h[nearest] <= 8 * _EPS * flat.lifted.shape[1])
    return Band(w, low, high, safety, int(outside[nearest]), touching)


def _threshold(t: Floats, block: Integers, inside: Mask, outside: Integers, dtype: str) -> float:
    """The middle of the largest gap between the block and the first point that must be above."""
    start = t[block].max()
    above = t[outside]
    above = above[above > start]
    stop = above.min() if above.size else t.max() + (t.max() - t.min() or 1.0)
    knots = np.sort(np.concatenate([[start, stop], t[inside & (t > start) & (t < stop)]]))
    widest = int(np.diff(knots).argmax())
    return float(np.dtype(dtype).type(knots[widest] / 2 + knots[widest + 1] / 2))
