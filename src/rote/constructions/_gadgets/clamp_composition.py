r"""ReLUs one behind the other as hard tanhs, $1 - \mathrm{clip}(t) = \sigma(2 - \sigma(t + 1))$.

One ReLU for each, but in two layers instead of one. It is exactly 2 for $t \le -1$ and 0 for
$t \ge 1$, in every arithmetic, whatever the error of t beyond [park2021, footnote 5].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from rote.constructions._gadgets.clamp import Clamp, Clipped, Ramps, first_layer
from rote.constructions._gadgets.slots import Groups
from rote.constructions._gadgets.split import Rule
from rote.constructions._gadgets.zigzag import signs
from rote.network import Activation, Affine
from rote.network.activation import RELU
from rote.typing import DType, Floats

__all__ = ["CompositionClamp"]


@final
@dataclass(frozen=True)
class CompositionClamp(Clamp):
    """One ReLU for each group and slot, in two layers each."""

    @property
    def activation(self) -> Activation:
        """ReLU."""
        return RELU

    @property
    def rule(self) -> Rule:
        """One unit for each, and every layer twice."""
        return Rule(first=1, second=1, step=2 if self.even else 1, repeat=2)

    @property
    def saturates(self) -> bool:
        """Yes."""
        return True

    def ramps(self, knots: Floats, dtype: DType) -> Ramps:
        """Units that are 2 on the side of a group with fewer points, and 0 on the other."""
        width, p = np.diff(knots), len(knots) - 1
        facing = np.where(np.arange(p) < p // 2, 1.0, -1.0)
        weight = (facing * 2 / width).astype(dtype)
        bias = (1 - facing * (knots[:-1] + knots[1:]) / width).astype(dtype)
        return _Ramps(
            layers=(Affine(weight[:, None], bias, RELU), _second(p, dtype)),
            width=np.full(p, 2.0),
            facing=facing[:, None],
        )

    def clip(self, weight: Floats, bias: Floats, facing: Floats, dtype: DType) -> Clipped:
        """Two layers, of which the second is 0 or 2 wherever a function is clipped."""
        # What is mostly below -1 is turned over, to be mostly 0.
        first = Affine(
            (-facing[:, None] * weight).astype(dtype), (1 - facing * bias).astype(dtype), RELU
        )
        return Clipped((first, _second(len(facing), dtype)), facing[:, None], -facing)


@final
@dataclass(frozen=True, eq=False)
class _Ramps(Ramps):
    """Ramp j is 1 - clip in the first half, and 1 + clip in the second.

    Attributes:
        facing: 1 in the first half, and -1 in the second, shape (p, 1).
    """

    facing: Floats

    def y(self, groups: Groups) -> Floats:
        """How far the ramp has come, in one direction or the other."""
        inside = first_layer(self, groups)
        return np.where(self.facing[groups.part] > 0, inside, 2 - inside)

    def weights(self, start: Floats, rate: Floats) -> tuple[Floats, Floats]:
        """The rates with their signs, and what groups of the first half add where they are 0."""
        half = len(rate) // 2
        slope = rate * signs(len(rate))[:, None, None]
        bias = start + 2 * slope[:half].sum(axis=0)
        slope[:half] *= -1
        return np.moveaxis(slope, 0, 2), bias


def _second(units: int, dtype: DType) -> Affine:
    """The layer that turns max(t, 0) into max(2 - t, 0)."""
    return Affine(-np.eye(units, dtype=dtype), np.full(units, 2, dtype), RELU)
