r"""Differences of ReLU-like units as hard tanhs.

With slopes 1 and $s \in [0, 1)$ of the unit $\sigma$,

.. math:: \sigma(c - a) - \sigma(c - b) = s (b - a) + (1 - s)\,\mathrm{clip}(c - a, 0, b - a),

and $(1 - s)\,\mathrm{clip}(t) = \sigma(t + 1) - \sigma(t - 1) - (1 + s)$. The paper takes two units
for each. *Ours:* neighbouring groups share the unit of the knot between them, so p groups need p
units, and the outermost ramps stay open; units face away from the middle, so that they are off, or
small, for most points; and a linear layer takes the differences before large weights multiply them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from rote.constructions._gadgets.clamp import Clamp, Clipped, Ramps
from rote.constructions._gadgets.slots import Groups
from rote.constructions._gadgets.split import Rule
from rote.constructions._gadgets.zigzag import signs
from rote.network import Activation, Affine
from rote.network.activation import RELU
from rote.typing import DType, Floats

__all__ = ["DifferenceClamp"]


@final
@dataclass(frozen=True)
class DifferenceClamp(Clamp):
    """Two units for each slot, and two for each group, or one if groups share.

    Attributes:
        unit: ReLU or leaky ReLU.
        even: Whether numbers are even and every ramp has two units of its own, as in the paper.
    """

    unit: Activation = RELU

    @property
    def activation(self) -> Activation:
        """ReLU or leaky ReLU."""
        return self.unit

    @property
    def rule(self) -> Rule:
        """Two units for each, or one for groups that share; and a linear layer."""
        first, step = (2, 2) if self.even else (1, 1)
        return Rule(first=first, second=2, step=step, linear=True)

    @property
    def saturates(self) -> bool:
        """No: beyond 1 the two units are large, and only their difference is 1."""
        return False

    def ramps(self, knots: Floats, dtype: DType) -> Ramps:
        """Units with their kinks at the knots, and their differences."""
        knots = knots.astype(dtype).astype(np.float64)
        place, facing, difference = (_own_units if self.even else _shared_units)(knots)
        hidden = Affine(facing[:, None].astype(dtype), (-facing * place).astype(dtype), self.unit)
        linear = Affine(difference.astype(dtype), np.zeros(len(difference), dtype))
        return _Ramps(
            layers=(hidden, linear),
            width=np.diff(knots),
            knots=knots,
            slope=self.unit.parameter,
            open_ends=not self.even,
        )

    def clip(self, weight: Floats, bias: Floats, facing: Floats, dtype: DType) -> Clipped:
        """One layer of pairs, off below -1 where ``facing`` is 1, and above 1 where it is -1."""
        s = self.unit.parameter
        shifted = (bias * facing)[:, None] + np.array([1.0, -1.0])
        layer = Affine(
            np.repeat(weight * facing[:, None], 2, axis=0).astype(dtype),
            shifted.ravel().astype(dtype),
            self.unit,
        )
        coefficient = facing[:, None] * np.array([1.0, -1.0]) / (1 - s)
        return Clipped((layer,), coefficient, -facing * (1 + s) / (1 - s))


def _facing(p: int) -> Floats:
    """-1 for the ramps of the first half, which look left, and 1 for the others."""
    return np.where(np.arange(p) < p // 2, -1.0, 1.0)


def _own_units(knots: Floats) -> tuple[Floats, Floats, Floats]:
    """Kinks (2p,), where their units look to, and the differences of pairs (p, 2p)."""
    facing = _facing(len(knots) - 1)
    difference: Floats = np.kron(np.diag(facing), np.array([[1.0, -1.0]]))
    return np.repeat(knots, 2)[1:-1], np.repeat(facing, 2), difference


def _shared_units(knots: Floats) -> tuple[Floats, Floats, Floats]:
    """Kinks (p,), where their units look to, and the differences of neighbours (p, p)."""
    p = len(knots) - 1
    facing = _facing(p)
    left, right = np.arange(1, p // 2), np.arange(p // 2, p - 1)
    difference = np.eye(p)
    difference[left, left - 1] = -1
    difference[right, right + 1] = -1
    return np.where(facing < 0, knots[1:], knots[:-1]), facing, difference


@final
@dataclass(frozen=True, eq=False)
class _Ramps(Ramps):
    """A ramp goes from s w to w, if it is not an open end.

    Attributes:
        knots: Ends of the groups, shape (p + 1,).
        slope: That of units on the negative side.
        open_ends: Whether the outermost ramps go on beyond their group.
    """

    knots: Floats
    slope: float
    open_ends: bool

    def y(self, groups: Groups) -> Floats:
        """How far it is from the knot."""
        return groups.at - self.knots[groups.part, None]

    def weights(self, start: Floats, rate: Floats) -> tuple[Floats, Floats]:
        """Slopes, less what open ends add to all of them; and the value at the middle knot."""
        p, s = len(rate), self.slope
        middle = p // 2
        slope = rate * signs(p)[:, None, None]
        tilt = np.zeros_like(start)  # what the open ends add to all slopes, over s
        if self.open_ends:
            tilt = (slope[0] + slope[-1]) / (1 + s) if p > 1 else slope[0]
        at_middle = s * self.width  # value of each ramp at the middle knot
        if self.open_ends:
            at_middle[-1] = s * (self.knots[middle] - self.knots[-2])
            if p > 1:
                at_middle[0] = s * (self.knots[1] - self.knots[middle])
        weight = _facing(p)[:, None, None] * (slope - s * tilt) / (1 - s)
        value = start + np.einsum("j,jkq->kq", self.width[:middle], slope[:middle])
        return np.moveaxis(weight, 0, 2), value - np.einsum("j,jkq->kq", at_middle, weight)
