r"""Any number of hidden layers: points in proportion to the weights between them.

**Proposition 3.4** [yun2019]. Let a ReLU-like network have L - 1 hidden layers of widths
$d_1, \dots, d_{L-1}$, and let there be indices $l_1, \dots, l_m \le L - 2$ with
$l_j + 1 < l_{j+1}$,

.. math:: 4 \sum_{j=1}^m \lfloor (d_{l_j} - r_j) / 4 \rfloor
    \lfloor (d_{l_j + 1} - r_j) / (4 d_y) \rfloor \ge n, \qquad r_j = d_y [j > 1] + [j < m],

$d_k \ge d_y + 1$ for layers k between two of these pairs and $d_k \ge d_y$ behind the last. Then it
fits any n distinct points in $R^d$ with any labels in $[-1, 1]^{d_y}$.

*Hypotheses.* Distinct points; nothing else.

*Idea.* The points, sorted along a direction, are cut into m slices, and the layers $(l_j, l_j + 1)$
fit slice j as Theorem 3.1 does. Beyond both ends of its slice a block of an even number of groups
has all its functions below -1 and puts out -1, so that output + 1 adds nothing to the sum that is
carried on. The position along the direction is carried beside it, by ReLUs that never cut.

*Ours:* the condition ``sharp``,
$\sum_j 2 \lfloor (d_{l_j} - r_j) / 2 \rfloor \lfloor (d_{l_j + 1} - r_j) / (2 d_y) \rfloor \ge n$;
hard-tanh units, with half the units of ReLUs; the search for the indices; and linear layers, which
count in the parameters, but not in the depth. The first and last knots of a slice are in the middle
of the gaps between slices, and all phantoms inside them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import ClassVar, final

import numpy as np

from rote.constructions._base import Construction, Context, Theorem
from rote.constructions._gadgets.blocks import Layout, best_layout
from rote.constructions._gadgets.clamp import Clamp
from rote.constructions._gadgets.clamps import Condition, Unit, clamp_of
from rote.constructions._gadgets.line_fit import LinePlan, fit_line, plan_line
from rote.constructions._gadgets.point_fit import best_plans
from rote.constructions._gadgets.projection import Projection
from rote.constructions._gadgets.split import check_widths
from rote.constructions._gadgets.stream import stream
from rote.constructions._gadgets.targets import check_tolerance, real_targets
from rote.constructions._gadgets.unit_range import unit_range
from rote.data import DataSet, Problem
from rote.errors import AssumptionError, OptionError
from rote.network import Activation, Affine, Decision, Layer, Size, Value
from rote.network.activation import HARD_TANH
from rote.typing import Floats

__all__ = ["Yun2019Deep"]


@final
@dataclass(frozen=True)
class Yun2019Deep(Construction):
    """Pairs of hidden layers that hold a slice of the points each.

    Attributes:
        activation: ``hard-tanh``, ``relu`` or ``leaky``.
        slope: Slope of ``leaky`` on the negative side, in [0, 1).
        condition: ``paper``, or our ``sharp``.
        widths: Units of all hidden layers; by default ``depth`` layers of the least equal width.
        depth: Hidden layers, at least 2, where no widths are given.
        directions: How many random directions to try; by default 30, fewer beyond 10^4 points.
        tolerance: Largest absolute error of real targets.
    """

    activation: Unit = "hard-tanh"
    slope: float = 0.01
    condition: Condition = "sharp"
    widths: tuple[int, ...] | None = None
    depth: int = 4
    directions: int | None = None
    tolerance: float | None = None

    theorem: ClassVar[Theorem] = Theorem(
        key="yun2019-deep",
        title="Any number of hidden layers",
        statement="Hidden layers of any widths fit any n distinct points with any real labels, "
        "n in proportion to the products of widths of disjoint pairs of neighbouring layers.",
        source="yun2019",
        number="Proposition 3.4",
        tasks=("classes", "real"),
        activations=("hard-tanh", "relu", "leaky"),
        tight=True,
    )

    def __post_init__(self) -> None:
        self._clamp()
        check_widths(self.widths)
        check_tolerance(self.tolerance)
        if self.depth < 2 or (self.widths is not None and len(self.widths) < 2):
            raise OptionError("A deep network needs at least 2 hidden layers.")
        if self.directions is not None and self.directions < 1:
            raise OptionError(f"Option 'directions' must be at least 1, not {self.directions}.")

    @property
    def advice(self) -> str:
        """Units that saturate without rounding."""
        return "" if self.activation == "hard-tanh" else "Take activation='hard-tanh'."

    def promise(self, problem: Problem) -> Size:
        """The units that the blocks and what they carry take, and all weights between layers."""
        layout = self.layout(problem.n, problem.outputs)
        linear = self._clamp().rule.linear
        sizes = [problem.d, 1]
        for layer, width in enumerate(layout.widths):
            sizes.append(width)
            sizes += [b.p + b.carried for b in layout.blocks if linear and b.layer == layer]
        sizes.append(problem.outputs)
        return Size(
            depth=len(layout.widths),
            widths=layout.widths,
            neurons=sum(layout.widths),
            parameters=sum((a + 1) * b for a, b in pairwise(sizes)),
        )

    def layout(self, n: int, outputs: int) -> Layout:
        """Where the blocks are.

        Args:
            n: Number of points.
            outputs: Number of outputs.

        Returns:
            The best indices for the widths.

        Raises:
            AssumptionError: If the widths hold fewer than n points.
        """
        needed = self._clamp().rule
        if self.widths is not None:
            found = best_layout(self.widths, n, outputs, needed)
            if isinstance(found, Layout):
                return found
            names = ",".join(map(str, self.widths))
            equal = replace(self, widths=None, depth=len(self.widths)).layout(n, outputs)
            enough = ",".join(map(str, equal.widths))
            raise AssumptionError(
                f"Widths {names} hold {found} points, not {n}; widths={enough} would."
            )

        def fits(width: int) -> Layout | int:
            return best_layout((width,) * self.depth, n, outputs, needed)

        low, high = 0, 1
        while isinstance(fits(high), int):
            low, high = high, 2 * high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if isinstance(fits(middle), int) else (low, middle)
        best = fits(high)
        assert isinstance(best, Layout)
        return best

    def layers(self, data: DataSet, context: Context) -> tuple[tuple[Layer, ...], Decision]:
        """Cut the points along a direction into slices, and fit each by its block."""
        y, decision = real_targets(data, context.dtype, self.tolerance)
        goal = unit_range(y)
        allowed = decision.tolerance if isinstance(decision, Value) else 0.5
        layout = self.layout(data.n, data.outputs)
        clamp = self._clamp()

        tolerance = allowed / float(goal.scale.max())

        def planned(line: Projection, tau: Floats) -> list[LinePlan]:
            return _slices(_position(line, clamp.activation)[2], tau, layout)

        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            line, plans = best_plans(
                data, context, goal, tolerance, clamp, self.directions, planned
            )
            starts = np.cumsum([0, *(len(part.slots.c) for part in plans)])
            fits = [
                fit_line(
                    part,
                    clamp,
                    dtype=context.dtype,
                    tolerance=tolerance,
                    order=line.order[start:],
                    rows=data.rows,
                    off_outside=True,
                )
                for part, start in zip(plans, starts.tolist(), strict=False)
            ]
        u, shift, _ = _position(line, clamp.activation)
        direction = Affine(u[None].astype(context.dtype), np.array([shift], context.dtype))
        return stream(direction, layout, fits, clamp.activation, goal, context.dtype), decision

    def _clamp(self) -> Clamp:
        return clamp_of(self.activation, self.slope, self.condition)


def _position(line: Projection, activation: Activation) -> tuple[Floats, float, Floats]:
    """A direction and a shift such that units carry positions unchanged, and the positions."""
    if activation == HARD_TANH:  # into (-1, 1), by a power of two
        c = line.c - line.centre
        scale = np.ldexp(1.0, -int(np.frexp(np.abs(c[[0, -1]]).max())[1]) - 1)
        return line.u * scale, -line.centre * scale, c * scale
    return line.u, -float(line.c[0]), line.c - line.c[0]  # from 0 on


def _slices(c: Floats, tau: Floats, layout: Layout) -> list[LinePlan]:
    """Plans of the blocks, each with a share of the points in proportion to what it holds."""
    held = np.cumsum([block.points for block in layout.blocks])
    ends = [0, *(len(c) * held // held[-1]).tolist()]
    plans = []
    for block, start, stop in zip(layout.blocks, ends, ends[1:], strict=False):
        low = None if start == 0 else float((c[start - 1] + c[start]) / 2)
        high = None if stop == len(c) else float((c[stop - 1] + c[stop]) / 2)
        part = slice(start, stop)
        plans.append(plan_line(c[part], tau[part], block.p, block.q, low=low, high=high))
    return plans
