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
from rote.constructions._compact.assemble import address_layers, integral, table_layers
from rote.constructions._compact.codes import LONGEST, PLANES
from rote.constructions._compact.encoder import BitEncoder, Encoder, IntegerEncoder
from rote.constructions._compact.fold import Fold, draw_fold
from rote.constructions._compact.layout import Layout, choose_layout
from rote.constructions._compact.levels import quantize
from rote.constructions._compact.memory import Address, disagreement, fill, plane_loads
from rote.constructions._compact.output import bounded, output_layers, sign_layer
from rote.constructions._compact.planes import cut
from rote.constructions._compact.reader import point_gap, reader_layers
from rote.constructions._compact.shallow import LEVELS, shallow_layers
from rote.constructions._compact.sharing import column_words
from rote.constructions._compact.words import Word, Words, class_words, level_words, with_planes
from rote.constructions._gadgets.targets import check_tolerance, real_targets
from rote.data import DataSet, Problem
from rote.data.joint import split
from rote.errors import AssumptionError, OptionError, PrecisionError
from rote.network import Affine, Columns, Decision, Layer, Nearest, Sign, Size, Value
from rote.typing import Array, DType, Integers

__all__ = ["Compact"]

_ATTEMPTS = 400
"""Most seeds tried. Ours."""

_GROWTH = 1.02
"""Factor on the table after every dozen failed seeds. Ours."""

_LONG = 19
"""Bits of a long number and of the longest code word: what float32 holds of their reader."""

_FEW_PLANES = 4
"""Bits of a number in the shallow form, if code words are no longer: its reader has a unit for each
number that a sum of entries can be. Ours."""

_PATIENCE = 24

