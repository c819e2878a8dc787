r"""Hyperplanes with gaps: exact bits of real points.

A hyperplane w.x = b tells two points apart in float arithmetic if no evaluation of w.x, in whatever
order, crosses b. The error of a sum of d + 1 terms is at most gamma_(d+1) times the sum of absolute
terms [higham2002]. Random directions are drawn, and b is put into the largest gap near the median,
after widening every projection by its error bound. Once few pairs with different labels agree in
all bits, the direction that separates most of them is chosen among many, and the last ones get
hyperplanes of their own, across the line that joins them. Points on a line need a threshold
wherever neighbours have different labels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from rote.errors import AssumptionError, PrecisionError
from rote.network import Affine
from rote.network.activation import RELU
from rote.typing import Array, Codes, DType, Floats, Integers

__all__ = ["Planes", "cut", "label_changes"]

_UNIT = {"float32": 2.0**-24, "float64": 2.0**-53}

_SMALLEST = {"float32": 2.0**-112, "float64": 2.0**-1000}
"""Smallest half gap: its inverse times a weight is finite. Ours."""

_PRUNED = 1 << 23
"""Most bits among which hyperplanes that are not needed are looked for. Ours."""

_WEIGHT = 127
"""Largest integer weight: one byte."""

_SMALL_WEIGHT = 7
"""The same in many dimensions: half a byte."""

_MANY_DIMENSIONS = 8
"""Dimensions from which on small weights give directions enough. Ours."""

_MIDDLE = 0.15
"""Share of the points on either side of the median among which a gap is looked for. Ours."""

_TRIES = 40
"""Directions tried to separate one pair. Ours."""

_PAIRS = 1 << 11
"""Pairs that agree in all bits from which on directions are compared by them. Ours."""

_COMPARED = 1 << 20
"""Projections computed to compare directions; at most 64 directions. Ours."""


_MOST_THRESHOLDS = 1 << 13
"""Thresholds on a line: a layer has their square of weights, 256 MB at most in float32. Ours."""


@final
@dataclass(frozen=True, eq=False)
class Planes:
    """Hyperplanes and the bits they cut.

    Attributes:
        weight: -w of each hyperplane, shape (planes, d).
        bias: b + 1 / K, shape (planes,).
        unit: 1 / K, a power of two.
        bits: Whether w.x > b, shape (n, planes), uint8.
        dtype: Arithmetic of the network.
    """

    weight: Floats
    bias: Floats
    unit: float
    bits: Array
    dtype: DType

    def distinct(self) -> tuple[Planes, Integers]:
        """The same hyperplanes for one point of each row of bits, since their labels are equal.

        Returns:
            The hyperplanes, and the numbers of these points in order.
        """
        words = _packed(self.bits)
        order = np.lexsort(words.T)  # equal rows stay in order
        new = np.any(words[order[1:]] != words[order[:-1]], axis=1)
        kept = np.sort(order[np.append(True, new)])
        return replace(self, bits=self.bits[kept]), kept

    @property
    def layers(self) -> tuple[Affine, Affine]:
        """The layers u = relu(b + 1/K - w.x) and z = relu(1/K - u), 1/K times the bits."""
        count = len(self.bias)
        first = Affine(self.weight.astype(self.dtype), self.bias.astype(self.dtype), RELU)
        ones = np.full(count, self.unit, self.dtype)
        return first, Affine(0 - np.eye(count, dtype=self.dtype), ones, RELU)


@dataclass(frozen=True, eq=False)
class _Cut:
    """One hyperplane w.x = b with half the gap around b that is safe."""

    w: Floats
    b: float
    gap: float


def cut(
    points: Array, codes: Codes, rows: Integers, dtype: DType, rng: np.random.Generator
) -> Planes:
    """Hyperplanes that tell all differently labelled points apart.

    Args:
        points: Shape (n, d), floats of the network's dtype.
        codes: Class of each point, shape (n,).
        rows: Row number of each point, for messages.
        dtype: Arithmetic of the network.
        rng: Source of randomness.

    Returns:
        The hyperplanes.

    Raises:
        PrecisionError: Two points that the arithmetic cannot tell apart, with their rows.
        AssumptionError: Points on a line whose labels change too often.
    """
    X = points.astype(np.float64)
    scale = _column_scales(X)
    pairs = _disagreeing_pairs(codes)
    count = max(1, math.ceil(math.log2(max(2.0, pairs / _PAIRS))))
    line = _line(points)
    cuts = _thresholds(X, line, codes, rows, dtype) if line is not None else []
    cuts = cuts or _first_cuts(X, scale, count, dtype, rng)
    bits = _sides(X, cuts)
    while (confused := _confused(bits, codes)).size:
        found = _best_cut(X, scale, confused, dtype, rng) or _separating(
            X, confused[0], rows, scale, dtype, rng
        )
        cuts.append(found)
        bits = np.concatenate([bits, _sides(X, [found])], axis=1)
    if len(cuts) > 2 * count and bits.size <= _PRUNED and line is None:
        needed = _needed(bits, codes)
        cuts, bits = [cuts[j] for j in needed], bits[:, needed]
    return _planes(cuts, bits, dtype)


def label_changes(points: Array, codes: Codes) -> float:
    """How often labels change along a line; infinite if the points are on none along an axis."""
    line = _line(points)
    if line is None:
        return math.inf
    return int(np.count_nonzero(np.diff(codes[np.argsort(points[:, line], kind="stable")])))


def _line(points: Array) -> int | None:
    """The only feature that varies, if there is one."""
    varying = np.flatnonzero(points.min(axis=0) < points.max(axis=0))
    return int(varying[0]) if len(varying) == 1 else None


def _needed(bits: Array, codes: Codes) -> list[int]:
    """The numbers of hyperplanes that are left when those that others replace go, one by one."""
    # Labels of large cells take many hyperplanes to tell apart the last points at their borders,
    # and these then do the work of the first.
    kept = list(range(bits.shape[1]))
    for j in range(bits.shape[1]):
        rest = [k for k in kept if k != j]
        if rest and not _confused(bits[:, rest], codes).size:
            kept = rest
    return kept


def _disagreeing_pairs(codes: Codes) -> float:
    """How many pairs of points have different labels."""
    counts = np.bincount(codes).astype(np.float64)
    return float(counts.sum() ** 2 - np.sum(counts**2)) / 2


def _thresholds(X: Floats, line: int, codes: Codes, rows: Integers, dtype: DType) -> list[_Cut]:
    """The thresholds between neighbours along one feature that have different labels."""
    x = X[:, line]
    order = np.argsort(x, kind="stable")
    change = np.flatnonzero(np.diff(codes[order]))
    if len(change) > _MOST_THRESHOLDS:
        raise AssumptionError(
            f"Labels change {len(change)} times along the line of the points; the compact memory "
            f"has room for {_MOST_THRESHOLDS} thresholds. Use another construction."
        )
    left, right = order[change], order[change + 1]
    w = np.zeros(X.shape[1])
    w[line] = 1
    offset = np.maximum(np.abs(x[left]), np.abs(x[right]))
    # Errors of x - b grow with x less than x itself does, so that only neighbours bound a gap.
    upper = x[left] + _errors(X[left], w, offset, dtype)
    lower = x[right] - _errors(X[right], w, offset, dtype)
    gaps = lower - upper
    narrow = np.flatnonzero(gaps <= 8 * _UNIT[dtype] * offset)
    if narrow.size:
        raise _inseparable(rows[[left[narrow[0]], right[narrow[0]]]], dtype)
    middles = upper + gaps / 2
    return [_Cut(w, b, gap / 2) for b, gap in zip(middles.tolist(), gaps.tolist(), strict=True)]


def _inseparable(rows: Integers, dtype: DType) -> PrecisionError:
    """The error that names two rows that no hyperplane tells apart."""
    a, b = sorted(rows.tolist())
    repair = " Use dtype='float64'." if dtype == "float32" else " Rescale the features."
    return PrecisionError(
        f"No hyperplane separates rows {a} and {b}, which have different labels, by more "
        f"than the rounding error of {dtype}.{repair}",
        [a, b],
    )


def _best_cut(
    X: Floats, scale: Floats, pairs: Integers, dtype: DType, rng: np.random.Generator
) -> _Cut | None:
    """Of some random cuts the one that separates most pairs; None if none separates any."""
    best: tuple[int, _Cut] | None = None
    for direction in _directions(X, scale, max(1, min(64, _COMPARED // len(X))), rng):
        found = _widest_gap(X, direction, float(rng.uniform(0.3, 0.7)), dtype)
        if found is None:
            continue
        sides = X[pairs] @ found.w > found.b
        separated = int(np.count_nonzero(sides[:, 0] != sides[:, 1]))
        if separated and (best is None or separated > best[0]):
            best = separated, found
    return None if best is None else best[1]


def _separating(
    X: Floats,
    pair: Integers,
    rows: Integers,
    scale: Floats,
    dtype: DType,
    rng: np.random.Generator,
) -> _Cut:
    """A hyperplane between two points, or an error that names them."""
    first, second = pair.tolist()
    found = _separate(X, first, second, scale, dtype, rng)
    if found is None:
        raise _inseparable(rows[pair], dtype)
    return found


def _first_cuts(
    X: Floats, scale: Floats, count: int, dtype: DType, rng: np.random.Generator
) -> list[_Cut]:
    """Cuts near the medians of random directions; elsewhere, too, where there are few of these."""
    cuts: list[_Cut] = []
    for i, direction in enumerate(_directions(X, scale, 3 * count, rng)):
        centre = 0.5 if i < 2 * X.shape[1] else float(rng.uniform(0.1, 0.9))
        found = _widest_gap(X, direction, centre, dtype)
        if found is not None:
            cuts.append(found)
        if len(cuts) == count:
            break
    return cuts


def _column_scales(X: Floats) -> Floats:
    """A power of two near each feature's spread; all equal where they are within 2^4."""
    deviation = X.std(axis=0)
    exponent = np.round(np.log2(np.where(deviation > 0, deviation, 1)))
    exponent[deviation == 0] = exponent[deviation > 0].max(initial=0)
    if exponent.max() - exponent.min() <= 4:
        relative: Floats = deviation / np.where(deviation > 0, deviation, 1).max()
        relative[deviation == 0] = 1
        return relative
    powers: Floats = np.ldexp(1.0, exponent.astype(np.int64))
    return powers


