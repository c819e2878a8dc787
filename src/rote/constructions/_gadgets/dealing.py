r"""Dealing: points of one label in blocks, each with a band of its own.

Which points share a block is free, and an unlucky block has a point of the other label close to its
hyperplane. So unsafe blocks exchange points with others, and an exchange stays if the lesser safety
of the two rises. Points that are not in general position, such as images or small integers, leave
blocks that nothing mends: their points are dealt anew into a quarter more blocks, as often as it
takes. Smaller blocks leave freedom to avoid other points. Ours.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from rote.constructions._gadgets.bands import Band, fit_bands
from rote.constructions._gadgets.flat import Flat
from rote.typing import Integers, Progress

__all__ = ["deal_bands"]

_MORE = 1.25
"""Factor by which blocks that cannot be mended become more. Ours."""
_PROMISING = 0.25
"""Share of safe blocks from which on exchanges are tried. Ours."""
_PATIENCE = 4
"""Rounds of exchanges within which a tenth of the unsafe blocks must be mended. Ours."""


def deal_bands(
    flat: Flat,
    inside: npt.NDArray[np.bool_],
    size: int,
    sweeps: int,
    rng: np.random.Generator,
    progress: Progress,
) -> list[tuple[Integers, Band]]:
    """Deal the points with one label into blocks and put a band around each.

    Args:
        flat: All points.
        inside: Which points are to lie in a band, shape (n,), not all; the others lie in none.
        size: Most points in a block.
        sweeps: Most rounds of exchanges between blocks.
        rng: Deals the points and draws hyperplanes.
        progress: Called as blocks become safe.

    Returns:
        The blocks, as positions of points, with their bands: as few blocks as possible in general
        position, more where blocks of this size have no safe band. Only a block of one point may
        have an unsafe band.
    """
    order = np.argsort(inside, kind="stable")
    outside, total = int((~inside).sum()), int(inside.sum())
    ordered = flat.ordered(order)
    left = np.arange(outside, len(order))
    count = -(-total // max(1, min(size, flat.dimension)))
    done: list[tuple[Integers, Band]] = []
    while left.size:
        blocks = np.array_split(rng.permutation(left), count)
        bands = fit_bands(ordered, blocks, outside, rng)
        _exchange(ordered, outside, blocks, bands, sweeps, rng)
        unsafe = [k for k, band in enumerate(bands) if band.safety <= 1 and count < len(left)]
        for k in set(range(count)).difference(unsafe):
            closest = int(order[bands[k].closest])
            done.append((order[blocks[k]], replace(bands[k], closest=closest)))
        left = np.concatenate([np.zeros(0, np.int64), *(blocks[k] for k in unsafe)])
        count = min(len(left), math.ceil(_MORE * len(unsafe)))
        progress("bands", total - len(left), total)
    return done


def _exchange(
    flat: Flat,
    outside: int,
    blocks: list[Integers],
    bands: list[Band],
    sweeps: int,
    rng: np.random.Generator,
) -> None:
    """Let unsafe blocks exchange points with others, while that helps."""
    history = []
    for _ in range(sweeps if len(blocks) > 1 else 0):
        safety = np.array([band.safety for band in bands])
        safe = safety > 1
        history.append(len(safe) - int(safe.sum()))
        stuck = len(history) > _PATIENCE and history[-1] > 0.9 * history[-1 - _PATIENCE]
        if safe.all() or safe.mean() < _PROMISING or stuck:
            break
        order = np.concatenate([rng.permutation(np.flatnonzero(s)) for s in (~safe, safe)])
        count = min(history[-1], len(order) // 2)
        pairs = np.stack([order[:count], order[len(order) - count :]], axis=1)
        new = [part for i, j in pairs for part in _dealt_anew(blocks[i], blocks[j], rng)]
        fitted = fit_bands(flat, new, outside, rng)
        for p, pair in enumerate(pairs):
            if min(band.safety for band in fitted[2 * p : 2 * p + 2]) > safety[pair].min():
                for q, k in enumerate(pair):
                    blocks[k], bands[k] = new[2 * p + q], fitted[2 * p + q]


def _dealt_anew(a: Integers, b: Integers, rng: np.random.Generator) -> list[Integers]:
    """The points of two blocks dealt anew, in the same numbers."""
    mixed = rng.permutation(np.concatenate([a, b]))
    return [mixed[: len(a)], mixed[len(a) :]]
