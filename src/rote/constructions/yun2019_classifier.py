r"""Three hidden layers: a classifier whose size hardly depends on the number of classes.

**Proposition 3.2** [yun2019]. For any n distinct points in $R^d$ with labels in $d_y$ classes, as
unit vectors, there is a network with hidden widths $d_1, d_2, d_3$ that fits them if

* hard-tanh: $4 \lfloor d_1 / 2 \rfloor \lfloor d_2 / 2 \rfloor \ge n$ and $d_3 \ge 2 d_y$;
* ReLU-like: $4 \lfloor d_1 / 4 \rfloor \lfloor d_2 / 4 \rfloor \ge n$ and $d_3 \ge 4 d_y$.

*Hypotheses.* Distinct points; nothing else.

*Idea.* The first two layers are those of Theorem 3.1 with one output, the class's number. The third
has a bump for each class, 1 around its number and 0 around all others. A bump is flat, so errors of
up to a third of the distance between two numbers leave no trace in the output.

*Ours:* the condition ``sharp``, with that of our three-layer form for the first two layers, and
$d_3 = d_y - 1$ (hard-tanh) or $2 (d_y - 1)$ (ReLU-like), since neighbouring classes share an edge;
and a linear layer of one unit that holds the class's number, which counts in the parameters, but
not in the depth. With hard-tanh units, or ReLUs in ``composition``, the output is exactly one-hot
in any arithmetic; with pairs of ReLU-like units up to the rounding of the third layer.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, final

import numpy as np

from rote.constructions._base import Construction, Context, Theorem
from rote.constructions._gadgets.clamp import Clamp
from rote.constructions._gadgets.clamps import Condition, Unit, advice_for, clamp_of
from rote.constructions._gadgets.one_hot import SLACK, edges, one_hot
from rote.constructions._gadgets.point_fit import fit_points
from rote.constructions._gadgets.split import Split, check_widths
from rote.constructions._gadgets.unit_range import unit_range
from rote.data import DataSet, Problem
from rote.errors import AssumptionError, OptionError
from rote.network import Affine, ArgMax, Decision, Layer, Size

__all__ = ["Yun2019Classifier"]


@final
@dataclass(frozen=True)
class Yun2019Classifier(Construction):
    """Two hidden layers whose widths multiply to about n, and a third for the classes.

    Attributes:
        activation: ``hard-tanh``, ``relu`` or ``leaky``.
        slope: Slope of ``leaky`` on the negative side, in [0, 1).
        condition: ``paper``, or our ``sharp``.
        composition: Whether ReLUs stand one behind the other instead of in pairs: twice as many
            hidden layers, with the condition of hard-tanh.
        widths: Units of the three hidden layers; by default the fewest in total.
        directions: How many random directions to try; by default 30, fewer beyond 10^4 points.
    """

    activation: Unit = "hard-tanh"
    slope: float = 0.01
    condition: Condition = "sharp"
    composition: bool = False
    widths: tuple[int, int, int] | None = None
    directions: int | None = None

    theorem: ClassVar[Theorem] = Theorem(
        key="yun2019-classifier",
        title="Three hidden layers for classes",
        statement="Hidden widths with d_1 d_2 >= n and d_3 >= C - 1 (hard-tanh) or "
        "d_1 floor(d_2 / 2) >= n and d_3 >= 2 (C - 1) (ReLU-like) fit any n distinct points with "
        "labels in C classes, with one output for each class.",
        source="yun2019",
        number="Proposition 3.2",
        tasks=("classes",),
        activations=("hard-tanh", "relu", "leaky"),
        tight=True,
    )

    def __post_init__(self) -> None:
        self._clamp()
        check_widths(self.widths)
        if self.directions is not None and self.directions < 1:
            raise OptionError(f"Option 'directions' must be at least 1, not {self.directions}.")

    @property
    def advice(self) -> str:
        """Clamps that saturate without rounding."""
        return advice_for(self._clamp())

    def promise(self, problem: Problem) -> Size:
        """The widths of the condition, and the parameters of the form with shared numbers."""
        classes, rule = problem.classes or 1, self._clamp().rule
        split, third = self._split(problem.n, classes)
        widths = rule.hidden(split) + (third,) * rule.repeat
        behind = (1, *[third] * rule.repeat, classes)
        return Size(
            depth=len(widths),
            widths=widths,
            neurons=sum(widths),
            parameters=rule.parameters(split, problem.d, outputs=1)
            + sum((a + 1) * b for a, b in pairwise(behind)),
        )

    def layers(self, data: DataSet, context: Context) -> tuple[tuple[Layer, ...], Decision]:
        """Fit the class's number along the direction with the smallest weights; then unfold it."""
        assert data.labels is not None
        classes = len(data.labels)
        split, _ = self._split(data.n, classes)
        goal = unit_range(np.array([[0.0], [classes - 1.0]]))
        fit = fit_points(
            data,
            context,
            goal,
            SLACK / float(goal.scale[0]),
            split,
            self._clamp(),
            self.directions,
        )
        number = Affine(
            (fit.weight * goal.scale[:, None]).astype(context.dtype),
            (fit.bias * goal.scale + goal.shift).astype(context.dtype),
        )
        shared = self.condition == "sharp"
        unfolded = one_hot(classes, self._clamp(), shared=shared, dtype=context.dtype)
        return (*fit.layers, number, *unfolded), ArgMax(data.labels)

    def _split(self, n: int, classes: int) -> tuple[Split, int]:
        """The split of the first two layers, and the third's width."""
        needed = self._clamp().rule
        third = needed.second * edges(classes, shared=self.condition == "sharp")
        if self.widths is None:
            return needed.best(n, 1), third
        split = needed.hold(n, 1, self.widths[:2])
        if self.widths[2] < third:
            raise AssumptionError(
                f"A third layer of {self.widths[2]} units holds fewer than {classes} classes. "
                f"Take at least widths={self.widths[0]},{self.widths[1]},{third}."
            )
        return split, third

    def _clamp(self) -> Clamp:
        return clamp_of(self.activation, self.slope, self.condition, composition=self.composition)
