r"""One hidden ReLU layer: 4 ceil(n/d) units fit any real labels of points in general position.

**Proposition 4** [bubeck2020]. Let $x_1, \dots, x_n \in R^d$ be in general position: no hyperplane
holds more than d of them. For any real labels there is a network
$f(x) = \sum_l a_l\,\sigma(w_l \cdot x - b_l)$ with $4 \lceil n/d \rceil$ ReLUs and
$f(x_i) = y_i$ for all i.

*Hypotheses.* General position and d >= 2; where n <= d, affinely independent points.

*Idea.* Deal the points into blocks of d. A hyperplane goes through a block and through no other
point; four ReLUs make a thin slab around it, on which f is an affine function that takes the
block's labels, and outside of which it is exactly 0. The network is the sum of the slabs.

*Ours:* the paper lets the step of the four units tend to 0. Any step up to a bound that the data
give is exact, and we take that bound (see the gadget ``slab``). Blocks exchange points until their
weights are small (gadget ``grouping``). The most frequent label, where it saves a block, is the
output bias, so that only the other points need slabs. Blocks may be filled in part: nine tenths
full they save up to half of the total weight where d is large; less filled ones save nothing more.
k outputs take k times as many units.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from rote.constructions._base import Construction, Context, Theorem
from rote.constructions._gadgets.grouping import Grouping, best_grouping
from rote.constructions._gadgets.slab import slab_units
from rote.constructions._gadgets.targets import check_tolerance, real_targets
from rote.constructions._gadgets.two_layer import Frame, Units, assemble, refuse_unfit
from rote.data import DataSet, Problem
from rote.errors import AssumptionError, OptionError
from rote.network import Decision, Layer, Size
from rote.typing import Floats

__all__ = ["Bubeck2020Relu"]


@final
@dataclass(frozen=True)
class Bubeck2020Relu(Construction):
    """One hidden ReLU layer with four units per d points.

    Attributes:
        fill: Share of the d places of a block that is used, in (0, 1]; 0.9 gives smaller weights.
        groupings: Sweeps of exchanges between blocks; 0 keeps the first grouping.
        tolerance: Largest absolute error of real targets.
    """

    fill: float = 1.0
    groupings: int = 12
    tolerance: float | None = None

    theorem: ClassVar[Theorem] = Theorem(
        key="bubeck2020-relu",
        title="Slabs through d points each",
        statement="4 ceil(n/d) ReLUs fit any real labels of n points in general position in R^d.",
        source="bubeck2020",
        number="Proposition 4",
        tasks=("classes", "real"),
        activations=("relu",),
        most_points=10_000,
        hypotheses=("general position: no hyperplane holds more than d points", "d >= 2"),
    )

    def __post_init__(self) -> None:
        if not 0 < self.fill <= 1:
            raise OptionError(f"Option 'fill' must lie in (0, 1], not {self.fill}.")
        if self.groupings < 0:
            raise OptionError(f"Option 'groupings' must be at least 0, not {self.groupings}.")
        check_tolerance(self.tolerance)

    def promise(self, problem: Problem) -> Size:
        """4 ceil(n/d) units for each output; n over the filled part of d with ``fill``."""
        _check_dimension(problem.d)
        k = problem.outputs
        units = 4 * k * -(-problem.n // self._block(problem.d))
        return Size(
            depth=1, widths=(units,), neurons=units, parameters=units * (problem.d + 1 + k) + k
        )

    def layers(self, data: DataSet, context: Context) -> tuple[tuple[Layer, ...], Decision]:
        """A slab for every block of every output."""
        _check_dimension(data.d)
        targets, decision = real_targets(data, context.dtype, self.tolerance)
        frame = Frame.of(data.points)
        offset = np.array([_offset(y, self._block(data.d)) for y in targets.T])
        outputs = [self._units(data, frame, y, context) for y in (targets - offset).T]
        layers = assemble(outputs, offset, data.d, context.dtype)
        refuse_unfit(layers, decision, data, context.dtype)
        return layers, decision

    def _block(self, d: int) -> int:
        return max(1, int(self.fill * d))

    def _units(self, data: DataSet, frame: Frame, y: Floats, context: Context) -> Units:
        members = np.flatnonzero(y)
        if not members.size:
            return Units(np.empty((0, data.d)), np.empty(0), np.empty(0))
        size = self._block(data.d)
        grouping = best_grouping(
            frame, y, members, size, self.groupings, context.rng, context.progress
        )
        _check_general_position(grouping, data)
        return slab_units(frame, grouping.slabs)


def _offset(y: Floats, size: int) -> float:
    """The most frequent label if that saves a block, else the middle of the range."""
    values, counts = np.unique(y, return_counts=True)
    if counts.max() >= min(size, len(y)):
        return float(values[counts.argmax()])
    return float(values[0] / 2 + values[-1] / 2)


def _check_dimension(d: int) -> None:
    if d < 2:
        raise AssumptionError(
            "Construction 'bubeck2020-relu' needs at least 2 features, not 1. On a line use "
            "construction 'bubeck2020-slabs', with 2 ceil(n/2) units, or 'zhang2017'."
        )


def _check_general_position(grouping: Grouping, data: DataSet) -> None:
    bad = np.flatnonzero(np.isinf(grouping.slabs.gain))
    if not bad.size:
        return
    block, other = grouping.block(bad[0]), grouping.slabs.touching[bad[0]]
    witness = data.rows[[*block, other] if other >= 0 else block]
    listed = ", ".join(map(str, witness[:8])) + (", ..." if len(witness) > 8 else "")
    found = (
        "lie on one hyperplane"
        if other >= 0
        else f"lie on a flat of fewer than {len(witness) - 1} dimensions"
    )
    raise AssumptionError(
        f"Points must be in general position (no hyperplane may hold more than d = {data.d} of "
        f"them), to the precision of float64; rows {listed} {found}. Construction 'zhang2017' "
        "takes any distinct points.",
        witness.tolist(),
    )
