r"""One hidden ReLU layer: 2 ceil(n/(d+1)) units fit any real labels of points in general position.

**Ours, after Proposition 4** [bubeck2020]. Let $x_1, \dots, x_n \in R^d$ be in general position: no
hyperplane holds more than d of them. For any real labels there is a network
$f(x) = \sum_l a_l\,\sigma(w_l \cdot x - b_l)$ with $2 \lceil n/(d+1) \rceil$ ReLUs and
$f(x_i) = y_i$ for all i.

*Hypotheses.* General position; where n <= d, affinely independent points. d = 1 is allowed, and
there any distinct points will do.

*Idea.* Parallel hyperplanes cut the points into blocks of d + 1, on each of which an affine
function takes all labels. Two ReLUs per hyperplane change the affine function of one block into
that of the next, and a finite step makes the change exact on all points (see the gadget
``staircase``). The network is the sum of the changes.

*Ours:* everything but the idea of a finite difference of ReLUs at a hyperplane. Half of the units
of ``bubeck2020-relu``, at larger weights: the affine function of a thin block is steep across it,
and the blocks cannot be chosen freely. k outputs take k times as many units.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from rote.constructions._base import Construction, Context, Theorem
from rote.constructions._gadgets.staircase import Dependent, Staircase, climb, staircase_units
from rote.constructions._gadgets.targets import check_tolerance, real_targets
from rote.constructions._gadgets.two_layer import Frame, assemble, refuse_unfit
from rote.data import DataSet, Problem
from rote.errors import AssumptionError, OptionError, PrecisionError
from rote.network import Decision, Layer, Size
from rote.typing import Floats

__all__ = ["Bubeck2020Slabs"]


@final
@dataclass(frozen=True)
class Bubeck2020Slabs(Construction):
    """One hidden ReLU layer with two units per d + 1 points.

    Attributes:
        fill: Share of the d + 1 places of a block that is used, in (0, 1]; less gives smaller
            weights, and room to cut at wide gaps.
        directions: How many random directions to try; by default 16, down to 4 where one takes
            more than a second.
        tolerance: Largest absolute error of real targets.
    """

    fill: float = 1.0
    directions: int | None = None
    tolerance: float | None = None

    theorem: ClassVar[Theorem] = Theorem(
        key="bubeck2020-slabs",
        title="Parallel slabs of d + 1 points each",
        statement=(
            "2 ceil(n/(d+1)) ReLUs fit any real labels of n points in general position in R^d."
        ),
        source="bubeck2020",
        number="ours",
        tasks=("classes", "real"),
        activations=("relu",),
        most_points=10_000,
        hypotheses=("general position: no hyperplane holds more than d points",),
    )

    def __post_init__(self) -> None:
        if not 0 < self.fill <= 1:
            raise OptionError(f"Option 'fill' must lie in (0, 1], not {self.fill}.")
        if self.directions is not None and self.directions < 1:
            raise OptionError(f"Option 'directions' must be at least 1, not {self.directions}.")
        check_tolerance(self.tolerance)

    def promise(self, problem: Problem) -> Size:
        """2 ceil(n/(d+1)) units for each output; n over the filled part of d + 1 with ``fill``."""
        k = problem.outputs
        units = 2 * k * self._blocks(problem.n, problem.d)
        return Size(
            depth=1, widths=(units,), neurons=units, parameters=units * (problem.d + 1 + k) + k
        )

    def layers(self, data: DataSet, context: Context) -> tuple[tuple[Layer, ...], Decision]:
        """The best staircase of every output."""
        targets, decision = real_targets(data, context.dtype, self.tolerance)
        frame = Frame.of(data.points)
        units = [staircase_units(frame, self._best(data, frame, y, context)) for y in targets.T]
        layers = assemble(units, np.zeros(len(units)), data.d, context.dtype)
        refuse_unfit(layers, decision, data, context.dtype)
        return layers, decision

    def _blocks(self, n: int, d: int) -> int:
        return -(-n // max(1, int(self.fill * (d + 1))))

    def _best(self, data: DataSet, frame: Frame, y: Floats, context: Context) -> Staircase:
        """The staircase with the smallest sum of squared weights over random directions."""
        count = 1 if data.d == 1 else self.directions or _directions_for(data.n, data.d)
        best: Staircase | None = None
        dependent: Dependent | None = None
        least = np.inf
        for trial in range(count):
            context.progress("directions", trial, count)
            u = context.rng.standard_normal(data.d)
            u /= np.linalg.norm(u)
            stairs = climb(frame, y, u, self._blocks(data.n, data.d), data.d + 1)
            if isinstance(stairs, Dependent):
                dependent = stairs
                continue
            cost = float(np.square(stairs.gain).sum())
            if cost < least:
                best, least = stairs, cost
        context.progress("directions", count, count)
        if best is not None:
            return best
        raise _refusal(data, dependent)


def _directions_for(n: int, d: int) -> int:
    """16 directions, fewer where the n d^2 operations of one are many, at least 4. Ours."""
    return int(np.clip(2e10 / (n * d**2), 4, 16))


def _refusal(data: DataSet, dependent: Dependent | None) -> AssumptionError | PrecisionError:
    """Why no direction served."""
    if dependent is None:
        return PrecisionError(
            "float64 cannot tell the points apart on any direction. Rescale the features, or use "
            "construction 'zhang2017' with dtype='exact'."
        )
    witness = data.rows[dependent.block]
    listed = ", ".join(map(str, witness[:8])) + (", ..." if len(witness) > 8 else "")
    return AssumptionError(
        f"Points must be in general position (no hyperplane may hold more than d = {data.d} of "
        f"them), to the precision of float64; rows {listed} lie on a flat of fewer than "
        f"{len(witness) - 1} dimensions. Construction 'zhang2017' takes any distinct points.",
        witness.tolist(),
    )
