r"""Two hidden layers with smooth activations: about 3 sqrt(n) units fit any real labels.

**Theorem** [madden2024deep] (memory capacity of three-layer networks). Let $\psi$ be real analytic
at a point and not a polynomial there. The least number of neurons with which a network fits any
labels in $R^k$ of n generic points is of order $\sqrt{nk}$.

*Hypotheses.* Distinct points: random units of a first layer put them into general position.

*Idea.* A first layer of $m_1$ random units turns the points into generic ones of dimension $m_1$;
there a second layer of $2 \lceil n / m_1 \rceil$ units for each output fits them, as in the theorem
for one hidden layer [madden2024]. The sum $m_1 + 2 k n / m_1$ is smallest for $m_1 = \sqrt{2nk}$,
where it is $2 \sqrt{2nk}$.

*Ours:* the algorithm, which is that of ``madden2024`` behind the first layer. The units of the
first layer are those with which it would begin; their values are whitened, and that is folded into
the second layer. In three dimensions or fewer, and where other units fail, the first layer has
sines: few units of another kind vary too little from a point to the next one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isqrt
from typing import ClassVar, Literal, TypeAlias, final

import numpy as np

from rote.constructions._base import Construction, Context, Theorem
from rote.constructions._gadgets.bases import bases
from rote.constructions._gadgets.pair_fit import FITTED, fit_output
from rote.constructions._gadgets.pairs import Base, Pairs, gram_of_points
from rote.constructions._gadgets.slopes import named_activation
from rote.constructions._gadgets.smooth_layers import pair_layers
from rote.constructions._gadgets.targets import check_tolerance, real_targets
from rote.constructions._gadgets.two_layer import refuse_unfit
from rote.constructions._gadgets.whitening import Whitening, whitened
from rote.data import DataSet, Problem
from rote.errors import OptionError, PrecisionError
from rote.network import Activation, Affine, Decision, Layer, Size
from rote.network.activation import SIN
from rote.typing import Floats

__all__ = ["Madden2024Deep"]

_LOW = 3
"""Dimensions up to which the first layer has sines. Ours."""

NonPolynomial: TypeAlias = Literal["tanh", "sigmoid", "gelu", "silu", "softplus", "sin", "relu"]


@final
@dataclass(frozen=True)
class Madden2024Deep(Construction):
    """A layer of random units, then pairs of units that fit the labels.

    Attributes:
        activation: What the units compute; those of the first layer may be sines instead.
        first: Units of the first layer; by default the square root of 2nk, rounded up.
        tolerance: Largest absolute error of real targets.
    """

    activation: NonPolynomial = "tanh"
    first: int | None = None
    tolerance: float | None = None

    theorem: ClassVar[Theorem] = Theorem(
        key="madden2024-deep",
        title="Two hidden layers of smooth units",
        statement="About 3 sqrt(n) units in two hidden layers fit any real labels of n points.",
        source="madden2024deep",
        number="memory capacity theorem",
        tasks=("classes", "real"),
        activations=("tanh", "sigmoid", "gelu", "silu", "softplus", "sin", "relu"),
        most_points=200,
        tight=True,
    )

    def __post_init__(self) -> None:
        if self.first is not None and self.first < 1:
            raise OptionError(f"Option 'first' must be at least 1, not {self.first}.")
        check_tolerance(self.tolerance)

    def promise(self, problem: Problem) -> Size:
        """m_1 units, then 2 ceil(n / m_1) for each output, and all their weights."""
        d, k = problem.d, problem.outputs
        first, h = self._widths(problem.n, k)
        return Size(
            depth=2,
            widths=(first, 2 * h * k),
            neurons=first + 2 * h * k,
            parameters=first * (d + 1) + 2 * h * k * (first + 1 + k) + k,
        )

    def layers(self, data: DataSet, context: Context) -> tuple[tuple[Layer, ...], Decision]:
        """Try first layers until one lets the second fit every output."""
        activation = named_activation(self.activation)
        y, decision = real_targets(data, context.dtype, self.tolerance)
        first, h = self._widths(data.n, y.shape[1])
        offset = y.mean(axis=0)
        frame, points = whitened(data.floats())
        candidates = _candidates(points, first, activation, context)
        for number, (kind, base) in enumerate(candidates):
            context.progress("first layers", number, number + 1)
            front = _front(base, frame, kind, context)
            behind, values = whitened(front(data.points.astype(context.dtype)).astype(np.float64))
            fits = _fits(values, y - offset, h, activation, context)
            if fits is None:
                continue
            rest = pair_layers(fits, offset, behind, activation, context.dtype)
            layers = (front, *rest)
            refuse_unfit(layers, decision, data, context.dtype)
            return layers, decision
        raise PrecisionError(
            f"float64 cannot fit these points with {h} pairs of {activation} units behind {first} "
            "others. Use another activation, another size of the first layer (option 'first'), or "
            "construction 'zhang2017'."
        )

    def _widths(self, n: int, k: int) -> tuple[int, int]:
        """Units of the first layer, and pairs for each output."""
        first = self.first or isqrt(2 * n * k - 1) + 1
        return first, -(-n // first)


def _candidates(
    points: Floats, first: int, activation: Activation, context: Context
) -> Iterator[tuple[Activation, Base]]:
    """First layers, the most promising first."""
    if not points.size:  # one point
        yield activation, Base(np.zeros((first, 0)), np.zeros(first))
        return
    kinds = [SIN] if points.shape[1] <= _LOW else [activation, SIN]
    for kind in dict.fromkeys(kinds):
        for base in bases(points, first, kind, context.rng):
            yield kind, base


def _front(base: Base, frame: Whitening, activation: Activation, context: Context) -> Affine:
    weight, bias = frame.fold(base.weight, base.bias)
    return Affine(weight.astype(context.dtype), bias.astype(context.dtype), activation)


def _fits(
    values: Floats, y: Floats, h: int, activation: Activation, context: Context
) -> list[Pairs] | None:
    """Pairs for every output; None if one cannot be fitted."""
    n, r = values.shape
    if h * (r + 1) < n:
        return None
    gram = gram_of_points(values)
    fits = []
    for labels in y.T:
        found = fit_output(values, gram, labels, h, activation, context.rng)
        if found is None or not found.residual <= FITTED:
            return None
        fits.append(found)
    return fits
