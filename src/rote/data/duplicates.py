"""Equal rows, found in linear time by hashing and confirmed by comparison."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rote.typing import Array, Integers

__all__ = ["group_equal_rows"]

_CHUNK = 1 << 17
"""Numbers hashed or compared at a time, 1 MB: the copies stay in cache. Ours."""

_Mask = npt.NDArray[np.bool_]


def group_equal_rows(points: Array) -> Integers:
    """For each row the number of the first row equal to it.

    Two rows are equal if their values are (so 0.0 equals -0.0). A random linear hash modulo 2^64
    brings candidates together; every candidate is then compared in full, and the rows of a false
    one are told apart by a dictionary.

    Args:
        points: Shape (n, d), integers or finite floats.

    Returns:
        Shape (n,); entry i is at most i, and equals i where row i is the first of its kind.
    """
    n = len(points)
    first = np.arange(n)
    hashes = _hash(points)
    ordered = np.sort(hashes)
    if not np.any(ordered[1:] == ordered[:-1]):
        return first
    order = np.argsort(hashes, kind="stable")
    joined = hashes[order[1:]] == hashes[order[:-1]]
    # Within a run of equal hashes the stable sort keeps row order: each takes the run's first.
    start = np.concatenate([[True], ~joined])
    run = np.maximum.accumulate(np.where(start, np.arange(n), 0))
    first[order] = order[run]
    same = np.flatnonzero(joined)
    false = same[~_equal(points, order[same], order[same + 1])]
    for begin in np.unique(run[false]).tolist():
        _split(points, np.sort(order[run == begin]), first)
    return first


def _split(points: Array, rows: Integers, first: Integers) -> None:
    """Group rows of equal hash, given in order, by their values."""
    seen: dict[bytes, int] = {}
    for row in rows.tolist():
        first[row] = seen.setdefault((points[row] + points.dtype.type(0)).tobytes(), row)


def _equal(points: Array, a: Integers, b: Integers) -> _Mask:
    """Whether row a[i] equals row b[i], for each i."""
    equal = np.empty(len(a), dtype=bool)
    step = max(1, _CHUNK // points.shape[1])
    for begin in range(0, len(a), step):
        block = slice(begin, begin + step)
        np.all(points[a[block]] == points[b[block]], axis=1, out=equal[block])
    return equal


def _hash(points: Array) -> npt.NDArray[np.uint64]:
    """A 64-bit linear hash of each row."""
    n, d = points.shape
    rng = np.random.default_rng(0x5EED)
    multiplier = rng.integers(0, 2**64, size=d, dtype=np.uint64) | np.uint64(1)
    hashes = np.empty(n, dtype=np.uint64)
    step = max(1, _CHUNK // d)
    for begin in range(0, n, step):
        bits = _bits(points[begin : begin + step])
        bits *= multiplier
        bits.sum(axis=1, out=hashes[begin : begin + step])
    return hashes


def _bits(block: Array) -> npt.NDArray[np.uint64]:
    """Equal numbers as equal integers that differ in low bits, which the hash keeps apart best."""
    if block.dtype.kind != "f":
        return block.astype(np.uint64)
    values = block.astype(np.float64)
    values += 0.0  # -0.0 becomes 0.0
    bits = values.view(np.uint64)
    # Short numbers differ in the highest bits alone: fold those down, twice.
    bits ^= bits >> np.uint64(32)
    bits ^= bits >> np.uint64(16)
    return bits