def _directions(X: Floats, scale: Floats, count: int, rng: np.random.Generator) -> list[Floats]:
    """Random directions, orthogonal by blocks of d, in units of the features' scales."""
    d = X.shape[1]
    directions: list[Floats] = []
    while len(directions) < count:
        basis = np.linalg.qr(rng.standard_normal((d, d)))[0] if d <= 512 else None
        block = basis if basis is not None else rng.standard_normal((32, d))
        directions.extend(_integral(row, scale) for row in block)
    return directions[:count]


def _integral(direction: Floats, scale: Floats) -> Floats:
    """Small integer weights, divided by the scales where these are powers of two."""
    if np.all(np.frexp(scale)[0] == 0.5) and scale.max() > scale.min():
        integers: Floats = np.rint(direction * (_WEIGHT / np.abs(direction).max()))
        return integers / scale
    w = direction / scale
    largest = _SMALL_WEIGHT if len(w) >= _MANY_DIMENSIONS else _WEIGHT
    rounded: Floats = np.rint(w * (largest / np.abs(w).max()))
    return rounded


def _errors(X: Floats, w: Floats, offset: float | Floats, dtype: DType) -> Floats:
    """Bounds of the error of w.x - b in any order of summation, |b| at most an offset."""
    terms = X.shape[1] + 3
    gamma = terms * _UNIT[dtype] / (1 - terms * _UNIT[dtype])
    # In float64 the projections that the gaps are read from have errors of their own.
    factor = 2.02 if dtype == "float64" else 1.01
    bounds: Floats = factor * gamma * (np.abs(X) @ np.abs(w) + offset)
    return bounds


