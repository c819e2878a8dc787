r"""Whether a promised network is a special case of an architecture.

A network of hidden widths $w_1, \dots, w_l$ is one of hidden widths $m_1, \dots, m_L$ with
$L \ge l$ if its layers can be put into l of the L in order, each at least as wide, and the others
can hand on what they receive:

- before the first, the d inputs;
- between, the values of the units before;
- behind the last, those, or the outputs alone, of which there are as many as the label needs.

Units that are too many get weights 0. A unit hands a number on exactly where its activation is
linear on an interval (bounded numbers are shifted and scaled into it), a threshold hands on 0 or 1,
and a smooth unit hands on with any accuracy (small numbers, times a large weight behind): classes
stay right, and real labels are met within any tolerance. Linear layers of the promised network are
merged into the next.
"""

from __future__ import annotations

from collections.abc import Sequence

from rote.bounds import Architecture
from rote.network import Size

__all__ = ["fits_inside", "hidden_widths"]

_MOST_STATES = 20_000
"""Pairs of layers up to which all orders are looked at; beyond, the layers come first. Ours."""


def hidden_widths(size: Size) -> tuple[int, ...] | None:
    """The hidden widths that a size promises, or None if it is silent about them."""
    if size.depth == 0:
        return ()
    if size.widths is None and size.depth == 1 and size.neurons is not None:
        return (size.neurons,)
    return size.widths


def fits_inside(
    promised: Size, architecture: Architecture, read: int, *, binary: bool = False
) -> bool:
    """Whether the architecture can do whatever the promised network does.

    Args:
        promised: A promised size.
        architecture: The widths to fit into.
        read: Numbers that are computed from its last hidden layer: outputs.
        binary: Whether all that is asked of them is a sign, which a threshold can hand on.

    Returns:
        True if so; False if not, or if the promise is silent about widths.
    """
    needed, room = hidden_widths(promised), architecture.hidden
    if needed is None or len(needed) > len(room):
        return False
    threshold = architecture.activation.kind == "threshold"
    # What a layer must hand on between the layers used; a threshold cannot hand on real numbers.
    inputs = None if threshold else architecture.inputs
    last = needed[-1] if needed else inputs
    outputs = last if threshold and not binary else min(read, last or read)
    through = [inputs, *needed[:-1], outputs] if needed else [outputs]
    spare = room[len(needed) :]
    if all(a <= b for a, b in zip(needed, room, strict=False)):
        behind = through[-1]
        if behind is not None and all(behind <= m for m in spare):
            return True
    return len(room) * len(needed) <= _MOST_STATES and _in_some_layers(needed, room, through)


def _in_some_layers(
    needed: Sequence[int], room: Sequence[int], through: Sequence[int | None]
) -> bool:
    """Whether some layers take the needed ones in order, and the others hand on."""
    used = {0}  # how many of the needed layers have been put somewhere
    for m in room:
        onward = {k for k in used if (hand := through[k]) is not None and hand <= m}
        used = onward | {k + 1 for k in used if k < len(needed) and needed[k] <= m}
    return len(needed) in used
