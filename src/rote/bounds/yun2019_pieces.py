r"""Points on a line need as many linear pieces: the necessary sizes of two and three layers.

**Theorem 3.3** [yun2019]. Let the activation be continuous and linear on p pieces, and the network
have one output. If

* 2 layers (one hidden): $(p - 1) d_1 + 2 < n$, or
* 3 layers (two hidden): $p (p - 1) d_1 d_2 + (p - 1) d_2 + 2 < n$,

there are n points and labels that no weights fit.

*Proof.* Let $x_i = i\,v$ and $y_i = (-1)^i$. Along the line the network is a function of one
variable with at most $(p - 1) d_1 + 1$, or $p (p - 1) d_1 d_2 + (p - 1) d_2 + 1$, linear pieces.
Labels that change n - 1 times need n - 1 pieces, since no piece passes a threshold twice.

The data set is ``rote.data.generate.generate("collinear", n, d)``. Nothing follows for points in
general position.
"""

from __future__ import annotations

from rote.bounds._base import Architecture, Bound, Question
from rote.bounds._line import on_a_line
from rote.bounds._pieces import linear_pieces

__all__ = ["BOUNDS", "most_pieces"]


def most_pieces(d1: int, d2: int | None, p: int) -> int:
    """The paper's bound of the linear pieces along a line.

    Args:
        d1: Units of the first hidden layer.
        d2: Units of the second, or None if there is none.
        p: Linear pieces of the activation.

    Returns:
        The most pieces that a network with one output can have.
    """
    if d2 is None:
        return (p - 1) * d1 + 1
    return p * (p - 1) * d1 * d2 + (p - 1) * d2 + 1


def _points(architecture: Architecture, question: Question) -> int | None:
    p, hidden = linear_pieces(architecture.activation), architecture.hidden
    if p is None or not 1 <= len(hidden) <= 2 or architecture.outputs > 1:
        return None
    pieces = most_pieces(hidden[0], hidden[1] if len(hidden) == 2 else None, p)
    return on_a_line(pieces + 2, question)


BOUNDS = (
    Bound(
        key="yun2019-pieces",
        title="Linear pieces along a line, two and three layers",
        statement="If (p-1) d_1 + 2 < n (one hidden layer) or p (p-1) d_1 d_2 + (p-1) d_2 + 2 < n "
        "(two), for an activation of p linear pieces, some n points cannot be fitted.",
        source="yun2019",
        number="Theorem 3.3",
        constants="the paper's",
        kind="impossible-some-data",
        scope="special",
        hypotheses=("points on a line",),
        points=_points,
    ),
)
"""Theorem 3.3 for networks with one output."""