_SHORTAGE = 4.6
"""Bits that all projections together may have too few, if their weights are small: they then send
about one pair of differently labelled points to the same integers. Ours."""

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
        tolerance: Largest absolute error of real targets, which are remembered in levels about
            twice that apart; integers in steps of 1 or of the largest number that serves.
        shallow: Whether to use about a dozen hidden layers, most of them wide, instead of fifty
            narrow ones: larger, but faster on one input at a time.
    """

    words: Literal["bytes", "float32"] = "bytes"
    reject_unknown: int = 0
    tolerance: float | None = None
    shallow: bool = False

    theorem: ClassVar[Theorem] = Theorem(
        key="compact",
        title="Compact memory",
        statement=(
            "n points with label entropy H are memorized in about n H / 8 bytes plus a term of "
            "order sqrt(n), with weights of one byte and no rounding in any order of summation."
        ),
        source="rote",
        number="ours",
        tasks=("classes", "real"),
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
        if self.shallow and self.words != "bytes":
            raise OptionError("Option 'shallow' goes with words='bytes' only.")
        check_tolerance(self.tolerance)

    def promise(self, problem: Problem) -> Size:
        """Nothing: sizes depend on the labels' entropy and on the seed."""
        del problem
        return Size()

    def layers(self, data: DataSet, context: Context) -> tuple[tuple[Layer, ...], Decision]:
        """Choose a shape, draw hashes until the systems have solutions, and assemble."""
        if data.labels is None:
            return self._real_layers(data, context)
        assert data.codes is not None
        if data.columns > 1:
            return self._column_layers(data, context)
        classes, reject = len(data.labels), self.reject_unknown
        if classes == 1 and not reject:
            return (_constant(np.zeros(1), data.d, context.dtype),), Nearest(data.labels)
        words = class_words(data.codes, np.arange(classes)[:, None], reject)
        if classes == 2 and not reject:
            return self._built(data, context, words, sign=True), Sign(data.labels)
        labels = _with_unknown(data.labels) if reject else data.labels
        order = _output_order(words)
        if order is not None:  # outputs count intervals, so that stairs rise by one
            words, labels = (_counting(words[0], order),), labels[order]
        return self._built(data, context, words), Nearest(labels)

    def _column_layers(self, data: DataSet, context: Context) -> tuple[tuple[Layer, ...], Decision]:
        """Remember the rows of labels together, and answer each column's code."""
        assert data.labels is not None
        assert data.codes is not None
        columns, reject = split(data.labels), self.reject_unknown
        decision = Columns(tuple(_with_unknown(own) if reject else own for own, _ in columns))
        if len(data.labels) == 1 and not reject:
            return (_constant(np.zeros(data.columns), data.d, context.dtype),), decision
        values = np.stack([codes for _, codes in columns], axis=1)
        if reject:
            return self._built(data, context, class_words(data.codes, values, reject)), decision
        words, orders = column_words(values[data.codes])
        pairs = zip(decision.labels, orders, strict=True)
        return self._built(data, context, words), Columns(tuple(own[o] for own, o in pairs))

    def _real_layers(self, data: DataSet, context: Context) -> tuple[tuple[Layer, ...], Decision]:
        """Remember levels of the targets, and scale them by one more layer."""
        if self.reject_unknown:
            raise AssumptionError("With real targets, 'reject_unknown' has no label to answer.")
        targets, decision = real_targets(data, context.dtype, self.tolerance)
        assert isinstance(decision, Value)
        grid = quantize(targets, decision.tolerance, context.dtype)
        if not grid.levels.any():
            return (_constant(grid.low, data.d, context.dtype),), decision
        layers = self._built(data, context, level_words(grid.levels))
        scale = Affine(np.diag(grid.step).astype(context.dtype), grid.low.astype(context.dtype))
        return (*layers, scale), decision

    def _built(
        self, data: DataSet, context: Context, words: Words, *, sign: bool = False
    ) -> tuple[Affine, ...]:
        """The layers of the memory of some words."""
        depth = max(word.code.depth for word in words)
        planes = PLANES if self.words == "bytes" else _LONG - depth
        if self.shallow:
            planes = max(_FEW_PLANES, depth)
        words = with_planes(words, planes)
        memory = _remember(data, context, words, self.shallow)
        layout, dtype = memory.layout, context.dtype
        if self.shallow:
            rest = shallow_layers(memory.fold, memory.table, words, layout, dtype)
            if sign:
                rest[-1] = replace(rest[-1], bias=rest[-1].bias - np.dtype(dtype).type(0.5))
            return (*memory.encoder, *rest)
        repeat = planes == PLANES and (sign or bounded(words, point_gap(depth, True, planes)))
        address, features, constants = address_layers(memory.fold, layout, dtype)
        table, sums = table_layers(features, constants, memory.table, layout, dtype)
        reader, units, interval = reader_layers(sums, depth, repeat, layout, dtype)
        if sign:
            output = [sign_layer(units, words[0], dtype)]
        else:
            gap = point_gap(depth, repeat, planes)
            output = output_layers(units, words, interval, gap, dtype)
        return (*memory.encoder, *integral((*address, *table, *reader, *output)))


def _output_order(words: Words) -> Integers | None:
    """The labels in the order of their intervals if the outputs had better count these."""
    if len(words) > 1:
        return None
    gap = point_gap(LONGEST, True, PLANES)
    order = words[0].code.intervals[1]
    counting = (_counting(words[0], order),)
    return order if bounded(counting, gap) and not bounded(words, gap) else None


def _counting(word: Word, order: Integers) -> Word:
    """The word with outputs that count the labels in another order."""
    return replace(word, values=np.argsort(order)[:, None])


@dataclass(frozen=True, eq=False)
class _Memory:
    """What a successful seed gave."""

    encoder: tuple[Affine, ...]
    fold: Fold
    layout: Layout
    table: Array


def _constant(value: Array, inputs: int, dtype: DType) -> Affine:
    """A layer that answers the same to all."""
    return Affine(np.zeros((len(value), inputs), dtype), value.astype(dtype))


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


def _encoder(data: DataSet, context: Context, words: Words) -> Encoder:
    """Integer projections where the points are integers that stay exact; else hyperplanes."""
    points = data.points
    if np.all(points == np.rint(points)):
        encoder = IntegerEncoder(points, context.dtype)
        if encoder.draw(2, 1.0, np.random.default_rng(0)) is not None:
            return encoder
    return _bit_encoder(data, context, words)


