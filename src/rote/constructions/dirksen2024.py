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

*Ours:* hyperplanes are doubled while that makes fewer units in all, and added between pairs of
points that they do not part, so that the construction never fails; of several candidates those that
recognize most go first; C classes are covered one against the rest, but for the most frequent one,
which is what is left.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
import numpy.typing as npt

from rote.constructions._base import Construction, Context, Theorem
from rote.constructions._gadgets.cuts import Cuts, Points, joined
from rote.data import DataSet, Problem
from rote.errors import OptionError, PrecisionError
from rote.network import Affine, ArgMax, Decision, Layer, Size
from rote.network.activation import THRESHOLD
from rote.typing import DType, Floats, Integers

__all__ = ["Dirksen2024"]

_FEWEST, _MOST = 32, 2048
"""Hyperplanes to start with, and to double up to. Ours."""
_SAMPLE = 2000
"""Points on which the number of hyperplanes is chosen. Ours."""
_BATCH = 64
"""Candidates looked at together. Ours."""
_PARTED = 32
"""Points without a unit that hyperplanes are added for before all are tried again. Ours."""
_WINDOW = 0.01
_TRIES = 20

Mask = npt.NDArray[np.bool_]


@final
@dataclass(frozen=True)
class Dirksen2024(Construction):
    """Random hyperplanes, then units that cover each class but one.

    Attributes:
        hyperplanes: Random hyperplanes; by default as many as the data need. More may be added
            between points that these do not part.
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
        hyperplanes = self.hyperplanes or _number_of_hyperplanes(data, context)
        cover = _Cover(data, np.arange(data.n), context, hyperplanes)
        cover.cover_all_but(rest)
        return cover.layers(len(counts), rest, context.dtype), decision


def _number_of_hyperplanes(data: DataSet, context: Context) -> int:
    """Double the hyperplanes while covers of a sample of the points need fewer units in all."""
    assert data.codes is not None
    rows = context.rng.permutation(data.n)[:_SAMPLE]
    rest = int(np.bincount(data.codes[rows]).argmax())
    fewest, count = np.inf, _FEWEST
    while count <= _MOST:
        cover = _Cover(data, rows, context, count)
        cover.cover_all_but(rest)
        if cover.neurons >= fewest:
            break
        fewest, count = cover.neurons, 2 * count
    return count // 2


class _Cover:
    """Hyperplanes and the units behind them, while they grow.

    A unit is a mask of hyperplanes and a number m: it is on where fewer than m of them are.
    """

    def __init__(self, data: DataSet, rows: Integers, context: Context, hyperplanes: int) -> None:
        assert data.codes is not None
        self._rows, self._codes, self._context = data.rows[rows], data.codes[rows], context
        self._points = Points.of(data.points[rows], context.dtype)
        self._cuts = self._random(hyperplanes)
        self._on = self._cuts.on.astype(np.float32)
        self._masks: list[Mask] = []
        self._least: list[int] = []
        self._code: list[int] = []

    @property
    def neurons(self) -> int:
        """Hyperplanes and units so far."""
        return len(self._cuts) + len(self._masks)

    def cover_all_but(self, rest: int) -> None:
        """Cover every class but one."""
        for code in np.unique(self._codes):
            if code != rest:
                self.cover_class(int(code))

    def cover_class(self, code: int) -> None:
        """Add units until every point of the class turns one on, and no other point any."""
        inside = np.flatnonzero(self._codes == code)
        outside = np.flatnonzero(self._codes != code)
        left = self._context.rng.permutation(inside)
        while left.size:
            left = self._pass(code, left, outside, len(inside))
            for i in left[:_PARTED]:
                self._part(int(i), outside)

    def _pass(self, code: int, left: Integers, outside: Integers, total: int) -> Integers:
        """Try each point of a class that is left as a candidate; those that stay are returned."""
        stuck = left[:0]
        while left.size:
            self._context.progress(f"cover {code}", total - len(left) - len(stuck), total)
            batch, later = left[:_BATCH], left[_BATCH:]
            count = self._seen(batch)
            least = count[outside].min(axis=0)
            members = np.concatenate([batch, stuck, later])
            covers = count[members] < least
            covered = np.zeros(len(members), np.bool_)
            while (gain := covers[~covered].sum(axis=0)).any():
                best = int(gain.argmax())
                self._masks.append(~self._cuts.on[batch[best]])
                self._least.append(int(least[best]))
                self._code.append(code)
                covered |= covers[:, best]
            tried = len(batch) + len(stuck)
            stuck = members[:tried][~covered[:tried]]
            left = later[~covered[tried:]]
        return stuck

    def layers(self, classes: int, rest: int, dtype: DType) -> tuple[Layer, ...]:
        """Hyperplanes, units, and for each class how many of its units are on; 1/2 for the rest."""
        bias = np.zeros(classes, dtype)
        bias[rest] = 0.5
        if not self._masks:
            return (Affine(np.zeros((classes, self._points.values.shape[1]), dtype), bias),)
        k, m = len(self._masks), len(self._cuts)
        weight = np.zeros((k, m), dtype)
        for row, mask in zip(weight, self._masks, strict=True):
            row[: len(mask)][mask] = -1
        output = np.zeros((classes, k), dtype)
        output[self._code, range(k)] = 1
        least = np.array(self._least) - 0.5
        hidden = Affine(weight, least.astype(dtype), THRESHOLD)
        return self._cuts.layer(dtype), hidden, Affine(output, bias)

    def _random(self, count: int) -> Cuts:
        rng = self._context.rng
        normals = self._points.directions(count, rng)
        height = self._points.values @ normals.T
        low, high = height.min(axis=0), height.max(axis=0)
        middle = low + rng.uniform(0, 1, count) * (high - low)
        width = _WINDOW * (high - low)
        return self._points.cut(normals, middle - width, middle + width)

    def _add(self, cuts: Cuts) -> None:
        self._cuts = joined(self._cuts, cuts)
        self._on = np.concatenate([self._on, cuts.on.astype(np.float32)], axis=1)

    def _seen(self, batch: Integers) -> Floats:
        """For every point how many of the hyperplanes see it that do not see the batch's points."""
        return np.asarray(self._on @ (1 - self._on[batch]).T, np.float64)

    def _part(self, i: int, outside: Integers) -> None:
        """Add hyperplanes that do not see a point, until each point of other classes is seen."""
        for _ in range(_TRIES * len(outside)):
            seen = self._on[outside] @ (1 - self._on[i])
            unseen = outside[seen == 0]
            if not unseen.size:
                return
            j = int(self._context.rng.choice(unseen))
            normal = self._points.between(np.array([j]), np.array([i]))
            ends = self._points.values[[i, j]] @ normal[0]
            before = len(self._cuts)
            self._add(self._points.cut(normal, ends[:1], ends[1:]))
            if len(self._cuts) == before:
                break
        else:
            return
        a, b = int(self._rows[i]), int(self._rows[j])
        raise PrecisionError(
            f"{self._context.dtype} cannot tell rows {a} and {b} apart by a threshold unit. "
            "Use dtype='float64', or rescale the features.",
            [a, b],
        )
