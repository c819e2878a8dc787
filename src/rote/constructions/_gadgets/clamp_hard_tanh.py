"""Hard-tanh units as hard tanhs: one for each, saturating without rounding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from rote.constructions._gadgets.clamp import Clamp, Clipped, Ramps, first_layer
from rote.constructions._gadgets.slots import Groups
from rote.constructions._gadgets.split import Rule
from rote.constructions._gadgets.zigzag import signs
from rote.network import Activation, Affine
from rote.network.activation import HARD_TANH
from rote.typing import DType, Floats

__all__ = ["HardTanhClamp"]


@final
@dataclass(frozen=True)
class HardTanhClamp(Clamp):
    """One unit for each group and slot."""

    @property
    def activation(self) -> Activation:
        """Hard-tanh."""
        return HARD_TANH

    @property
    def rule(self) -> Rule:
        """One unit for each."""
        return Rule(first=1, second=1, step=2 if self.even else 1)

    @property
    def saturates(self) -> bool:
        """Yes."""
        return True

    def ramps(self, knots: Floats, dtype: DType) -> Ramps:
        """Units that rise in even groups and fall in odd ones."""
        sign, width = signs(len(knots) - 1), np.diff(knots)
        weight = (sign * 2 / width).astype(dtype, copy=False)
        bias = (-sign * (knots[:-1] + knots[1:]) / width).astype(dtype, copy=False)
        return _Ramps(
            layers=(Affine(weight[:, None], bias, HARD_TANH),),
            width=np.full(len(sign), 2.0),
            sign=sign[:, None],
        )

    def clip(self, weight: Floats, bias: Floats, facing: Floats, dtype: DType) -> Clipped:
        """One layer of the functions themselves."""
        layer = Affine(weight.astype(dtype, copy=False), bias.astype(dtype), HARD_TANH)
        return Clipped((layer,), np.ones((len(facing), 1)), np.zeros(len(facing)))


@final
@dataclass(frozen=True, eq=False)
class _Ramps(Ramps):
    """Ramp j goes from -s_j to s_j, so all weights are rates.

    Attributes:
        sign: The s_j, shape (p, 1).
    """

    sign: Floats

    def y(self, groups: Groups) -> Floats:
        """How far the ramp has come."""
        return 1 + self.sign[groups.part] * first_layer(self, groups)

    def weights(self, start: Floats, rate: Floats) -> tuple[Floats, Floats]:
        """The rates, and the value where all ramps are at their beginning."""
        return np.moveaxis(rate, 0, 2), start + np.einsum("j,jkq->kq", signs(len(rate)), rate)
