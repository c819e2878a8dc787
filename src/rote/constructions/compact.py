r"""The compact memory: a network near the information limit, exact in float32.

**Theorem** [rote]. Any n differently labelled points of H bits of label entropy each are memorized
by a plain ReLU network of about n H / 8 + O(sqrt(n H)) bytes, every weight of the table one byte,
whose sums no order of summation rounds.

*Hypotheses.* Integer points of moderate size, or real points that hyperplanes separate by more than
the rounding error of the arithmetic.

*Idea.* The points are hashed by folding random integer projections. The hash selects two rows and
three runs of columns of one large matrix between two hidden layers; the sum of the entries, read
modulo 2^8 from a start plane that is part of the hash, spells the label in a prefix code. For each
of the eight bit planes the entries solve a sparse linear system over GF(2) with hardly more
unknowns than equations [genuzio2016, dietzfelbinger2008].

*Ours:* everything but the retrieval structure; see ``docs/theorems/compact.md``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, final

import numpy as np

from rote.constructions._base import Construction, Context, Theorem
from rote.constructions._compact.assemble import (
    address_layers,
    integral,
    reader_layers,
    table_layers,
)
from rote.constructions._compact.codes import LONGEST, PLANES, Code
from rote.constructions._compact.encoder import BitEncoder, Encoder, IntegerEncoder
from rote.constructions._compact.fold import Fold, draw_fold
from rote.constructions._compact.layout import Layout, choose_layout
from rote.constructions._compact.memory import Address, disagreement, fill, plane_loads
from rote.constructions._compact.output import output_layers
from rote.constructions._compact.planes import cut
from rote.data import DataSet, Problem
from rote.errors import AssumptionError, OptionError, PrecisionError
from rote.network import Affine, Decision, Layer, Nearest, Sign, Size
from rote.typing import Array, Codes, Integers

__all__ = ["Compact"]

_ATTEMPTS = 400
"""Most seeds tried. Ours."""

_GROWTH = 1.02
"""Factor on the table after every dozen failed seeds. Ours."""

_LONG = 19
"""Bits of a long number and of the longest code word: what float32 holds of their reader."""

_PATIENCE = 24

_SPREADING = 10
"""Power of the growth factor that projections spread by after failures. Ours."""

_WIDEST = 8.0
"""Most that they spread by. Ours."""

_FOLDS = 8
"""Most folds tried on the same projections. Ours."""


@final
@dataclass(frozen=True)
class Compact(Construction):
    """A memory near the information limit.

    Attributes:
        words: What a stored number is: ``bytes`` for the smallest file, ``float32`` for numbers of
            up to 18 bits and so the most label bits per parameter.
        reject_unknown: Bits of a fingerprint: an input that was never seen is answered with the
            label -1 (``"unknown"`` if labels are not integers), but for a share of
            2^-``reject_unknown`` of them. 0 stores no fingerprint.
    """

    words: Literal["bytes", "float32"] = "bytes"
    reject_unknown: int = 0

    theorem: ClassVar[Theorem] = Theorem(
        key="compact",
        title="Compact memory",
        statement=(
            "n points with label entropy H are memorized in about n H / 8 bytes plus a term of "
            "order sqrt(n), with weights of one byte and no rounding in any order of summation."
        ),
        source="rote",
        number="ours",
        tasks=("classes",),
        activations=("relu",),
        hypotheses=(
            "integer features of moderate size, or classes that hyperplanes can separate safely",
        ),
    )

    def __post_init__(self) -> None:
        if not 0 <= self.reject_unknown <= LONGEST:
            raise OptionError(
                f"Option 'reject_unknown' must be from 0 to {LONGEST} bits, not "
                f"{self.reject_unknown}."
            )

    def promise(self, problem: Problem) -> Size:
        """Nothing: sizes depend on the labels' entropy and on the seed."""
        del problem
        return Size()

    def layers(self, data: DataSet, context: Context) -> tuple[tuple[Layer, ...], Decision]:
        """Choose a shape, draw hashes until the systems have solutions, and assemble."""
        assert data.codes is not None
        assert data.labels is not None
        reject = self.reject_unknown
        if len(data.labels) == 1 and not reject:
            zero = Affine(np.zeros((1, data.d), context.dtype), np.zeros(1, context.dtype))
            return (zero,), Nearest(data.labels)
        symbols, codes, base = _words(data.codes, len(data.labels), reject)
        depth = max(code.depth for code in codes)
        planes = PLANES if self.words == "bytes" else _LONG - depth
        codes = tuple(replace(code, planes=planes) for code in codes)
        memory = _remember(data, context, symbols, codes)
        decision: Decision = Nearest(_with_unknown(data.labels) if reject else data.labels)
        if len(data.labels) == 2 and not reject:
            decision = Sign(data.labels)
        address, features, constants = address_layers(memory.fold, memory.layout, context.dtype)
        table, sums = table_layers(features, constants, memory.table, memory.layout, context.dtype)
        reader, units, interval = reader_layers(sums, depth, memory.layout, context.dtype)
        output = output_layers(units, codes, base, depth, interval, context.dtype)
        return (*memory.encoder, *integral((*address, *table, *reader, *output))), decision


@dataclass(frozen=True, eq=False)
class _Memory:
    """What a successful seed gave."""

    encoder: tuple[Affine, ...]
    fold: Fold
    layout: Layout
    table: Array


def _with_unknown(labels: Array) -> Array:
    """The labels with one more for inputs that were never seen."""
    unknown = -1 if labels.dtype.kind in "iu" else "unknown"
    if unknown in labels.tolist():
        raise AssumptionError(
            f"With 'reject_unknown', no label may be {unknown!r}. Rename that label."
        )
    if labels.dtype.kind in "iu":
        return np.append(labels.astype(np.int64), unknown)
    kind = np.str_ if labels.dtype.kind == "U" else object
    return np.array([*labels.tolist(), unknown], dtype=kind)


