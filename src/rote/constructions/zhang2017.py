r"""One hidden ReLU layer: n units and 2n + d weights fit any n points.

**Theorem 1** [zhang2017]. For any n distinct points in $R^d$ and any real labels $y_i$ there is a
network $f(x) = \sum_j w_j\,\sigma(a \cdot x - b_j)$ with n ReLUs and $2n + d$ weights such that
$f(x_i) = y_i$ for all i.

*Hypotheses.* Distinct points; nothing else.

*Idea.* A direction $a$ maps the points to distinct numbers $c_1 < \dots < c_n$. The paper puts a
kink $b_j$ between neighbours and solves a triangular system. We put the kinks on the points, which
solves the same interpolation in closed form: with the slopes
$m_j = (y_{j+1} - y_j) / (c_{j+1} - c_j)$ and $m_0 = 0$,

.. math:: f(x) = y_1 + \sum_{j<n} (m_j - m_{j-1})\, \sigma(a \cdot x - c_j).

*Ours:* that form, which needs n - 1 units, less those between equal slopes; k outputs on the same
units, with $n + d + kn$ weights; and slopes rounded to a common grid, so that their differences
are exact and errors do not add up along the line.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, final

import numpy as np

from rote.constructions._base import Construction, Context, Theorem
from rote.constructions._gadgets.interpolant import interpolant, sum_of_terms
from rote.constructions._gadgets.projection import (
    Projection,
    best_projection,
    directions_for,
)
from rote.constructions._gadgets.targets import check_tolerance, real_targets
from rote.data import DataSet, Problem
from rote.errors import OptionError, PrecisionError
from rote.exact.dyadic import to_fractions, to_integers
from rote.network import Affine, Decision, Layer, Size, Value
from rote.network.activation import RELU
from rote.typing import Floats

__all__ = ["Zhang2017"]


@final
@dataclass(frozen=True)
class Zhang2017(Construction):
    """One hidden ReLU layer with a unit per point.

    Attributes:
        directions: How many random directions to try; by default 30, fewer beyond 10^4 points.
        tolerance: Largest absolute error of real targets.
    """

    directions: int | None = None
    tolerance: float | None = None

    theorem: ClassVar[Theorem] = Theorem(
        key="zhang2017",
        title="One hidden ReLU layer",
        statement="n ReLUs and 2n + d weights fit any n distinct points with any real labels.",
        source="zhang2017",
        number="Theorem 1",
        tasks=("classes", "real"),
        activations=("relu",),
        dtypes=("float32", "float64", "exact"),
    )

    def __post_init__(self) -> None:
        if self.directions is not None and self.directions < 1:
            raise OptionError(f"Option 'directions' must be at least 1, not {self.directions}.")
        check_tolerance(self.tolerance)

    def promise(self, problem: Problem) -> Size:
        """The theorem's n units and 2n + d weights; n + d + kn for k outputs."""
        n, d, k = problem.n, problem.d, problem.outputs
        return Size(depth=1, widths=(n,), neurons=n, parameters=n + d + k * n)

    def layers(self, data: DataSet, context: Context) -> tuple[tuple[Layer, ...], Decision]:
        """Sort the points along the best direction and interpolate between neighbours."""
        y, decision = real_targets(data, context.dtype, self.tolerance)
        directions = self.directions or directions_for(data.n)
        line = best_projection(data, context, directions, sum_of_terms)
        if context.dtype == "exact":
            slack = decision.tolerance if isinstance(decision, Value) else 0.5
            return _exact_layers(data, line, y[line.order], slack), decision
        return interpolant(line, y[line.order], context.dtype), decision


def _exact_layers(data: DataSet, line: Projection, y: Floats, slack: float) -> tuple[Layer, ...]:
    """The same network in integers; rounding the slopes moves no output by half the slack."""
    points, low = to_integers(data.points[line.order])
    u, scale = to_integers(line.u)
    c = points @ u  # times the step 2 ** (low + scale)
    order = np.argsort(c)
    c, y = c[order], y[order]
    step = Fraction(2) ** (low + scale)
    gaps = np.diff(c)
    if not gaps.all():
        i = int(np.flatnonzero(gaps == 0)[0])
        a, b = (int(data.rows[line.order[order[k]]]) for k in (i, i + 1))
        raise PrecisionError(
            f"Rows {a} and {b} coincide on the direction. Use another seed.", [a, b]
        )

    # Slopes are multiples of 2^-bits: along the whole line they cannot add up to half the slack.
    start, lowest = to_integers(y[0])
    line_length = step * int(c[-1] - c[0])
    bits = max(-lowest, math.ceil(math.log2(line_length / Fraction(slack) + 1)) + 1)
    rises = np.diff(to_fractions(*to_integers(y)), axis=0) * Fraction(2) ** bits
    m = (
        np.vectorize(round, otypes=[object])(rises / (gaps * step)[:, None])
        if len(c) > 1
        else rises
    )
    jumps = np.diff(m, axis=0, prepend=0)
    used = np.flatnonzero(jumps.any(axis=1))
    bias = start * (1 << lowest + bits)
    if not used.size:
        return (Affine(np.full((y.shape[1], data.d), 0, dtype=object), bias, exponent=-bits),)
    below = min(low, 0)  # one exponent for u and for the knots, multiples of 2 ** (low + scale)
    hidden = Affine(
        u[None] * (1 << -below), -c[used] * (1 << low - below), RELU, exponent=scale + below
    )
    return hidden, Affine(jumps[used].T, bias, exponent=-bits)
