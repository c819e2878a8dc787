r"""Real labels: no more than there are parameters.

**Ours**, after the upper bound of [madden2024]. For any n points and almost all labels in $R^k$,
the network's values can equal them at all points only if $n k$ is at most the number of dimensions
that its parameters fill: W in general, W less the number of hidden units if these are
homogeneous, and less again for threshold units and polynomials (``rote.bounds._dimension``).

*Proof.* Sard's theorem, on each of the finitely many pieces on which the values are smooth in the
parameters.
"""

from __future__ import annotations

from rote.bounds._base import Architecture, Bound, Outline, Question
from rote.bounds._dimension import dimensions

__all__ = ["BOUNDS"]


def _points(architecture: Architecture, question: Question) -> int | None:
    if question.classes is not None:
        return None
    return dimensions(architecture) // architecture.outputs + 1


def _of_outline(outline: Outline, question: Question) -> int | None:
    if question.classes is not None:
        return None
    return outline.parameters // outline.outputs + 1


BOUNDS = (
    Bound(
        key="generic-labels",
        title="Parameters against real labels",
        statement="Almost no labels of n points in R^k can be fitted with fewer than n k "
        "parameters, not counting one for each homogeneous unit.",
        source="madden2024",
        number="ours",
        constants="ours: exact counts, no constant",
        kind="impossible-almost-all-real-labels",
        points=_points,
        of_outline=_of_outline,
    ),
)
"""For every n points, almost all real labels."""
