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

from dataclasses import dataclass, replace
from typing import ClassVar, Literal, final

import numpy as np

from rote.constructions._base import Construction, Context, Theorem
from rote.constructions._compact.assemble import address_layers, integral, table_layers
from rote.constructions._compact.codes import LONGEST, PLANES
from rote.constructions._compact.encoder import Encoder
from rote.constructions._compact.grid import grid_exponent
from rote.constructions._compact.layout import choose_layout
from rote.constructions._compact.levels import quantize
from rote.constructions._compact.output import bounded, output_layers, sign_layer
from rote.constructions._compact.reader import cap_layer, point_gap, reader_layers
from rote.constructions._compact.search import choose_encoder, remember
from rote.constructions._compact.shallow import shallow_layers
from rote.constructions._compact.sharing import column_words
from rote.constructions._compact.words import Word, Words, class_words, level_words, with_planes
from rote.constructions._gadgets.targets import check_tolerance, real_targets
from rote.data import DataSet, Problem
from rote.data.joint import split
from rote.errors import AssumptionError, OptionError
from rote.network import Affine, Columns, Decision, Layer, Nearest, Sign, Size, Value
from rote.network.rescale import for_scaled_inputs
from rote.typing import Array, DType, Integers

__all__ = ["Compact"]

_LONG = 19
"""Bits of a long number and of the longest code word: what float32 holds of their reader."""

