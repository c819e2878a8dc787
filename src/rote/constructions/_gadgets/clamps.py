"""The clamp that options ask for."""

from __future__ import annotations

from typing import Literal, TypeAlias

from rote.constructions._gadgets.clamp import Clamp
from rote.constructions._gadgets.clamp_composition import CompositionClamp
from rote.constructions._gadgets.clamp_difference import DifferenceClamp
from rote.constructions._gadgets.clamp_hard_tanh import HardTanhClamp
from rote.errors import OptionError
from rote.network.activation import RELU, leaky

__all__ = ["Condition", "Unit", "advice_for", "clamp_of"]

Unit: TypeAlias = Literal["hard-tanh", "relu", "leaky"]
"""Activations of [yun2019]: hard-tanh, and the ReLU-like ones."""

Condition: TypeAlias = Literal["paper", "sharp"]
"""The condition of the paper, or ours."""


def clamp_of(
    activation: Unit, slope: float, condition: Condition, *, composition: bool = False
) -> Clamp:
    """The clamp of a construction's options.

    Args:
        activation: The units.
        slope: Slope of leaky ReLUs on the negative side, in [0, 1).
        condition: The paper's proof takes even numbers of groups and slots, and two ReLUs for each.
        composition: Whether ReLUs stand one behind the other.

    Returns:
        The clamp.

    Raises:
        OptionError: If the slope is not in [0, 1), or other units than ReLUs are to be composed.
    """
    even = condition == "paper"
    if not 0 <= slope < 1:
        raise OptionError(f"Option 'slope' must lie in [0, 1), not {slope}.")
    unit = leaky(slope)
    if composition:
        if activation != "relu":
            raise OptionError(
                f"Only activation 'relu' is clamped by composition, not {activation!r}."
            )
        return CompositionClamp(even)
    if activation == "hard-tanh":
        return HardTanhClamp(even)
    return DifferenceClamp(even, RELU if activation == "relu" else unit)


def advice_for(clamp: Clamp) -> str:
    """What to try where rounding is too much for a clamp; empty if it rounds as little as can be.

    Args:
        clamp: The clamp.

    Returns:
        One sentence.
    """
    if clamp.saturates:
        return ""
    if clamp.activation == RELU:
        return "Take composition=true, for ReLUs one behind the other, or activation='hard-tanh'."
    return "Take activation='hard-tanh', or 'relu' with composition=true."
