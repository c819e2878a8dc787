"""Linear pieces of activations, of which networks on a line are made."""

from __future__ import annotations

from rote.network import Activation

__all__ = ["linear_pieces"]

_PIECES = {"identity": 1, "relu": 2, "leaky": 2, "hard-tanh": 3}


def linear_pieces(activation: Activation) -> int | None:
    """The number p of linear pieces of a continuous activation.

    Args:
        activation: The activation.

    Returns:
        p; or None if the activation is smooth or has a jump.
    """
    return _PIECES.get(activation.kind)
