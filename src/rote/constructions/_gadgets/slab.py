r"""Slabs: ReLU functions that take given values on a block of points and vanish on all others.

Points are lifted (a constant 1 is appended), so an affine function is a row of $D = d + 1$ numbers.
A block of at most d affinely independent points lies on a hyperplane $h = 0$, and an affine
function $g$ takes the block's values $y$. With $S(t) = \sigma(t + \tau) - \sigma(t - \tau)$,

.. math:: \frac{1}{\delta} \left[ S(h + \tfrac{\delta}{2} g) - S(h - \tfrac{\delta}{2} g) \right]

is exactly $g = y$ on the block if $\tau = \frac{\delta}{2} \max |y|$, because S(t) = t + tau for
$|t| \le \tau$; and exactly 0 at every point with $|h| \ge \tau + \frac{\delta}{2} |g|$, because the
four units are then all on, with cancelling sums, or all off. So the largest step allowed is

.. math:: \frac{1}{\delta} = \max_{i \notin \mathrm{block}} \frac{\max |y| + |g(x_i)|}{2 |h(x_i)|} .

Adding $\lambda h$ to $g$ changes nothing on the block; with $r = g/h$ and $q = \max|y| / |h|$ the
best $\lambda$ balances $\max(r + q)$ and $\min(r - q)$, and $1/\delta$ is a quarter of their
difference. The symmetric step, the maximum point by point and $\lambda$ are ours; the four units
are [bubeck2020], Proposition 4, there with $\delta \to 0$. Measured, the weight $1/\delta$ falls
10 to 20 times against one bound for all points.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from rote.constructions._gadgets.two_layer import Frame, Units, interleaved
from rote.typing import Floats, Integers

__all__ = ["Slabs", "fit_slabs", "slab_units"]

_CHUNK = 1 << 22
"""Numbers held in one (points, slabs) table: 32 MB. Ours."""
_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False)
class Slabs:
    """k slabs.

    Attributes:
        normal: Rows of the functions h, shape (k, D), of norm 1 without the constant.
        slope: Rows of the functions g, shape (k, D).
        gain: The weights 1/delta, shape (k,); infinite where the block is not affinely independent
            or another point lies on its hyperplane; 0 where all values are 0.
        height: The largest |y| of each block, shape (k,).
        touching: For an infinite gain the other point on the hyperplane, -1 if the block itself is
            dependent; shape (k,), meaningless for a finite gain.
    """

    normal: Floats
    slope: Floats
    gain: Floats
    height: Floats
    touching: Integers

    def taken(self, rows: Integers) -> Slabs:
        """The slabs of these numbers, in this order."""
        return Slabs(*(getattr(self, field.name)[rows] for field in fields(self)))

    def with_rows(self, rows: Integers, other: Slabs, source: Integers) -> Slabs:
        """These slabs with slab ``rows[j]`` replaced by ``other``'s ``source[j]``."""
        changed = []
        for field in fields(self):
            column = getattr(self, field.name).copy()
            column[rows] = getattr(other, field.name)[source]
            changed.append(column)
        return Slabs(*changed)


def fit_slabs(frame: Frame, y: Floats, blocks: Integers, rng: np.random.Generator) -> Slabs:
    """One slab per block, with the best hyperplane, slope and step in closed form.

    Args:
        frame: The points.
        y: Values, shape (n,).
        blocks: Positions of the points of each block, shape (k, s) with s at most d.
        rng: Chooses the hyperplane where the block leaves a choice (s < d).

    Returns:
        The slabs; no block is refused here, a gain is infinite instead.
    """
    normal, slope, dependent = _planes(frame, y, blocks, rng)
    height = np.abs(y[blocks]).max(axis=1)
    high, low, touching = (np.empty(len(blocks)) for _ in range(3))
    closest = np.empty(len(blocks))
    step = max(1, _CHUNK // len(y))
    for start in range(0, len(blocks), step):
        part = slice(start, start + step)
        h = frame.points @ normal[part].T
        np.put_along_axis(h, blocks[part].T, np.inf, axis=0)
        touching[part] = np.abs(h).argmin(axis=0)
        closest[part] = np.abs(h).min(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            r = (frame.points @ slope[part].T) / h
            q = height[part] / np.abs(h)
            other = np.isfinite(h)
            high[part] = (r + q).max(axis=0, where=other, initial=-np.inf)
            low[part] = (r - q).min(axis=0, where=other, initial=np.inf)
    if blocks.shape[1] == len(y):
        high[:], low[:] = 0, 0
    bad = dependent | (closest <= 8 * _EPS * frame.points.shape[1] * frame.radius)
    with np.errstate(invalid="ignore"):
        middle = np.where(bad, 0.0, (high + low) / 2)
    return Slabs(
        normal=normal,
        slope=slope - middle[:, None] * normal,
        # A step beyond 2 / height would only make tau larger than the data.
        gain=np.where(
            height == 0, 0.0, np.where(bad, np.inf, np.maximum((high - low) / 4, height / 2))
        ),
        height=height,
        touching=np.where(dependent, -1, touching).astype(np.int64),
    )


def slab_units(frame: Frame, slabs: Slabs) -> Units:
    """The four ReLU units of every slab whose gain is positive.

    Args:
        frame: The frame that the slabs were fitted in.
        slabs: Slabs of finite gain.

    Returns:
        Their units, in an order that keeps rounding errors small.
    """
    used = np.flatnonzero(slabs.gain > 0)
    normal, gain = slabs.normal[used], slabs.gain[used]
    tilt = slabs.slope[used] / (2 * gain[:, None])
    (over, b), (under, c) = frame.plain(normal + tilt), frame.plain(normal - tilt)
    tau = slabs.height[used] / (2 * gain)
    order = interleaved(len(used), 4)
    return Units(
        weight=np.concatenate([over, under, under, over])[order],
        bias=np.concatenate([b + tau, c + tau, c - tau, b - tau])[order],
        output=np.concatenate([gain, -gain, gain, -gain])[order],
    )


def _planes(
    frame: Frame, y: Floats, blocks: Integers, rng: np.random.Generator
) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
    """Hyperplane and least-norm affine function of each block; which blocks are dependent."""
    s = blocks.shape[1]
    q, r = np.linalg.qr(frame.points[blocks].transpose(0, 2, 1), mode="complete")
    r = r[:, :s]
    # |r_jj| is the distance of the lifted point j from the span of those before it.
    distance = np.abs(np.diagonal(r, axis1=1, axis2=2)).min(axis=1)
    dependent = distance <= 8 * _EPS * frame.points.shape[1] * frame.radius
    r = np.where(dependent[:, None, None], np.eye(s), r)
    values = np.linalg.solve(r.transpose(0, 2, 1), y[blocks][:, :, None])
    slope = (q[:, :, :s] @ values)[:, :, 0]
    free = q[:, :, s:]
    normal = (free @ rng.standard_normal((len(blocks), free.shape[2], 1)))[:, :, 0]
    norm = np.sqrt(np.square(normal[:, :-1]).sum(axis=1, keepdims=True))
    return normal / np.where(norm > 0, norm, 1.0), slope, dependent
