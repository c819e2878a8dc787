r"""Search: seeds are tried until a hash and a table for it are found.

Most seeds fail early and cheaply, in integers: two projections collide, a system is too full for
its unknowns, or two keys that differ in their labels share an address. So many folds are tried on
the same projections, and the shape can count on some luck. After many failures the table grows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from rote.constructions._base import Context
from rote.constructions._compact.codes import PLANES
from rote.constructions._compact.encoder import BitEncoder, Encoder, IntegerEncoder
from rote.constructions._compact.fold import Fold, draw_fold, smallest_sizes
from rote.constructions._compact.layout import Layout, choose_layout
from rote.constructions._compact.memory import Address, disagreement, fill, plane_loads
from rote.constructions._compact.planes import cut, label_changes
from rote.constructions._compact.sparse import sparse
from rote.constructions._compact.words import Words
from rote.data import DataSet
from rote.errors import PrecisionError
from rote.network import Affine
from rote.typing import Array, Integers

__all__ = ["Memory", "choose_encoder", "choose_projections", "remember"]

_ATTEMPTS = 400
"""Most seeds tried. Ours."""

_PATIENCE = 24
_GROWTH = 1.02
"""Factor on the table after so many failed seeds. Ours."""

_BYTE = 127
"""Largest weight of the projections of bits."""

_LINE = 64
"""So many points on a line for each change of labels make thresholds smaller than keys. Ours."""

_SHORTAGE = 5.6
"""Bits that all projections together may have too few, if their weights are small: they then send
about two pairs of differently labelled points to the same integers. Ours."""

_SPREADING = 10
"""Power of the growth factor that projections spread by after failures. Ours."""

_WIDEST = 8.0
"""Most that they spread by. Ours."""

_SMALLER = 0.85
"""Factor on weights of up to 7 that leaves them up to 6. Ours."""

_TURN = 33
"""Bytes of a repeated layer. Ours."""

_DRAWS = 32
"""Most projections drawn until no two that differ in their labels are equal. Ours."""

_HOPELESS = 8
"""So many such pairs in one draw, and there will hardly be none in another. Ours."""

_LARGEST_NUMBER = (1 << 63) - 1
"""Largest combination of projections that is looked at: 2^63 of them need no such look."""

_SPARSELY = 24
"""Seeds with sparse projections in the shallow form. Ours."""

_FOLDS = 256
"""Most folds tried on the same projections. Ours."""


@final
@dataclass(frozen=True, eq=False)
class Memory:
    """What a successful seed gave.

    Attributes:
        encoder: The layers from the points to halves of the projections.
        fold: How the parts of an address arise from these.
        largest: Largest value of each projection.
        layout: Ranges of the address.
        table: Entries, shape (stored rows, words * word columns).
    """

    encoder: tuple[Affine, ...]
    fold: Fold
    largest: Integers
    layout: Layout
    table: Array


def choose_encoder(data: DataSet, context: Context, codes: Integers) -> tuple[Encoder, Integers]:
    """Integer projections where the points are integers that stay exact; else hyperplanes.

    Returns:
        The encoder, and the numbers of the points that it has a key for.
    """
    points = data.points
    if _LINE * label_changes(points, codes) < data.n:
        return _bit_encoder(data, context, codes)
    if np.all(points == np.rint(points)):
        encoder = IntegerEncoder(points, context.dtype)
        if encoder.draw(2, 1.0, np.random.default_rng(0)) is not None:
            return encoder, np.arange(data.n)
    return _bit_encoder(data, context, codes)


def _bit_encoder(data: DataSet, context: Context, codes: Integers) -> tuple[Encoder, Integers]:
    """Hyperplanes, which separate any points that differ by more than rounding."""
    planes = cut(data.points, codes, data.rows, context.dtype, context.rng)
    planes, keys = planes.distinct()
    return BitEncoder(planes, context.dtype), keys


def remember(
    data: DataSet, context: Context, encoder: Encoder, words: Words, shallow: bool
) -> Memory:
    """Try seeds until every system has a solution, on a larger table after many failures."""
    planes = words[0].code.planes
    margin = 1.0
    for attempt in range(_ATTEMPTS):
        if attempt == _ATTEMPTS // 2 and isinstance(encoder, IntegerEncoder):
            # Points that differ by a common multiple of all periods, as may happen on a line, have
            # one address whatever the weights.
            symbols = np.stack([word.symbols for word in words], axis=1)
            codes = np.unique(symbols, axis=0, return_inverse=True)[1].reshape(-1)
            encoder, keys = _bit_encoder(data, context, codes)
            words = tuple(replace(word, symbols=word.symbols[keys]) for word in words)
            margin = 1.0
        if attempt in (0, _ATTEMPTS // 2):
            load = max(word.code.load(np.bincount(word.symbols)) for word in words)
            n = len(words[0].symbols)
            pairs = n**2 / 2 * disagreement(words, context.rng)
        if attempt % _PATIENCE == 0 or attempt == _ATTEMPTS // 2:
            layout = choose_layout(
                n * load,
                1 - load,
                pairs,
                len(words),
                planes,
                margin,
                selected=shallow or planes > PLANES,
            )
            margin *= _GROWTH
        context.progress("hash", attempt, _ATTEMPTS)
        points = data.points if shallow and attempt < _SPARSELY else None
        memory = _attempt(context, encoder, words, layout, margin, shallow, points)
        if memory is not None:
            return memory
    raise PrecisionError(
        f"No hash of {_ATTEMPTS} tells all points apart in {context.dtype}. Rescale the features "
        "or use dtype='float64'."
    )


def _attempt(
    context: Context,
    encoder: Encoder,
    words: Words,
    layout: Layout,
    margin: float,
    shallow: bool,
    points: Array | None,
) -> Memory | None:
    """One seed: a hash without conflicts whose systems fit, of few terms if points are given."""
    count, deviation = choose_projections(
        len(words[0].symbols), layout, encoder, shallow, margin / _GROWTH
    )
    for _ in range(_DRAWS):
        projections = encoder.draw(count, deviation, context.rng)
        if projections is None:
            return None
        collisions = _collisions(projections.values, words)
        if not collisions:
            break
        if collisions > _HOPELESS:
            return None
    else:
        return None
    if points is not None and isinstance(encoder, IntegerEncoder):
        projections = sparse(projections, points, layout.ranges, deviation, context.rng)
    largest = projections.values.max(axis=0)
    for _ in range(1 if count >= len(layout.ranges) else _FOLDS):
        fold = draw_fold(largest, layout.ranges, context.rng)
        if fold is None or not _fits(fold, projections.values, words, layout):
            continue
        parts = [fold.part(i, projections.values) for i in range(len(layout.ranges))]
        address = Address.of_parts(np.stack(parts, dtype=np.int16, casting="unsafe"), layout)
        if not address.fails(layout, words):
            break
    else:
        return None
    seed = int(context.rng.integers(1 << 62))
    table = fill(
        address, words, layout, seed, lambda done, total: context.progress("solve", done, total)
    )
    return None if table is None else Memory(projections.layers, fold, largest, layout, table)


def _fits(fold: Fold, projections: Integers, words: Words, layout: Layout) -> bool:
    """Whether all systems have room for their equations, by shards and start planes alone."""
    start = layout.planes - 1 - fold.part(len(layout.ranges) - 1, projections)
    shard = fold.part(0, projections) if layout.shards > 1 else np.zeros_like(start)
    return all(
        plane_loads(shard, start, word, layout.shards).max() <= layout.room for word in words
    )


def _collisions(values: Integers, words: Words) -> int:
    """How many neighbours among equal projections have different labels, and so one address."""
    number = np.zeros(len(values), np.int64)
    for column in values.T:
        if int(column.max() + 1) * int(number.max() + 1) > _LARGEST_NUMBER:
            return 0  # there are more than enough of them
        number *= int(column.max() + 1)
        number += column
    ordered = np.sort(number)
    if np.all(ordered[1:] != ordered[:-1]):
        return 0
    order = np.argsort(number, kind="stable")
    same = np.diff(number[order]) == 0
    return max(int(np.count_nonzero(np.diff(word.symbols[order])[same])) for word in words)


def choose_projections(
    n: int, layout: Layout, encoder: Encoder, shallow: bool, margin: float
) -> tuple[int, float]:
    """How many projections, of which deviation: the fewest bytes, or turns, with enough entropy."""
    parts = len(layout.ranges)
    # Points on a line repeat after a common period of all folds unless the weights grow, too.
    spread = min(margin**_SPREADING, _WIDEST)
    uniform = 1.3 * max(layout.ranges) * spread
    level = (2 * parts + 1) ** 2 if layout.selected else _TURN  # repeated layers are stored once
    best = (math.inf, parts, uniform)
    limit = _largest_deviation(encoder)
    for count in range(parts if shallow else 2, parts + 1):
        bits = (2 * math.log2(n + 1) + 3) / count - 2
        deviation = needed = max(uniform, spread * 2.0**bits)
        if spread * 2.0**bits > limit and count < parts:
            continue
        small = encoder.small_deviation
        if deviation * 2.0 ** (-_SHORTAGE / count) <= small:
            deviation = min(deviation, small)
        width = encoder.width / (2 if deviation <= small else 1)
        # Slightly smaller weights may save a fold, and make hardly more projections equal.
        for some in (deviation, _SMALLER * deviation):
            if some < deviation and (some > small or some < needed * 2.0 ** (-_SHORTAGE / count)):
                continue
            cost = count * (width + 2 * parts) + level * _folds(n, some, count, layout)
            best = min(best, (cost, count, some))
    return best[1], best[2]


def _folds(n: int, deviation: float, count: int, layout: Layout) -> int:
    """About how many folds projections of a deviation need."""
    # The largest of n normal values on either side; odd ones are twice as large.
    highest = 4 * math.sqrt(2 * math.log(n + 1)) * deviation
    sizes = smallest_sizes(len(layout.ranges), count)
    values = zip(sizes, sorted(layout.ranges), strict=True)
    return max(1, math.ceil(max(math.log2(highest * size / period) for size, period in values)) - 1)


def _largest_deviation(encoder: Encoder) -> float:
    """What projections of bits reach with the largest weights; integers of a wide range, any."""
    if not isinstance(encoder, BitEncoder):
        return math.inf
    share = encoder.planes.bits.mean(axis=0)
    return float(_BYTE * np.sqrt(np.sum(share * (1 - share)) / 3))
