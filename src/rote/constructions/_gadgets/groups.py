r"""Groups: points cut into short runs along one line, told apart inside each by another.

The first line *chooses*: its cuts split the sorted points into groups of at most T. The second one
*tells apart*: each point of a group gets an integer key, with $|h - \mathrm{key}| \le w$ at the
point itself and at least w + 1 at the others of its group, where w is 0 if evaluations are exact
and else at most 2.

**Lemma.** Keys need no more than $\log_2 (n T)$ bits and a constant: only the at most
$n (T - 1) / 2$ pairs inside groups must differ, not all $n (n - 1) / 2$. For points in the unit
ball at distances of at least $\delta$, a random unit direction keeps them
$\delta \sqrt{2 / (\pi d)} / (n T)$ apart with probability 1/2 or more [park2021, Lemma 13, for the
small-ball bound], on a line of length 2; a gap of 8, a scale that is a power of two, and the
offset give at most $\lceil \log_2 (24\, n T \sqrt{d} / \delta) \rceil + 1$ bits. *Ours.*

The published constructions use one line for both, with keys of about $2 \log_2 n$ bits.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from rote.constructions._base import Context
from rote.constructions._gadgets.halving import halve
from rote.constructions._gadgets.line import (
    Direction,
    Line,
    directions,
    exact_directions,
    integer_directions,
    real_directions,
)
from rote.constructions._gadgets.moves import Move
from rote.data import DataSet
from rote.errors import PrecisionError
from rote.typing import Array, Integers

__all__ = ["Groups", "Keys", "choose", "group", "halved_keys", "split", "tell_apart"]

_CHOICES = 8
"""Directions tried for the line that chooses. Ours."""

_LONG = 4
"""Integer keys of so many bits more than log2(n T) are compared with those of real lines. Ours."""


@final
@dataclass(frozen=True, eq=False)
class Groups:
    """Sorted points in groups.

    Attributes:
        line: The line that chooses.
        order: The points along it, shape (n,).
        first: Where each group begins in the order, and n, shape (G + 1,).
        cut: The integers between the groups; one below all points and one above, shape (G + 1,).
            The unit of a point of group g is at least cut[g] and at most cut[g + 1] - 1.
    """

    line: Line
    order: Integers
    first: Integers
    cut: Array

    @property
    def count(self) -> int:
        """The number of groups G."""
        return len(self.first) - 1

    @property
    def longest(self) -> int:
        """Points in the largest group."""
        return int(np.diff(self.first).max())

    @property
    def cost(self) -> tuple[int, int]:
        """T and G: keys inside groups cost more than groups."""
        return self.longest, self.count

    @property
    def of_rank(self) -> Integers:
        """The group of each point of the order, shape (n,)."""
        return np.repeat(np.arange(self.count), np.diff(self.first))


@final
@dataclass(frozen=True, eq=False)
class Keys:
    """The line that tells apart, and the points' keys on it.

    Attributes:
        line: The line.
        key: Key of each point in the groups' order, shape (n,).
        window: The integer w.
    """

    line: Line
    key: Array
    window: int

    @property
    def bits(self) -> int:
        """Bits of the largest key, at least 1."""
        return int(self.key.max()).bit_length()


def group(data: DataSet, context: Context, size: int, count: int) -> tuple[Groups, Keys]:
    """Find both lines.

    Args:
        data: The points.
        context: Arithmetic, randomness, progress.
        size: The most points of a group, T.
        count: How many directions to try for the second line.

    Returns:
        The groups, at most as large as is needed, and the keys.

    Raises:
        PrecisionError: No line of this arithmetic tells the points of all groups apart.
    """
    groups = choose(data, context, size)
    try:
        return groups, tell_apart(data, groups, context, count)
    except PrecisionError:
        # Where some neighbours are not cut apart, groups of the others may stay small.
        finer = split(groups.line, size)
        if finer.count == groups.count:
            raise
        return finer, tell_apart(data, finer, context, count)


def halved_keys(
    keys: Keys, rng: np.random.Generator, least: int
) -> tuple[Keys, list[tuple[Move, ...]]]:
    """Keys of all points on a line, halved as often as a shift keeps them apart.

    Args:
        keys: Keys of points that are all in one group.
        rng: Randomness.
        least: Ranges up to so long are left alone.

    Returns:
        The keys after the halvings, in the order of the rows and as if the line had these ends; and
        the moves of each halving.
    """

    def clash(low: Array, high: Array) -> bool:
        order = np.argsort(low, kind="stable")
        low, high = low[order], high[order]
        key = (low + high) // 2
        apart = (low[1:] > key[:-1] + keys.window) & (high[:-1] < key[1:] - keys.window)
        return not apart.all()

    halved = halve(keys.line.low, keys.line.high, clash, rng, least)
    line = replace(keys.line, low=halved.low, high=halved.high)
    return Keys(line, (halved.low + halved.high) // 2, keys.window), list(halved.moves)


def choose(data: DataSet, context: Context, size: int) -> Groups:
    """Find a line that cuts the points into groups, as few as possible.

    Args:
        data: The points.
        context: Arithmetic, randomness, progress.
        size: The most points of a group, T.

    Returns:
        ceil(n / T) groups. Where evaluations cannot cut neighbours apart they are a few more; where
        more than T neighbours are not cut apart on any line, T becomes their number.
    """
    best: Groups | None = None
    for trial, direction in enumerate(directions(data, context, _CHOICES)):
        context.progress("line of groups", trial, 2 * _CHOICES)
        groups = split(_resolved(direction), size)
        if groups.longest > size:
            groups = split(groups.line, groups.longest)
        if groups.longest <= size and groups.count == -(-data.n // size):
            return groups
        if best is None or groups.cost < best.cost:
            best = groups
    assert best is not None
    return best


def _resolved(direction: Direction) -> Line:
    """The line at a scale that separates all points, or as many as it can."""
    scale = direction.scale_for(_least(np.diff(np.sort(direction.c))))
    return direction.line(direction.finest if scale is None else scale)


def split(line: Line, size: int) -> Groups:
    """Cut a line greedily into groups of at most ``size`` points, or as few as can be cut off.

    Args:
        line: The line.
        size: The most points of a group.

    Returns:
        The groups.
    """
    order = np.argsort(line.low, kind="stable")
    low, high = line.low[order], np.maximum.accumulate(line.high[order])
    n = len(order)
    starts = np.flatnonzero(np.append(True, low[1:] > high[:-1]))
    first = [0]
    while first[-1] + size < n:
        # The last start that keeps the group short enough, or the next one if there is none.
        last = int(np.searchsorted(starts, first[-1] + size, side="right")) - 1
        if starts[last] == first[-1]:
            last += 1
        if last == len(starts):
            break
        first.append(int(starts[last]))
    inner = np.array(first[1:], np.int64)
    cut = np.concatenate([[0], (high[inner - 1] + low[inner] + 1) // 2, high[-1:] + 1])
    return Groups(line, order, np.array([*first, n]), cut)


def tell_apart(data: DataSet, groups: Groups, context: Context, count: int) -> Keys:
    """Find a line on which the points of each group have separate keys of few bits.

    Args:
        data: The points.
        groups: Their groups.
        context: Arithmetic, randomness, progress.
        count: How many directions to try, of each length where they are integers.

    Returns:
        The keys of fewest bits.

    Raises:
        PrecisionError: No line of this arithmetic tells the points of all groups apart.
    """
    if groups.longest == 1:  # nothing to tell apart, and one key does for all
        ones = np.ones(data.n, np.int64)
        return Keys(Line(np.zeros(data.d), 0, 1, ones, ones), ones, 0)
    found: list[Keys] = []
    for bits in range(1, 31):
        context.progress("keys", bits, 31)
        keys = _best(groups, integer_directions(data, context, count, bits))
        if keys is not None:
            if keys.bits <= (data.n * groups.longest).bit_length() + _LONG:
                return keys
            found.append(keys)  # data of many bits, whose differences real directions keep as well
            break
    for kind in (real_directions, exact_directions):
        keys = _best(groups, kind(data, context, count))
        if keys is not None:
            found.append(keys)
            break
    if found:
        return min(found, key=lambda keys: keys.bits)
    dtype = "float64" if context.dtype == "float32" else "exact"
    smaller = "smaller groups, or " if groups.count > 1 else ""
    raise PrecisionError(
        f"{context.dtype} cannot hold keys that tell apart the points of every group of "
        f"{groups.longest}. Use {smaller}dtype={dtype!r}.",
        data.rows[groups.order[: groups.longest]].tolist(),
    )


def _best(groups: Groups, candidates: Iterable[Direction]) -> Keys | None:
    """The keys of fewest bits on some directions."""
    best: Keys | None = None
    for direction in candidates:
        keys = _keys(groups, direction)
        if keys is not None and (best is None or keys.bits < best.bits):
            best = keys
    return best


def _keys(groups: Groups, direction: Direction) -> Keys | None:
    """Keys on a direction, scaled as little as separates each group; None if that is too fine."""
    group = groups.of_rank
    c = direction.c[groups.order]
    inside = np.argsort(c, kind="stable")
    inside = inside[np.argsort(group[inside], kind="stable")]  # by group, then along the line
    same = group[1:] == group[:-1]
    scale = direction.scale_for(_least(np.diff(c[inside])[same]))
    if scale is None:
        return None
    line = direction.line(scale)
    low, high = line.low[groups.order], line.high[groups.order]
    key = (low + high) // 2
    # Comparing with a key that is a sum of digits rounds once for each: one more is room for that.
    window = int(max((high - key).max(), (key - low).max())) + (1 if direction.error else 0)
    low, high, sorted_key = low[inside], high[inside], key[inside]
    apart = (low[1:] > sorted_key[:-1] + window) & (high[:-1] < sorted_key[1:] - window)
    return Keys(line, key, window) if apart[same].all() else None


def _least(gaps: Array) -> float | int | None:
    """The least gap as a Python number."""
    return min(gaps.tolist(), default=None)
