r"""One hidden layer with a smooth activation: 2 ceil(n/d) units fit any real labels.

**Theorem** [madden2024] (the memory capacity of two-layer networks). Let $\psi$ be real analytic
at a point and, if it is a polynomial there, of high enough degree. For generic $x_1, \dots, x_n \in
R^d$, an even number m of units with $md \ge 2n$, and any real labels there is a network $h(x) = v^T
\psi(W x + b)$ with $h(x_i) = y_i$ for all i. No network with $m (d + 2) < n$ fits all labels.

*Hypotheses.* The matrix with the rows $\psi'(W x_i + b) \otimes (x_i, 1)$ has rank n for some W and
b of m/2 units. No unit can tell apart what lies in one flat: a flat of dimension r holds at most
$(r + 1) \lceil n/d \rceil$ points. For $\psi(t) = t^k$ also n is at most the rank of Alexander and
Hirschowitz [alexander1995].

*Idea.* Take m/2 units twice, with opposite output weights: the network is zero, and moving the two
copies apart moves its outputs along the Jacobian, in every direction since its rank is n. With
large output weights a small move suffices for any labels, by the inverse function theorem.

*Ours:* the algorithm. Both copies move, in opposite directions, and biases too; Newton's method
finds the least move from Gram matrices of shape (n, n) (see the gadget ``pairs``); units start as
bumps, steps or waves that tell the points apart (``bases``), in whitened coordinates; the ReLU,
which has a kink, is reached through smooth functions that approach it. k outputs take k times as
many units.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias, final

from rote.constructions._base import Construction, Context, Theorem
from rote.constructions._gadgets.generic_rank import dependent_rows, power_rank
from rote.constructions._gadgets.pair_fit import FITTED, fit_output
from rote.constructions._gadgets.pairs import Pairs, gram_of_points
from rote.constructions._gadgets.slopes import named_activation
from rote.constructions._gadgets.smooth_layers import pair_layers
from rote.constructions._gadgets.targets import check_tolerance, real_targets
from rote.constructions._gadgets.two_layer import refuse_unfit
from rote.constructions._gadgets.whitening import whitened
from rote.data import DataSet, Problem
from rote.errors import AssumptionError, OptionError, PrecisionError
from rote.network import Activation, Decision, Layer, Size
from rote.typing import Floats

__all__ = ["Madden2024"]

SmoothName: TypeAlias = Literal[
    "tanh",
    "sigmoid",
    "gelu",
    "silu",
    "softplus",
    "sin",
    "relu",
    "power(2)",
    "power(3)",
    "power(4)",
    "power(5)",
]


@final
@dataclass(frozen=True)
class Madden2024(Construction):
    """One hidden layer of antisymmetric pairs of smooth units.

    Attributes:
        activation: What the units compute.
        pairs: Pairs of units for each output; by default ceil(n/d). More give smaller weights,
            and serve points that lie in a flat of fewer dimensions.
        tolerance: Largest absolute error of real targets.
    """

    activation: SmoothName = "tanh"
    pairs: int | None = None
    tolerance: float | None = None

    theorem: ClassVar[Theorem] = Theorem(
        key="madden2024",
        title="One hidden layer of smooth units",
        statement=(
            "2 ceil(n/d) units with any smooth activation fit any real labels of n generic "
            "points in R^d."
        ),
        source="madden2024",
        number="memory capacity theorem",
        tasks=("classes", "real"),
        activations=("tanh", "sigmoid", "gelu", "silu", "softplus", "sin", "relu", "power"),
        hypotheses=(
            "weak general position: a flat of dimension r holds at most (r + 1) ceil(n/d) points",
        ),
        most_points=500,
        tight=True,
    )

    def __post_init__(self) -> None:
        named_activation(self.activation)
        if self.pairs is not None and self.pairs < 1:
            raise OptionError(f"Option 'pairs' must be at least 1, not {self.pairs}.")
        check_tolerance(self.tolerance)

    def promise(self, problem: Problem) -> Size:
        """2 ceil(n/d) units for each output, and all their weights."""
        n, d, k = problem.n, problem.d, problem.outputs
        h = self._pairs(n, d)
        _check_rank(n, d, h, named_activation(self.activation))
        return Size(
            depth=1, widths=(2 * h * k,), neurons=2 * h * k, parameters=2 * h * k * (d + 1 + k) + k
        )

    def layers(self, data: DataSet, context: Context) -> tuple[tuple[Layer, ...], Decision]:
        """Fit each output by its own pairs, in whitened coordinates."""
        activation = named_activation(self.activation)
        h = self._pairs(data.n, data.d)
        _check_rank(data.n, data.d, h, activation)
        y, decision = real_targets(data, context.dtype, self.tolerance)
        frame, points = whitened(data.floats())
        if h * (points.shape[1] + 1) < data.n:
            raise _in_a_flat(data, points.shape[1], h)
        _check_rank(data.n, points.shape[1], h, activation)
        offset = y.mean(axis=0)
        gram = gram_of_points(points)
        fits = []
        for k, labels in enumerate((y - offset).T):
            context.progress("outputs", k, y.shape[1])
            fits.append(self._fit(data, points, gram, labels, h, context))
        context.progress("outputs", y.shape[1], y.shape[1])
        layers = pair_layers(fits, offset, frame, activation, context.dtype)
        refuse_unfit(layers, decision, data, context.dtype)
        return layers, decision

    def _pairs(self, n: int, d: int) -> int:
        return self.pairs or -(-n // d)

    def _fit(
        self,
        data: DataSet,
        points: Floats,
        gram: Floats,
        y: Floats,
        h: int,
        context: Context,
    ) -> Pairs:
        activation = named_activation(self.activation)
        found = fit_output(points, gram, y, h, activation, context.rng)
        if found is None or not found.residual <= FITTED:
            raise _refusal(data, h, activation, context, found)
        return found


def _check_rank(n: int, d: int, h: int, activation: Activation) -> None:
    """Raise unless the generic rank of the Jacobian is n."""
    rank = h * (d + 1)
    formula = f"{h} (d + 1)"
    if activation.kind == "power":
        rank = power_rank(d + 1, h, int(activation.parameter))
        formula = "that of Alexander and Hirschowitz"
    if rank < n:
        raise AssumptionError(
            f"The Jacobian of {h} pairs of {activation} units in {d} dimensions has rank "
            f"{rank} ({formula}), but n = {n}. Use more pairs (option 'pairs') where that raises "
            "the rank, or another activation."
        )


def _in_a_flat(data: DataSet, r: int, h: int) -> AssumptionError:
    first = (r + 1) * h + 1
    return AssumptionError(
        f"A flat of dimension r may hold at most (r + 1) * {h} points; rows {data.rows[0]} to "
        f"{data.rows[first - 1]} and all others lie in one of dimension r = {r}. "
        f"Use pairs={-(-data.n // (r + 1))} or more.",
        data.rows[:first].tolist(),
    )


def _refusal(
    data: DataSet, h: int, activation: Activation, context: Context, found: Pairs | None
) -> AssumptionError | PrecisionError:
    """Why the fit failed: no rank whatever the slopes, or rounding."""
    rows = data.rows[dependent_rows(data.points, h, context.rng)].tolist()
    if rows:
        listed = ", ".join(map(str, rows[:8])) + (", ..." if len(rows) > 8 else "")
        return AssumptionError(
            f"A flat of dimension r may hold at most (r + 1) * {h} points, which rows {listed} "
            "break. Use more pairs (option 'pairs').",
            rows,
        )
    left = "no factor" if found is None else f"a residual of {found.residual:.1e}"
    return PrecisionError(
        f"float64 cannot fit these points with {h} pairs of {activation} units: the Gram matrix "
        f"leaves {left}. Use more pairs (option 'pairs'), another activation, or construction "
        "'zhang2017'."
    )
