r"""Two hidden layers: about 4n/(d_1 d_2) = 1 fit any n points with real labels.

**Theorem 3.1** [yun2019]. For any n distinct points in $R^d$ and any labels $y_i \in
[-1, 1]^{d_y}$ there is a network with hidden widths $d_1, d_2$ and $f(x_i) = y_i$ for all i, if

* hard-tanh: $4 \lfloor d_1 / 2 \rfloor \lfloor d_2 / (2 d_y) \rfloor \ge n$;
* ReLU-like with slopes $s_+ > s_- \ge 0$:
  $4 \lfloor d_1 / 4 \rfloor \lfloor d_2 / (4 d_y) \rfloor \ge n$.

*Hypotheses.* Distinct points; nothing else.

*Idea.* A direction u maps the points to distinct numbers, which are cut into p groups of q. One
hard-tanh unit per group (or two ReLUs) is linear on its group and saturated elsewhere. Each unit of
the second layer then fits one point in every group, and is saturated at all others, so that q units
with alternating signs fit all p q points, by a recursion in closed form.

*Ours:* the condition ``sharp``, which that proof gives as well: hard-tanh
$d_1 \lfloor d_2 / d_y \rfloor \ge n$, since parity is not needed; ReLU-like
$d_1 \lfloor d_2 / (2 d_y) \rfloor \ge n$, since groups share a unit at the knot between them. Also
that units exchange slots (``_gadgets/zigzag.py``), the exact grids of the weights, and for ReLUs a
linear layer between the two hidden ones, which counts in the parameters, but not in the depth; or,
with ``composition``, hard tanhs of two ReLUs one behind the other, which are as exact as hard-tanh
units and make 4 hidden layers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

from rote.constructions._base import Construction, Context, Theorem
from rote.constructions._gadgets.clamp import Clamp
from rote.constructions._gadgets.clamps import Condition, Unit, advice_for, clamp_of
from rote.constructions._gadgets.point_fit import fit_points
from rote.constructions._gadgets.split import check_widths
from rote.constructions._gadgets.targets import check_tolerance, real_targets
from rote.constructions._gadgets.unit_range import unit_range
from rote.data import DataSet, Problem
from rote.errors import OptionError
from rote.network import Affine, Decision, Layer, Size, Value

__all__ = ["Yun2019ThreeLayer"]


@final
@dataclass(frozen=True)
class Yun2019ThreeLayer(Construction):
    """Two hidden layers whose widths multiply to about n.

    Attributes:
        activation: ``hard-tanh``, ``relu`` or ``leaky``.
        slope: Slope of ``leaky`` on the negative side, in [0, 1).
        condition: ``paper``, or our ``sharp``.
        composition: Whether ReLUs stand one behind the other instead of in pairs: 4 hidden layers
            of $d_1, d_1, d_2, d_2$ units, with the condition of hard-tanh.
        widths: Units of the two hidden layers; by default the fewest in total.
        directions: How many random directions to try; by default 30, fewer beyond 10^4 points.
        tolerance: Largest absolute error of real targets.
    """

    activation: Unit = "hard-tanh"
    slope: float = 0.01
    condition: Condition = "sharp"
    composition: bool = False
    widths: tuple[int, int] | None = None
    directions: int | None = None
    tolerance: float | None = None

    theorem: ClassVar[Theorem] = Theorem(
        key="yun2019-three-layer",
        title="Two hidden layers",
        statement="Hidden widths with d_1 floor(d_2 / d_y) >= n (hard-tanh) or "
        "d_1 floor(d_2 / (2 d_y)) >= n (ReLU-like) fit any n distinct points with any real labels.",
        source="yun2019",
        number="Theorem 3.1",
        tasks=("classes", "real"),
        activations=("hard-tanh", "relu", "leaky"),
        tight=True,
    )

    def __post_init__(self) -> None:
        self._clamp()
        check_widths(self.widths)
        if self.directions is not None and self.directions < 1:
            raise OptionError(f"Option 'directions' must be at least 1, not {self.directions}.")
        check_tolerance(self.tolerance)

    @property
    def advice(self) -> str:
        """Clamps that saturate without rounding."""
        return advice_for(self._clamp())

    def promise(self, problem: Problem) -> Size:
        """The widths of the condition, and the parameters with the direction stored once."""
        rule = self._clamp().rule
        split = rule.hold(problem.n, problem.outputs, self.widths)
        widths = rule.hidden(split)
        return Size(
            depth=len(widths),
            widths=widths,
            neurons=sum(widths),
            parameters=rule.parameters(split, problem.d, problem.outputs),
        )

    def layers(self, data: DataSet, context: Context) -> tuple[tuple[Layer, ...], Decision]:
        """Fit the points along the direction with the smallest weights."""
        y, decision = real_targets(data, context.dtype, self.tolerance)
        clamp = self._clamp()
        split = clamp.rule.hold(data.n, data.outputs, self.widths)
        goal = unit_range(y)
        allowed = decision.tolerance if isinstance(decision, Value) else 0.5
        fit = fit_points(
            data,
            context,
            goal,
            allowed / float(goal.scale.max()),
            split,
            clamp,
            self.directions,
        )
        last = Affine(
            (fit.weight * goal.scale[:, None]).astype(context.dtype),
            (fit.bias * goal.scale + goal.shift).astype(context.dtype),
        )
        return (*fit.layers, last), decision

    def _clamp(self) -> Clamp:
        return clamp_of(self.activation, self.slope, self.condition, composition=self.composition)