def _gap(p: Floats, error: Floats, first: int, last: int, dtype: DType) -> tuple[float, float]:
    """Middle and half width of the widest gap among sorted places first to last; 0 if none."""
    order = np.argsort(p, kind="stable")
    upper = np.maximum.accumulate((p + error)[order])
    lower = np.minimum.accumulate((p - error)[order][::-1])[::-1]
    gaps = lower[first + 1 : last + 1] - upper[first:last]
    if not gaps.size:
        return 0.0, 0.0
    i = int(np.argmax(gaps))
    if gaps[i] <= 8 * _UNIT[dtype] * np.abs(p).max():
        return 0.0, 0.0
    return float(upper[first + i] + gaps[i] / 2), float(gaps[i] / 2)


def _widest_gap(X: Floats, w: Floats, centre: float, dtype: DType) -> _Cut | None:
    """The widest gap around a quantile, if errors leave one."""
    n = len(X)
    first = max(0, int(n * (centre - _MIDDLE)))
    last = min(n - 1, max(first + 1, int(n * (centre + _MIDDLE))))
    p = X @ w
    b, half = _gap(p, _errors(X, w, float(np.abs(p).max()), dtype), first, last, dtype)
    return _Cut(w, b, half) if half else None


def _separate(
    X: Floats, a: int, b: int, scale: Floats, dtype: DType, rng: np.random.Generator
) -> _Cut | None:
    """A hyperplane between two points with a gap that no point's error enters."""
    difference = X[b] - X[a]
    for attempt in range(_TRIES):
        if attempt == 0:
            w = np.ldexp(np.rint(np.ldexp(difference / np.abs(difference).max(), 10)), -10)
        else:
            noise = np.abs(rng.standard_normal(len(difference)))
            w = _integral(np.sign(difference) * noise, scale)
        p = X @ w
        if p[a] > p[b]:
            w, p = -w, -p
        order = np.argsort(p, kind="stable")
        first, last = (int(np.flatnonzero(order == i)[0]) for i in (a, b))
        offset = float(max(abs(p[a]), abs(p[b])))
        middle, half = _gap(p, _errors(X, w, offset, dtype), first, last, dtype)
        if half:
            return _Cut(w, middle, half)
    return None