_FEW_PLANES = 3
"""Fewest bits of a number in the shallow form, if code words are no longer. Ours."""


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
        shallow: Whether to use about a dozen hidden layers, most of them wide, instead of thirty
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
        exponent = grid_exponent(data.points, context.dtype)
        if not exponent:
            return self._layers_of(data, context)
        exponents = np.full(data.d, exponent)
        layers, decision = self._layers_of(data.scaled(-exponents), context)
        affine = [a for a in for_scaled_inputs(layers, exponents) if isinstance(a, Affine)]
        return integral(affine, sign=isinstance(decision, Sign)), decision

    def _layers_of(self, data: DataSet, context: Context) -> tuple[tuple[Affine, ...], Decision]:
        """The layers for points with an odd integer among them, if they are integers."""
        if data.labels is None:
            return self._real_layers(data, context)
        assert data.codes is not None
        if data.columns > 1:
            return self._column_layers(data, context)
        classes, reject = len(data.labels), self.reject_unknown
        if classes == 1 and not reject:
            return (_constant(np.zeros(1), data.d, context.dtype),), Nearest(data.labels)
        encoder, keys = choose_encoder(data, context, data.codes)
        words = class_words(data.codes[keys], np.arange(classes)[:, None], reject)
        if classes == 2 and not reject:
            return self._built(data, context, encoder, words, sign=True), Sign(data.labels)
        labels = _with_unknown(data.labels) if reject else data.labels
        order = _output_order(words)
        if order is not None:  # outputs count intervals, so that stairs rise by one
            words, labels = (_counting(words[0], order),), labels[order]
        return self._built(data, context, encoder, words), Nearest(labels)

    def _column_layers(
        self, data: DataSet, context: Context
    ) -> tuple[tuple[Affine, ...], Decision]:
        """Remember the rows of labels together, and answer each column's code."""
        assert data.labels is not None
        assert data.codes is not None
        columns, reject = split(data.labels), self.reject_unknown
        decision = Columns(tuple(_with_unknown(own) if reject else own for own, _ in columns))
        if len(data.labels) == 1 and not reject:
            return (_constant(np.zeros(data.columns), data.d, context.dtype),), decision
        values = np.stack([codes for _, codes in columns], axis=1)
        encoder, keys = choose_encoder(data, context, data.codes)
        if reject:
            words = class_words(data.codes[keys], values, reject)
            return self._built(data, context, encoder, words), decision
        words, orders = column_words(values[data.codes[keys]])
        pairs = zip(decision.labels, orders, strict=True)
        return self._built(data, context, encoder, words), Columns(
            tuple(own[o] for own, o in pairs)
        )

    def _real_layers(self, data: DataSet, context: Context) -> tuple[tuple[Affine, ...], Decision]:
        """Remember levels of the targets, and scale them by one more layer."""
        if self.reject_unknown:
            raise AssumptionError("With real targets, 'reject_unknown' has no label to answer.")
        targets, decision = real_targets(data, context.dtype, self.tolerance)
        assert isinstance(decision, Value)
        grid = quantize(targets, decision.tolerance, context.dtype)
        if not grid.levels.any():
            return (_constant(grid.low, data.d, context.dtype),), decision
        codes = np.unique(grid.levels, axis=0, return_inverse=True)[1].reshape(-1)
        encoder, keys = choose_encoder(data, context, codes)
        layers = self._built(data, context, encoder, level_words(grid.levels[keys]))
        scale = Affine(np.diag(grid.step).astype(context.dtype), grid.low.astype(context.dtype))
        return (*layers, scale), decision

    def _built(
        self,
        data: DataSet,
        context: Context,
        encoder: Encoder,
        words: Words,
        *,
        sign: bool = False,
    ) -> tuple[Affine, ...]:
        """The layers of the memory of some words."""
        depth = max(word.code.depth for word in words)
        planes = PLANES if self.words == "bytes" else _LONG - depth
        if self.shallow:
            planes = _fastest_planes(words, depth)
        words = with_planes(words, planes)
        memory = remember(data, context, encoder, words, self.shallow)
        layout, dtype = memory.layout, context.dtype
        if self.shallow:
            features = np.abs(data.points).max(axis=0)
            inputs = features if len(memory.encoder) == 1 else memory.encoder[-2].bias
            layers = shallow_layers(
                memory.encoder,
                inputs,
                memory.fold,
                memory.largest,
                memory.table,
                words,
                layout,
                dtype,
            )
            if sign:
                layers[-1] = replace(layers[-1], bias=layers[-1].bias - np.dtype(dtype).type(0.5))
            return tuple(layers)
        repeat = planes == PLANES and (sign or bounded(words, point_gap(depth, True, planes)))
        address, features, constants = address_layers(memory.fold, layout, dtype)
        table, sums = table_layers(features, constants, memory.table, layout, dtype)
        reader, units, interval = reader_layers(sums, depth, repeat, layout, dtype)
        if self.reject_unknown:
            cap, units = cap_layer(units, len(words), dtype)
            reader = [*reader, cap]
        if sign:
            output = [sign_layer(units, words[0], dtype)]
        else:
            gap = point_gap(depth, repeat, planes)
            output = output_layers(units, words, interval, gap, dtype)
        return (*memory.encoder, *integral((*address, *table, *reader, *output), sign=sign))


def _fastest_planes(words: Words, depth: int) -> int:
    """The bits of a number with which the shallow form takes the least time."""
    n = len(words[0].symbols)

    def cost(planes: int) -> int:
        some = with_planes(words, planes)
        load = max(word.code.load(np.bincount(word.symbols)) for word in some)
        return choose_layout(
            n * load, 1 - load, n**2 / 2, len(words), planes, 1.0, selected=True
        ).cost

    return min(range(max(_FEW_PLANES, depth), PLANES + 1), key=cost)


def _output_order(words: Words) -> Integers | None:
    """The labels in the order of their intervals if the outputs had better count these."""
    if len(words) > 1:
        return None
    gap = point_gap(LONGEST, True, PLANES)
    order = np.array(list(dict.fromkeys(words[0].code.intervals[1].tolist())))
    counting = (_counting(words[0], order),)
    return order if bounded(counting, gap) and not bounded(words, gap) else None


def _counting(word: Word, order: Integers) -> Word:
    """The word with outputs that count the labels in another order."""
    return replace(word, values=np.argsort(order)[:, None])


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
