r"""Analytic units: not all points in general position can be given all labels.

**Theorem** [sontag1997]. Let W be the number of parameters of a family of analytic functions that
is definable with the exponential function. There is a nonempty open set of $(2 W + 2)$-tuples of
points for which some two-valued labels are out of reach.

So n points in general position are not always memorized by fewer than $(n - 1) / 2$ parameters.
Networks with about $\sqrt n$ parameters for separated points are no contradiction: some of their
points are always outside this open set, and what they need grows with the separation.
"""

from __future__ import annotations

from rote.bounds._base import Architecture, Bound, Outline, Question

__all__ = ["BOUNDS"]

_ANALYTIC = {"identity", "tanh", "sigmoid", "silu", "softplus", "power"}
"""Analytic activations that are definable with exp; the normal distribution function is not."""


def _of_outline(outline: Outline, question: Question) -> int | None:
    del question  # labels may be two-valued whatever they are
    if outline.activation is None or outline.activation.kind not in _ANALYTIC:
        return None
    return 2 * outline.parameters + 2


def _points(architecture: Architecture, question: Question) -> int | None:
    return _of_outline(architecture.with_outputs(1).outline, question)


BOUNDS = (
    Bound(
        key="sontag1997",
        title="All points in general position",
        statement="W parameters of analytic units that are definable with exp do not shatter all "
        "2 W + 2 points in general position: an open set of them is left over.",
        source="sontag1997",
        number="Theorem 1",
        constants="the paper's",
        kind="impossible-some-data",
        scope="open",
        hypotheses=("points of an open set, some of them in general position",),
        points=_points,
        of_outline=_of_outline,
    ),
)
"""For an open set of points, some labels."""