def _sides(X: Floats, cuts: list[_Cut]) -> Array:
    """The bit of each point at each cut."""
    bits = np.empty((len(X), len(cuts)), np.uint8)
    for j, c in enumerate(cuts):
        bits[:, j] = X @ c.w > c.b
    return bits


def _confused(bits: Array, codes: Codes) -> Integers:
    """Neighbours of different labels among the points with equal bits, shape (pairs, 2)."""
    words = _packed(bits)
    order = np.lexsort((codes, *words.T))
    same = np.all(words[order[1:]] == words[order[:-1]], axis=1)
    clash = np.flatnonzero(same & (codes[order[1:]] != codes[order[:-1]]))
    return np.stack([order[clash], order[clash + 1]], axis=1)


def _packed(bits: Array) -> Array:
    """The bits of each point in words of 64."""
    packed = np.packbits(bits, axis=1)
    keys = np.zeros((len(bits), max(1, -(-packed.shape[1] // 8)) * 8), np.uint8)
    keys[:, : packed.shape[1]] = packed
    words: Array = keys.view(np.uint64)
    return words


def _planes(cuts: list[_Cut], bits: Array, dtype: DType) -> Planes:
    """All hyperplanes with one common factor K, so that their weights share one power of two."""
    unit = min(2.0 ** math.floor(math.log2(c.gap / 1.5)) for c in cuts)
    if unit < _SMALLEST[dtype]:
        raise PrecisionError(
            f"Some points with different labels differ by no more than {unit:.0e}, which is near "
            f"the smallest numbers of {dtype}. Rescale the features."
        )
    weight = np.stack([0 - c.w for c in cuts])  # no negative zeros
    bias = np.array([float(np.dtype(dtype).type(c.b + unit)) for c in cuts])
    return Planes(weight, bias, unit, bits, dtype)