def _bit_encoder(data: DataSet, context: Context, words: Words) -> Encoder:
    """Hyperplanes, which separate any points that differ by more than rounding."""
    symbols = np.stack([word.symbols for word in words], axis=1)
    codes = np.unique(symbols, axis=0, return_inverse=True)[1] if len(words) > 1 else symbols[:, 0]
    planes = cut(data.points, codes, data.rows, context.dtype, context.rng)
    return BitEncoder(planes, context.dtype)


def _remember(data: DataSet, context: Context, words: Words, shallow: bool) -> _Memory:
    """Try seeds until every system has a solution, on a larger table after many failures."""
    encoder = _encoder(data, context, words)
    planes = words[0].code.planes
    load = max(word.code.load(np.bincount(word.symbols)) for word in words)
    pairs = data.n**2 / 2 * disagreement(words, context.rng)
    margin = 1.0
    for attempt in range(_ATTEMPTS):
        if attempt % _PATIENCE == 0:
            layout = choose_layout(
                data.n * load,
                1 - load,
                pairs,
                len(words),
                planes,
                margin,
                selected=shallow or planes > PLANES,
            )
            margin *= _GROWTH
        if attempt == _ATTEMPTS // 2:
            # Points that differ by a common multiple of all periods, as may happen on a line, have
            # one address whatever the weights.
            encoder = _bit_encoder(data, context, words)
        context.progress("hash", attempt, _ATTEMPTS)
        memory = _attempt(data, context, encoder, words, layout, margin, shallow)
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
    words: Words,
    layout: Layout,
    margin: float,
    shallow: bool,
) -> _Memory | None:
    """One seed: a hash without conflicts whose systems fit and have solutions."""
    count, deviation = _projections(data.n, layout, encoder, shallow)
    spread = min(margin**_SPREADING, _WIDEST)
    # Points on a line repeat after a common period of all folds unless the weights grow, too.
    projections = encoder.draw(count, deviation * spread, context.rng)
    if projections is None:
        return None
    largest = projections.values.max(axis=0)
    for _ in range(1 if count >= len(layout.ranges) else _FOLDS):
        fold = draw_fold(largest, layout.ranges, context.rng, LEVELS if shallow else 1)
        if fold is not None and _fits(fold, projections.values, words, layout):
            break
    else:
        return None
    address = Address.of_parts(fold(projections.values), layout)
    if address.fails(layout, words):
        return None
    seed = int(context.rng.integers(1 << 62))
    table = fill(
        address, words, layout, seed, lambda done, total: context.progress("solve", done, total)
    )
    return None if table is None else _Memory(projections.layers, fold, layout, table)


def _fits(fold: Fold, projections: Integers, words: Words, layout: Layout) -> bool:
    """Whether no system has more equations than unknowns, by shards and start planes alone."""
    start = layout.planes - 1 - fold.part(len(layout.ranges) - 1, projections)
    shard = fold.part(0, projections) if layout.shards > 1 else np.zeros_like(start)
    return all(
        plane_loads(shard, start, word, layout.shards).max() <= layout.unknowns - 2
        for word in words
    )


def _projections(n: int, layout: Layout, encoder: Encoder, shallow: bool) -> tuple[int, float]:
    """How many projections, of which deviation: the fewest bytes, or turns, with enough entropy."""
    parts = len(layout.ranges)
    uniform = 1.3 * max(layout.ranges)
    level = (2 * parts + 1) ** 2 if layout.selected else 31  # a repeated layer is stored once
    best = (math.inf, 2, uniform)
    for count in range(parts if shallow else 2, parts + 1):
        bits = (2 * math.log2(n + 1) + 3) / count - 2
        deviation = max(uniform, 2.0**bits)
        small = encoder.small_deviation
        if deviation * 2.0 ** (-_SHORTAGE / count) <= small:
            deviation = min(deviation, small)
        width = encoder.width / (2 if deviation <= small else 1)
        spread = 1 if count == parts else 2
        cost = count * (width + 2 * parts) + level * math.log2(deviation * spread)
        best = min(best, (cost, count, deviation))
    return best[1], best[2]
