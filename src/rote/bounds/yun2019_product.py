r"""Points on a line need as many linear pieces: the product bound, for any depth.

**Ours**, after Theorem 3.3 of [yun2019]. Let the activation be continuous and linear on p pieces.
If

.. math:: \prod_l \bigl( (p - 1) d_l + 1 \bigr) + 1 < n

over the hidden layers, there are n points and labels that no weights fit, whatever the number of
outputs.

*Proof.* Along a line, all units of a layer are linear between the breakpoints of the layers before,
so each of them adds at most p - 1 breakpoints to every piece: the layer multiplies the pieces by
$(p - 1) d_l + 1$ at most. All outputs, and their differences, are linear on these pieces, and
labels that change n - 1 times along the line need n - 1 of them.

With two hidden ReLU layers $(d_1 + 1)(d_2 + 1) + 1 \ge n$ is necessary, where the paper has
$2 d_1 d_2 + d_2 + 2 \ge n$. Little is lost here: a first layer of ReLUs can make $d_1$ teeth, which
a second one cuts at $d_2$ heights, into $d_1 (d_2 + 1) + 1$ pieces.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from rote.bounds._base import Architecture, Bound, Question
from rote.bounds._line import on_a_line
from rote.bounds._pieces import linear_pieces

__all__ = ["BOUNDS", "most_pieces"]

_MOST_BITS = 128
"""Numbers of points with more bits are not worth naming; there are no such data. Ours."""


def most_pieces(hidden: Sequence[int], p: int) -> int:
    """The most linear pieces along a line.

    Args:
        hidden: Units of each hidden layer.
        p: Linear pieces of the activation.

    Returns:
        The product over the layers.
    """
    return math.prod((p - 1) * width + 1 for width in hidden)


def _points(architecture: Architecture, question: Question) -> int | None:
    p = linear_pieces(architecture.activation)
    if p is None:
        return None
    if sum(math.log2((p - 1) * width + 1) for width in architecture.hidden) > _MOST_BITS:
        return None
    return on_a_line(most_pieces(architecture.hidden, p) + 2, question)


BOUNDS = (
    Bound(
        key="yun2019-product",
        title="Linear pieces along a line, any depth",
        statement="If the product of (p-1) d_l + 1 over the hidden layers, plus 1, is less than "
        "n, for an activation of p linear pieces, some n points cannot be fitted.",
        source="yun2019",
        number="ours",
        constants="ours: exact counts, no constant",
        kind="impossible-some-data",
        scope="special",
        hypotheses=("points on a line",),
        points=_points,
    ),
)
"""Our product bound."""