def _words(
    codes: Codes, classes: int, reject: int
) -> tuple[tuple[Integers, ...], tuple[Code, ...], int]:
    """Symbols and codes of one word, or of two where a code word would exceed a byte."""
    if classes <= 1 << (LONGEST - reject):
        counts = np.bincount(codes, minlength=classes)
        return (codes,), (Code.for_counts(counts, reject),), 0
    if reject:
        raise AssumptionError(
            f"A fingerprint of {reject} bits leaves room for {1 << (LONGEST - reject)} classes, "
            f"not {classes}. Lower 'reject_unknown'."
        )
    base = math.isqrt(classes - 1) + 1
    if base > 1 << LONGEST:
        raise AssumptionError(f"The compact memory holds at most 65536 classes, not {classes}.")
    symbols = (codes // base, codes % base)
    return symbols, tuple(Code.for_counts(np.bincount(s) + 1) for s in symbols), base


def _encoder(data: DataSet, context: Context) -> Encoder:
    """Integer projections where the points are integers that stay exact; else hyperplanes."""
    points = data.points
    if np.all(points == np.rint(points)):
        encoder = IntegerEncoder(points, context.dtype)
        if encoder.draw(2, 1.0, np.random.default_rng(0)) is not None:
            return encoder
    return _bit_encoder(data, context)


def _bit_encoder(data: DataSet, context: Context) -> Encoder:
    """Hyperplanes, which separate any points that differ by more than rounding."""
    planes = cut(data.points, data.target, data.rows, context.dtype, context.rng)
    return BitEncoder(planes, context.dtype)


def _remember(
    data: DataSet, context: Context, symbols: tuple[Integers, ...], codes: tuple[Code, ...]
) -> _Memory:
    """Try seeds until every system has a solution, on a larger table after many failures."""
    encoder = _encoder(data, context)
    lengths = sum(code.lengths[s].mean() for code, s in zip(codes, symbols, strict=True))
    planes = codes[0].planes
    mean = data.n * float(lengths) / planes / len(codes)
    variance = 1 - float(lengths) / planes / len(codes)
    pairs = data.n**2 / 2 * disagreement(symbols, codes, context.rng)
    margin = 1.0
    for attempt in range(_ATTEMPTS):
        if attempt % _PATIENCE == 0:
            layout = choose_layout(mean, variance, pairs, len(codes), planes, margin)
            margin *= _GROWTH
        if attempt == _ATTEMPTS // 2:
            # Points that differ by a common multiple of all periods, as may happen on a line, have
            # one address whatever the weights.
            encoder = _bit_encoder(data, context)
        context.progress("hash", attempt, _ATTEMPTS)
        memory = _attempt(data, context, encoder, symbols, codes, layout, margin)
        if memory is not None:
            return memory
    raise PrecisionError(
        f"No hash of {_ATTEMPTS} tells all points apart in {context.dtype}. Rescale the features "
        "or use dtype='float64'."
    )


def _attempt(
    data: DataSet,
    context: Context,
    encoder: Encoder,
    symbols: tuple[Integers, ...],
    codes: tuple[Code, ...],
    layout: Layout,
    margin: float,
) -> _Memory | None:
    """One seed: a hash without conflicts whose systems fit and have solutions."""
    count, deviation = _projections(data.n, layout, encoder.width)
    spread = min(margin**_SPREADING, _WIDEST)
    # Points on a line repeat after a common period of all folds unless the weights grow, too.
    projections = encoder.draw(count, deviation * spread, context.rng)
    if projections is None:
        return None
    largest = projections.values.max(axis=0)
    for _ in range(1 if count >= len(layout.ranges) else _FOLDS):
        fold = draw_fold(largest, layout.ranges, context.rng)
        if fold is not None and _fits(fold, projections.values, symbols, codes, layout):
            break
    else:
        return None
    address = Address.of_parts(fold(projections.values), layout)
    if address.fails(layout, symbols, codes):
        return None
    seed = int(context.rng.integers(1 << 62))
    table = fill(
        address,
        symbols,
        codes,
        layout,
        seed,
        lambda done, total: context.progress("solve", done, total),
    )
    return None if table is None else _Memory(projections.layers, fold, layout, table)


def _fits(
    fold: Fold,
    projections: Integers,
    symbols: tuple[Integers, ...],
    codes: tuple[Code, ...],
    layout: Layout,
) -> bool:
    """Whether no system has more equations than unknowns, by shards and start planes alone."""
    start = layout.planes - 1 - fold.part(len(layout.ranges) - 1, projections)
    shard = fold.part(0, projections) if layout.shards > 1 else np.zeros_like(start)
    return all(
        plane_loads(shard, start, s, code, layout.shards).max() <= layout.unknowns - 2
        for code, s in zip(codes, symbols, strict=True)
    )


def _projections(n: int, layout: Layout, width: int) -> tuple[int, float]:
    """How many projections, of which deviation: the fewest bytes with enough entropy."""
    parts = len(layout.ranges)
    uniform = 1.3 * max(layout.ranges)
    level = (2 * parts + 1) ** 2 if layout.selected else 31  # a repeated layer is stored once
    best = (math.inf, 2, uniform)
    for count in range(2, parts + 1):
        bits = (2 * math.log2(n + 1) + 3) / count - 2
        deviation = max(uniform, 2.0**bits)
        spread = 1 if count == parts else 2
        cost = count * (width + 2 * parts) + level * math.log2(deviation * spread)
        best = min(best, (cost, count, deviation))
    return best[1], best[2]
