r"""Width 2: one layer per point, whatever the labels.

**Theorem 1** [hernandez2024]. For any n distinct points in $R^d$ with labels of M classes there is
a ReLU network of width 2 and depth $2 n + 4 M - 1$ that gives each point its label; width 1 is not
enough.

*Hypotheses.* Distinct points, and a single output.

*Idea.* A direction maps the points to $c_1 < \dots < c_n$. A layer of two units, $\sigma(s - t)$
and $\sigma(t - s)$, parts the leftmost point from the others, and the next layer takes
$\sigma(s - t) + \kappa\, \sigma(t - s)$: the leftmost point is thrown over all others, to a place
that tells its label, while these move left together. After n layers every point has been thrown
once.

*Ours:* that form, with depth n instead of $2 n + 4 M - 1$, and for real labels. Layer k parts at
$T_k$ between $c_k$ and $c_{k+1}$, and point k lands at $L_k > T_n$, an affine function of its
label:

.. math:: s_{k+1} = \sigma(s_k - t_k) + \kappa_k\, \sigma(t_k - s_k), \quad t_k = T_k - T_{k-1},
   \quad \kappa_k = \frac{L_k - T_k}{T_k - c_k},

with $s_1 = u \cdot x$ and $T_0 = 0$; $s_k$ never stands in a unit, so that width 2 is enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import ceil, log2
from typing import ClassVar, final

import numpy as np

from rote.constructions._base import Construction, Context, Theorem
from rote.constructions._gadgets.projection import (
    Projection,
    best_projection,
    directions_for,
    product,
)
from rote.constructions._gadgets.targets import check_tolerance, real_targets
from rote.data import DataSet, Problem
from rote.errors import AssumptionError, OptionError, PrecisionError
from rote.exact.dyadic import to_integers
from rote.exact.rounding import UNIT
from rote.network import Affine, Decision, Layer, Size, Value
from rote.network.activation import RELU
from rote.typing import Array, DType, Floats

__all__ = ["Hernandez2024"]

_HALF = 0.5
"""Distance of a class code from where another is nearer."""


_LISTED = 1_000_000
"""Layers up to which a promise lists their widths one by one. Ours."""


@final
@dataclass(frozen=True)
class Hernandez2024(Construction):
    """Two units in each of n layers.

    Attributes:
        directions: How many random directions to try; by default 30, fewer beyond 10^4 points.
        tolerance: Largest absolute error of real targets.
    """

    directions: int | None = None
    tolerance: float | None = None

    theorem: ClassVar[Theorem] = Theorem(
        key="hernandez2024",
        title="Width 2",
        statement="Width 2 and depth n fit any n distinct points with any real labels.",
        source="hernandez2024",
        number="Theorem 1",
        tasks=("classes", "real"),
        activations=("relu",),
        dtypes=("float32", "float64", "exact"),
        most_points=1_000,
        hypotheses=("one output",),
    )

    def __post_init__(self) -> None:
        if self.directions is not None and self.directions < 1:
            raise OptionError(f"Option 'directions' must be at least 1, not {self.directions}.")
        check_tolerance(self.tolerance)

    def promise(self, problem: Problem) -> Size:
        """Our n layers of two units."""
        n = problem.n
        _check(problem.outputs)
        return Size(
            depth=n,
            widths=(2,) * n if n <= _LISTED else None,
            neurons=2 * n,
            parameters=2 * (problem.d + 1) + 6 * (n - 1) + 3,
        )

    def layers(self, data: DataSet, context: Context) -> tuple[tuple[Layer, ...], Decision]:
        """Sort the points along the direction of the largest least gap, and throw them in turn."""
        _check(data.outputs)
        y, decision = real_targets(data, context.dtype, self.tolerance)
        directions = self.directions or directions_for(data.n)
        line = best_projection(data, context, directions, _crowding)
        slack = decision.tolerance if isinstance(decision, Value) else _HALF
        values = y[line.order, 0]
        if context.dtype == "exact":
            return _exact_layers(data, line, values, slack), decision
        return _float_layers(data, line, values, slack, context.dtype), decision


def _check(outputs: int) -> None:
    if outputs > 1:
        raise AssumptionError(f"Width 2 carries one output, not {outputs}.")


def _crowding(line: Projection, _: Array) -> float:
    """The range over the least gap: the largest kappa is in proportion to it."""
    return float((line.c[-1] - line.c[0]) / np.diff(line.c).min(initial=np.inf))


def _scale(c: Floats, y: Floats) -> tuple[float, float]:
    """The length of the line, and the power of two of places per unit of label."""
    length = float(c[-1] - c[0]) or 1.0
    spread = float(y.max() - y.min()) or float(np.abs(y).max()) or 1.0
    return length, float(2.0 ** np.floor(np.log2(length / spread)))


def _float_layers(
    data: DataSet, line: Projection, y: Floats, slack: float, dtype: DType
) -> tuple[Layer, ...]:
    kind = np.dtype(dtype)
    c = line.c
    length, step = _scale(c, y)
    knots = np.append((c[1:] + c[:-1]) / 2, c[-1] + length / max(len(c), 2))
    base = knots[-1] + length / 2
    t, kappa, reached = [], [], 0.0
    for k, knot in enumerate(knots):
        t.append(float(kind.type(knot - reached)))
        reached += t[-1]  # the knot that the rounded differences add up to
        land = base + (y[k] - y.min()) * step
        kappa.append((land - reached) / (reached - c[k]) if reached > c[k] else np.inf)
    largest = 3 * length + 2 * float(product(np.abs(data.points), np.abs(line.u)).max())
    wobble = UNIT[dtype] * largest * (data.d + 4 * len(c))
    least = float((knots - c).min())
    if not (wobble < least / 2 and wobble * max(kappa) / step < slack / 2):
        k = int(np.argmax(kappa))
        rows = [int(data.rows[line.order[j]]) for j in (k, min(k + 1, len(c) - 1))]
        raise PrecisionError(
            f"{dtype} cannot part rows {rows[0]} and {rows[1]}, which are {2 * least / length:.1e} "
            f"of the line apart, over {len(c)} layers. Use "
            f"dtype={'float64' if dtype == 'float32' else 'exact'!r}.",
            rows,
        )
    first = Affine(np.array([line.u, -line.u], kind), np.array([-t[0], t[0]], kind), RELU)
    inner = [
        Affine(np.array([[1, a], [-1, -a]], kind), np.array([-b, b], kind), RELU)
        for a, b in zip(kappa[:-1], t[1:], strict=True)
    ]
    last = np.array([[1, kappa[-1]]]) / step
    bias = np.array([(reached - base) / step + y.min()])
    return (first, *inner, Affine(last.astype(kind), bias.astype(kind)))


def _exact_layers(data: DataSet, line: Projection, y: Floats, slack: float) -> tuple[Layer, ...]:
    """The same network in integers times powers of two; kappa is rounded."""
    points, low = to_integers(data.points[line.order])
    u, scale = to_integers(line.u)
    c = points @ u  # in units of 2 ** (low + scale)
    order = np.argsort(c, kind="stable")
    c, y = c[order].tolist(), y[order]
    for k, (a, b) in enumerate(pairwise(c)):
        if a == b:
            rows = [int(data.rows[line.order[order[j]]]) for j in (k, k + 1)]
            raise PrecisionError(
                f"Rows {rows[0]} and {rows[1]} coincide on the direction. Use another seed.", rows
            )
    unit = Fraction(2) ** (low + scale)
    at = [unit * v for v in c]
    length = at[-1] - at[0] or Fraction(1)
    labels = [Fraction(v) for v in y.tolist()]
    least = min(labels)
    spread = max(labels) - least or max(map(abs, labels)) or Fraction(1)
    step = Fraction(2) ** _floor_log2(length / spread)
    knots = [(a + b) / 2 for a, b in pairwise(at)]
    knots.append(at[-1] + Fraction(2) ** _floor_log2(length))
    base = knots[-1] + Fraction(2) ** _floor_log2(length)
    # A rounded kappa moves a point by at most its distance from the knot times 2^-bits.
    farthest = max(t - a for t, a in zip(knots, at, strict=True))
    bits = max(0, ceil(log2(farthest / (step * Fraction(slack)))) + 3)
    kappa = [
        Fraction(round((base + (label - least) * step - t) / (t - a) * (1 << bits)), 1 << bits)
        for label, t, a in zip(labels, knots, at, strict=True)
    ]
    t = [knots[0], *(b - a for a, b in pairwise(knots))]
    row = [Fraction(v) * Fraction(2) ** scale for v in u.tolist()]
    first = _dyadic([row, [-v for v in row]], [-t[0], t[0]], hidden=True)
    inner = [
        _dyadic([[Fraction(1), a], [Fraction(-1), -a]], [-b, b], hidden=True)
        for a, b in zip(kappa[:-1], t[1:], strict=True)
    ]
    bias = (knots[-1] - base) / step + least
    return (first, *inner, _dyadic([[1 / step, kappa[-1] / step]], [bias], hidden=False))


def _floor_log2(value: Fraction) -> int:
    """The e with 2^e at most the value, and more than a quarter of it."""
    return value.numerator.bit_length() - value.denominator.bit_length() - 1


def _dyadic(weight: list[list[Fraction]], bias: list[Fraction], *, hidden: bool) -> Affine:
    """A layer of dyadic fractions as integers times a power of two."""
    finest = max(v.denominator for v in [*bias, *(v for row in weight for v in row)])
    integers = np.array([[int(v * finest) for v in row] for row in weight], dtype=object)
    biases = np.array([int(v * finest) for v in bias], dtype=object)
    exponent = 1 - finest.bit_length()
    return (
        Affine(integers, biases, RELU, exponent)
        if hidden
        else Affine(integers, biases, exponent=exponent)
    )
