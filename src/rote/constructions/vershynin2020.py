r"""Pyramids of prescribed widths, of threshold units, ReLUs or both.

**Main theorem** [vershynin2020]. A network with hidden widths $m_1, \dots, m_L$, each layer of
threshold units or of ReLUs, computes any two-valued labels of n well-separated points on the unit
sphere if its deep connections $W = m_2 m_3 + \dots + m_{L-1} m_L$ satisfy $W \ge C n \log^5 n$, if
all widths are exponential at most in a power of the least one, and if the separation is at least
$C \sqrt{\log\log m_{max} / \log m_{min}}$.

*Hypotheses.* The widths suffice for the points.

*Idea.* Random units with high thresholds turn separated points into sparse, almost orthogonal
features (*enrichment*). On such features one unit recognizes many points (*perception*). Each layer
does both: some of its units recognize points, the others hand features on, and one unit carries
what has been recognized so far.

*Ours:* the constants of the theorem are not explicit, so the widths are tried: the network is built
or it is said how many points were left. Thresholds lie in gaps; ridge weights instead of Hebbian
ones unless wanted (gadget ``perception``); a unit takes care of all points that it happens to see;
C classes by bits, with detectors of their own; the first layer parts differently labelled points
where its width allows (gadget ``patterns``).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, NoReturn, final

import numpy as np
import numpy.typing as npt

from rote.constructions._base import Construction, Context, Theorem
from rote.constructions._gadgets.class_bits import bits_of_codes, number_of_bits
from rote.constructions._gadgets.cuts import Cuts, Points, joined
from rote.constructions._gadgets.patterns import parting_cuts
from rote.constructions._gadgets.perception import Features, Perceptron, Rule, Unit
from rote.data import DataSet, Problem
from rote.errors import AssumptionError, OptionError
from rote.network import Affine, Decision, Layer, Size
from rote.network.activation import RELU, THRESHOLD
from rote.typing import Array, Floats

__all__ = ["Vershynin2020"]

_FIRST = 4.0
"""First width over the square root of n times the bits of a code, where none is given. Ours."""
_WINDOW = 0.1
"""How far, as a share of the rate, a gap may be from the wanted quantile. Ours."""

Mask = npt.NDArray[np.bool_]


@final
@dataclass(frozen=True)
class Vershynin2020(Construction):
    """Enrichment and perception in prescribed widths.

    Attributes:
        widths: Most units of each hidden layer, two layers or more; by default two, the second as
            wide as it takes.
        activations: For each hidden layer, or for all: ``threshold``, ``relu``, or letters t and r
            that its units take in turn, such as ``tr``.
        perception: ``ridge``, or ``hebbian`` as in the paper.
        rate: Share of the points at which a unit of the enrichment is on.
    """

    widths: tuple[int, ...] | None = None
    activations: tuple[str, ...] = ("threshold",)
    perception: Rule = "ridge"
    rate: float = 0.3

    theorem: ClassVar[Theorem] = Theorem(
        key="vershynin2020",
        title="Pyramids of prescribed widths",
        statement="Hidden widths m_1, ..., m_L with W >= C n log^5 n deep connections, threshold "
        "units or ReLUs layer by layer, compute any two-valued labels of n well-separated points.",
        source="vershynin2020",
        number="the main theorem",
        tasks=("classes",),
        activations=("threshold", "relu"),
        hypotheses=("widths that suffice for the points",),
        most_points=1_000,
    )

    def __post_init__(self) -> None:
        if self.widths is not None and (len(self.widths) < 2 or min(self.widths) < 1):
            raise OptionError(
                f"Option 'widths' must hold two or more positive numbers, not {self.widths}."
            )
        layers = 2 if self.widths is None else len(self.widths)
        if len(self.activations) not in (1, layers):
            raise OptionError(
                f"Option 'activations' must name one activation, or one for each of the {layers} "
                f"hidden layers, not {len(self.activations)}."
            )
        for name in self.activations:
            if name not in ("threshold", "relu") and not re.fullmatch("[tr]+", name):
                raise OptionError(
                    f"An activation must be 'threshold', 'relu' or letters t and r, not {name!r}."
                )
        if self.perception not in ("ridge", "hebbian"):
            raise OptionError(
                f"Option 'perception' must be 'ridge' or 'hebbian', not {self.perception!r}."
            )
        if not 0 < self.rate < 1:
            raise OptionError(f"Option 'rate' must lie in (0, 1), not {self.rate}.")

    def promise(self, problem: Problem) -> Size:
        """At most the prescribed widths."""
        if self.widths is None:
            return Size(depth=2)
        chain = (problem.d, *self.widths, number_of_bits(problem.classes))
        return Size(
            depth=len(self.widths),
            widths=self.widths,
            neurons=sum(self.widths),
            parameters=sum((a + 1) * b for a, b in pairwise(chain)),
        )

    def layers(self, data: DataSet, context: Context) -> tuple[tuple[Layer, ...], Decision]:
        """Enrich, then perceive, carry and enrich again until all points are recognized."""
        bits, decision = bits_of_codes(data)
        flipped = 2 * bits.sum(axis=0) > data.n
        positive: Mask = bits != flipped
        if not positive.any():
            weight = np.zeros((len(flipped), data.d), context.dtype)
            return (Affine(weight, flipped.astype(context.dtype)),), decision
        pyramid = _Pyramid(data, positive, context, self)
        pyramid.enrich_first()
        while pyramid.left.any():
            if self.widths is not None and pyramid.depth == len(self.widths):
                pyramid.refuse()
            pyramid.grow()
        return (*pyramid.layers, pyramid.output(flipped)), decision


class _Pyramid:
    """The layers built so far, and what is known behind the last of them.

    The units of a layer are, in this order: detectors, one carry for each bit of which something
    has been recognized before, and features for the next layer.
    """

    def __init__(
        self, data: DataSet, positive: Mask, context: Context, options: Vershynin2020
    ) -> None:
        values = data.points.astype(np.float64)
        self._data, self._positive, self._context = data, positive, context
        self._options = options
        self._features = Features(values, np.zeros_like(values), context.dtype)
        self._found = np.zeros((positive.shape[1], data.d))  # units that stand for each bit
        self._seen = np.zeros(positive.shape)  # the sums of these units at all points
        self.left = positive.copy()
        self.layers: list[Affine] = []

    @property
    def depth(self) -> int:
        """Hidden layers so far."""
        return len(self.layers)

    def enrich_first(self) -> None:
        """The first layer: cuts that part the points, then random ones."""
        cuts = parting_cuts(self._data, self._context)
        width = self._width()
        if width is None:
            bits = self._positive.shape[1]
            width = max(len(cuts), math.ceil(_FIRST * math.sqrt(self._data.n * bits)))
        if width > len(cuts):
            cuts = joined(cuts, self._random_cuts(width - len(cuts)))
        self._add([], [], cuts[:width])

    def grow(self) -> None:
        """One more layer: detectors, carries, and features if another layer may follow."""
        carried = [bit for bit, row in enumerate(self._found) if row.any()]
        width = self._width()
        last = width is None or self.depth + 1 == len(self._options.widths or ())
        room = math.inf if width is None else width - len(carried)
        if room < 1:
            self.refuse()
        detectors = self._detectors(room if last else math.ceil(room / 2))
        cuts = self._random_cuts(0)
        if not last and self.left.any():
            cuts = self._random_cuts(int(room) - len(detectors))
        self._add(detectors, carried, cuts)

    def output(self, flipped: Array) -> Affine:
        """At least 1 where a bit takes its rarer value, and 0 elsewhere; 1 less that if flipped."""
        sign = np.where(flipped, -1.0, 1.0)[:, None]
        dtype = self._context.dtype
        return Affine((sign * self._found).astype(dtype), flipped.astype(dtype))

    def refuse(self) -> NoReturn:
        """Say how many points were left, and where."""
        rows = self._data.rows[self.left.any(axis=1)]
        raise AssumptionError(
            f"The widths {self._options.widths or 'by default'} must suffice for all "
            f"{self._data.n} points; {len(rows)} were left when hidden layer {self.depth} ran out "
            "of units. Widen the layers, the first one above all.",
            rows.tolist(),
        )

    def _width(self) -> int | None:
        widths = self._options.widths
        return None if widths is None else widths[self.depth]

    def _relu(self, unit: int) -> bool:
        """Whether a unit of the next layer is a ReLU."""
        names = self._options.activations
        name = names[min(self.depth, len(names) - 1)]
        letters = {"threshold": "t", "relu": "r"}.get(name, name)
        return letters[unit % len(letters)] == "r"

    def _random_cuts(self, count: int) -> Cuts:
        """Cuts of the features at which the wanted share of the points is on."""
        points = Points.of(self._features.values, self._context.dtype)
        normals = points.directions(count, self._context.rng)
        rate = self._options.rate
        cuts = points.cut_near_ranks(normals, np.full(count, 1 - rate), _WINDOW * rate)
        sums, errors = self._features.sums(cuts.weight, -cuts.threshold)
        return cuts[np.flatnonzero((np.abs(sums) > 2 * errors).all(axis=0))]

    def _detectors(self, room: float) -> list[tuple[Unit, int]]:
        """Detectors with their bits, for the bit with most points left each time."""
        perceptron = Perceptron(self._features, self._options.perception, self._context.rng)
        found: list[tuple[Unit, int]] = []
        stuck = np.zeros(self.left.shape[1], np.bool_)
        total = int(self.left.sum())
        while len(found) < room and (counts := self.left.sum(axis=0) * ~stuck).any():
            self._context.progress("perceive", total - int(self.left.sum()), total)
            bit = int(counts.argmax())
            unit = perceptron.detect(
                np.flatnonzero(self.left[:, bit]),
                np.flatnonzero(~self._positive[:, bit]),
                relu=self._relu(len(found)),
            )
            if unit is None:
                stuck[bit] = True
                continue
            found.append((unit, bit))
            self.left[unit.seen, bit] = False
        if self._width() is None and stuck.any():
            self.refuse()
        return found

    def _add(self, detectors: list[tuple[Unit, int]], carried: list[int], cuts: Cuts) -> None:
        """Append a layer and move on to its features."""
        inputs, a = self._found.shape[1], self._features.values.shape[1]
        size = np.abs(self._features.values @ cuts.weight.T - cuts.threshold).max(axis=0)
        scale = np.ldexp(1.0, -np.frexp(size)[1])  # features of ReLUs are at most 1
        enrich = (cuts.weight * scale[:, None], -cuts.threshold * scale)
        units = len(detectors) + len(carried) + len(cuts)
        relu = np.array([self._relu(unit) for unit in range(units)])
        weight, bias = np.zeros((units, inputs)), np.zeros(units)
        found = np.zeros((len(self._found), units))
        seen = np.zeros_like(self._seen)
        for row, (unit, bit) in enumerate(detectors):
            weight[row, inputs - a :], bias[row] = unit.weight, unit.bias
            found[bit, row] = 1
            t = self._features.values @ unit.weight + unit.bias
            seen[:, bit] += np.maximum(t, 0) if relu[row] else t > 0
        for row, bit in enumerate(carried, len(detectors)):
            weight[row], found[bit, row] = self._found[bit], 1
            before = self._seen[:, bit]
            if not relu[row]:
                bias[row] = -_widest_gap(before)
            seen[:, bit] += before if relu[row] else before > -bias[row]
        first = len(detectors) + len(carried)
        weight[first:, inputs - a :], bias[first:] = enrich
        dtype = self._context.dtype
        kinds = tuple(RELU if r else THRESHOLD for r in relu)
        self.layers.append(Affine(weight.astype(dtype), bias.astype(dtype), kinds))
        sums, errors = self._features.sums(*enrich)
        on, ramp = sums > 0, relu[first:]
        self._features = Features(
            values=np.where(on, np.where(ramp, sums, 1.0), 0.0),
            errors=np.where(ramp & (sums > -errors), errors, 0.0),
            dtype=dtype,
        )
        self._found, self._seen = found, seen


def _widest_gap(seen: Floats) -> float:
    """The middle of the widest gap between 0 and 1: ReLUs may see a point by less than 1."""
    knots = np.sort(np.concatenate([[0.0, 1.0], seen[(seen > 0) & (seen < 1)]]))
    k = int(np.diff(knots).argmax())
    return float(knots[k] + knots[k + 1]) / 2
