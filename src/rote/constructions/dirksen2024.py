r"""Two hidden layers of threshold units whose number follows the geometry of the classes.

**Main theorem** [dirksen2024]. Two classes $X^-, X^+$ in a ball of radius R, $\delta$-separated,
are told apart, with probability $1 - \eta$, by threshold units in two hidden layers: random
hyperplanes of the order of $\frac{R}{\delta} \log(M^- M^+ / \eta)$ up to logarithms, and at most
$M^-$ units behind them, where $M^-$ and $M^+$ are numbers of balls that cover the classes, each of
a radius in proportion to the distance from the other class. The number of points does not enter.

*Hypotheses.* Distinct points; nothing else.

*Idea.* Take a point of $X^-$ and the hyperplanes that do not see it. If every point of $X^+$ is
seen by at least m > 0 of them, a unit that is on where fewer than m see recognizes that point of
$X^-$, and with it all that are close enough. Such units are added until they cover $X^-$.

*Ours:* few hyperplanes are chosen, not many drawn (gadget ``patterns``), so that differently
labelled points have different signs at them. Random ones are added while that makes fewer units in
all, and those that the cover can do without are dropped. A unit counts the hyperplanes at which a
point differs from $x^-$, on either side, so that m > 0 always and the construction never fails. Of
several candidates those that recognize most go first. C classes are covered one against the rest,
but for the most frequent one, which is what is left.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, final

import numpy as np

from rote.constructions._base import Construction, Context, Theorem
from rote.constructions._gadgets.cuts import Cuts, Points
from rote.constructions._gadgets.patterns import parting_cuts
from rote.data import DataSet, Problem
from rote.errors import OptionError
from rote.network import Affine, ArgMax, Decision, Layer, Size
from rote.network.activation import THRESHOLD
from rote.typing import DType, Floats, Integers

__all__ = ["Dirksen2024"]

_COUNTS = (256, 64, 16, 0)
"""Random hyperplanes to try. Ours."""
_SAMPLE = 2000
"""Points on which the number of hyperplanes is chosen. Ours."""
_BATCH = 64
"""Candidates looked at together. Ours."""
_WINDOW = 0.01


@final
@dataclass(frozen=True)
class Dirksen2024(Construction):
    """Random hyperplanes, then units that cover each class but one.

    Attributes:
        hyperplanes: Random hyperplanes; by default as many as make fewest units in all. Others are
            added while differently labelled points have the same signs.
    """

    hyperplanes: int | None = None

    theorem: ClassVar[Theorem] = Theorem(
        key="dirksen2024",
        title="Covers of the classes by threshold units",
        statement="Random hyperplanes and a unit for each ball of a cover of one class tell it "
        "from the other, however many points they have.",
        source="dirksen2024",
        number="the main theorem",
        tasks=("classes",),
        activations=("threshold",),
        most_points=1_000,
    )

    def __post_init__(self) -> None:
        if self.hyperplanes is not None and self.hyperplanes < 1:
            raise OptionError(f"Option 'hyperplanes' must be at least 1, not {self.hyperplanes}.")

    def promise(self, problem: Problem) -> Size:
        """Two hidden layers; their widths depend on the geometry of the classes."""
        del problem  # the theorem's constants are not explicit
        return Size(depth=2)

    def layers(self, data: DataSet, context: Context) -> tuple[tuple[Layer, ...], Decision]:
        """Draw hyperplanes, then cover every class but the most frequent one."""
        assert data.codes is not None
        assert data.labels is not None
        decision = ArgMax(data.labels)
        counts = np.bincount(data.codes)
        rest = int(counts.argmax())
        if len(counts) == 1:
            constant = Affine(np.zeros((1, data.d), context.dtype), np.ones(1, context.dtype))
            return (constant,), decision
        hyperplanes = self.hyperplanes
        if hyperplanes is None:
            hyperplanes = _number_of_hyperplanes(data, rest, context)
        cover = _Cover(data, rest, context, hyperplanes)
        return cover.layers(len(counts), context.dtype), decision


def _number_of_hyperplanes(data: DataSet, rest: int, context: Context) -> int:
    """As many random hyperplanes as make the cover of a sample of the points smallest."""
    assert data.codes is not None
    at = context.rng.permutation(data.n)[:_SAMPLE]
    sample = replace(data, points=data.points[at], rows=data.rows[at], codes=data.codes[at])
    neurons = []
    for count in _COUNTS:
        cover = _Cover(sample, rest, context, count)
        if cover.units < cover.hyperplanes < count:  # clusters: units are as few as can be
            return count
        neurons.append(cover.units + cover.hyperplanes)
    return _COUNTS[int(np.argmin(neurons))]


class _Cover:
    """Hyperplanes, and units behind them that cover all classes but one.

    A unit is a pattern of signs and a number m: it is on where fewer than m signs differ.
    """

    def __init__(self, data: DataSet, rest: int, context: Context, hyperplanes: int) -> None:
        assert data.codes is not None
        self._rest, self._context = rest, context
        random = _random_cuts(data, hyperplanes, context)
        self._cuts = parting_cuts(data, context, random)
        patterns, first = np.unique(self._cuts.on, axis=0, return_index=True)
        self._codes = data.codes[first]
        self._signs = patterns.astype(np.float32)
        self._centre: list[int] = []
        self._least: list[int] = []
        for code in np.unique(self._codes):
            if code != rest:
                self._cover_class(int(code))
        if self.hyperplanes > self.units:
            self._drop_hyperplanes(len(random))

    @property
    def hyperplanes(self) -> int:
        """Width of the first layer."""
        return len(self._cuts)

    @property
    def units(self) -> int:
        """Width of the second layer."""
        return len(self._centre)

    def _cover_class(self, code: int) -> None:
        """Add units until every pattern of the class turns one on, and no other pattern any."""
        inside = np.flatnonzero(self._codes == code)
        outside = np.flatnonzero(self._codes != code)
        left = self._context.rng.permutation(inside)
        while left.size:
            self._context.progress(f"cover {code}", len(inside) - len(left), len(inside))
            batch = left[:_BATCH]
            least = self._differing(outside, batch).min(axis=0)
            covers = self._differing(left, batch) < least
            gain = covers.sum(axis=0)
            uncovered = np.ones(len(left), np.bool_)
            while gain.any():
                best = int(gain.argmax())
                self._centre.append(int(batch[best]))
                self._least.append(int(least[best]))
                new = covers[:, best] & uncovered
                uncovered &= ~new
                gain -= covers[new].sum(axis=0)
            left = left[uncovered]

    def _drop_hyperplanes(self, first: int) -> None:
        """Drop the first hyperplanes one by one, if the same units cover the classes without."""
        centre = self._signs[self._centre]
        own = self._codes[:, None] == self._codes[self._centre]
        free = self._codes == self._rest
        differing = self._differing(np.arange(len(self._codes)), np.array(self._centre, np.int64))
        covered = (own & (differing < self._least)).astype(np.float32)
        both = (covered.T @ self._signs * centre).sum(axis=0)
        wrong = covered.sum(axis=1) @ self._signs + covered.sum(axis=0) @ centre - 2 * both
        kept = np.ones(len(self._cuts), np.bool_)
        for j in np.argsort(-wrong[:first]):
            fewer = differing - (self._signs[:, j, None] != centre[:, j])
            least = np.where(own, np.inf, fewer).min(axis=0)
            if ((own & (fewer < least)).any(axis=1) | free).all():
                differing, kept[j] = fewer, False
                self._least = least.astype(np.int64).tolist()
        self._cuts, self._signs = self._cuts[kept], self._signs[:, kept]

    def _differing(self, patterns: Integers, centres: Integers) -> Floats:
        """How many signs of each pattern differ from those of each centre."""
        centre = self._signs[centres]
        return np.asarray(self._signs[patterns] @ (1 - 2 * centre).T + centre.sum(axis=1))

    def layers(self, classes: int, dtype: DType) -> tuple[Layer, ...]:
        """Hyperplanes, units, and for each class how many of its units are on; 1/2 for the rest."""
        centre = self._signs[self._centre]
        output = np.zeros((classes, len(centre)), dtype)
        output[self._codes[self._centre], range(len(centre))] = 1
        bias = np.zeros(classes, dtype)
        bias[self._rest] = 0.5
        least = np.array(self._least) - 0.5 - centre.sum(axis=1)
        hidden = Affine((2 * centre - 1).astype(dtype), least.astype(dtype), THRESHOLD)
        return self._cuts.layer(dtype), hidden, Affine(output, bias)


def _random_cuts(data: DataSet, count: int, context: Context) -> Cuts:
    """Cuts along random normals, at heights uniform over the range of the points."""
    points = Points.of(data.points, context.dtype)
    normals = points.directions(count, context.rng)
    height = points.values @ normals.T
    low, high = height.min(axis=0), height.max(axis=0)
    middle = low + context.rng.uniform(0, 1, count) * (high - low)
    width = _WINDOW * (high - low)
    return points.cut(normals, middle - width, middle + width)
