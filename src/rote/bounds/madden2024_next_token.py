r"""Next-token prediction: n distributions over zeta tokens take n (zeta - 1) parameters.

**Upper bound** [madden2024next]. A model with W parameters whose outputs are read by a softmax over
$\zeta$ tokens can give almost no n distinct contexts arbitrary next-token distributions if
$n (\zeta - 1) > W$.

*Proof.* A distribution with positive entries is $\zeta - 1$ real numbers, the differences of
logits; Sard's theorem. For one transformer layer the paper shows that a number of parameters of
this order suffices.

*Ours:* for fully connected networks, homogeneous units and the shift of all logits are taken off
the parameters.
"""

from __future__ import annotations

from rote.bounds._base import Architecture, Bound, Outline, Question
from rote.bounds._dimension import dimensions

__all__ = ["BOUNDS"]


def _points(architecture: Architecture, question: Question) -> int | None:
    if not question.distributions or question.classes is None:
        return None
    differences = question.classes - 1
    return dimensions(architecture.with_outputs(differences)) // differences + 1


def _of_outline(outline: Outline, question: Question) -> int | None:
    if not question.distributions or question.classes is None:
        return None
    return outline.parameters // (question.classes - 1) + 1


BOUNDS = (
    Bound(
        key="madden2024-next-token",
        title="Parameters against next-token distributions",
        statement="Almost no n distributions over zeta tokens can be fitted with fewer than "
        "n (zeta - 1) parameters.",
        source="madden2024next",
        number="upper bound",
        constants="the paper's: exact counts; homogeneous units and the shift of logits ours",
        kind="impossible-almost-all-real-labels",
        points=_points,
        of_outline=_of_outline,
    ),
)
"""For every n contexts, almost all distributions."""
