r"""Halving: integer keys are folded onto half their range, again and again, and stay apart.

**Lemma** [park2021, Lemma 5]. Let the keys of n points lie in $[0, K)$ and
$t = \lceil K / 2 \rceil > n^2 / 4$. There is an integer $b \in [0, t)$ such that the keys $k < t$
and $(k + b) \bmod t$ for $k \ge t$ are all different: at most $n^2 / 4$ pairs have one key on
either side, and each of them forbids one b. If $t \ge n^2 / 2$, at least half of all b will do.

A halving is two moves (``_gadgets/moves.py``), of $t - b$ from t on and of $2 t - b$ from
$2 t - b$ on: two tests in two layers of width 3. So a key of any length takes two layers for each
bit that it loses, and $2 \log_2 n - 1$ bits are left at most; fewer where not all pairs have to
differ, and as a rule, since random b are tried beyond the lemma. The conditions are the caller's.

Keys need not be integers: a point whose unit is somewhere within ``[low, high]`` is moved as a
whole, if no test falls between.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np

from rote.constructions._gadgets.moves import Move
from rote.typing import Array

__all__ = ["Halved", "halve"]

_TRIES = 32
"""Shifts tried: where half of all would do, all of them fail once in 10^9 times. Ours."""

_TEARS = 4
"""Halves tried if a key that is an interval lies across the first: so many longer at most. Ours."""


@final
@dataclass(frozen=True, eq=False)
class Halved:
    """Keys on a shorter range.

    Attributes:
        low: Integers of at least 0, shape (n,).
        high: Integers, shape (n,).
        moves: The moves of each halving, in the order of the layers.
    """

    low: Array
    high: Array
    moves: tuple[tuple[Move, ...], ...]


def halve(
    low: Array,
    high: Array,
    clash: Callable[[Array, Array], bool],
    rng: np.random.Generator,
    least: int = 1,
) -> Halved:
    """Halve the range of keys while a shift is found that keeps them apart.

    Args:
        low: Integers of at least 0, shape (n,), int64 or Python's.
        high: Integers of at least ``low``, shape (n,).
        clash: Whether keys given like these are not apart.
        rng: Randomness.
        least: Ranges up to so long are left alone.

    Returns:
        The keys in the end.
    """
    moves: list[tuple[Move, ...]] = []
    low, high = _shortened(low), _shortened(high)
    while (size := int(high.max()) + 1) > least:
        for trial in range(_TEARS * _TRIES):
            half = -(-size // 2) + trial // _TRIES
            if half >= size:
                continue
            pair = _pair(half, _below(half, rng), size)
            moved = [_moved(pair, side) for side in (low, high)]
            if not _torn(pair, low, high) and not clash(*moved):
                break
        else:
            break
        moves.append(pair)
        low, high = (_shortened(side) for side in moved)
    return Halved(low, high, tuple(moves))


def _below(bound: int, rng: np.random.Generator) -> int:
    """A random integer below a bound of any size, nearly uniform."""
    return int.from_bytes(rng.bytes(bound.bit_length() // 8 + 8)) % bound


def _pair(half: int, shift: int, size: int) -> tuple[Move, ...]:
    wrapped = 2 * half - shift
    first, second = Move(half, half - shift), Move(wrapped, wrapped)
    return (first, second) if wrapped < size else (first,)


def _moved(moves: tuple[Move, ...], keys: Array) -> Array:
    amounts = np.array([0, *(each.amount for each in moves)], keys.dtype)
    starts = np.array([each.start for each in moves], keys.dtype)
    return np.asarray(keys - amounts[np.searchsorted(starts, keys, side="right")])


def _torn(moves: tuple[Move, ...], low: Array, high: Array) -> bool:
    """Whether a test falls between the ends of a key."""
    return any(bool(((low < each.start) & (each.start <= high)).any()) for each in moves)


def _shortened(keys: Array) -> Array:
    """Python's integers as int64 where they fit."""
    if keys.dtype == object and keys.max() < 1 << 62:
        return keys.astype(np.int64)
    return keys
