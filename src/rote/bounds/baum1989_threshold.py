r"""Threshold networks: the closed form of their VC dimension.

**Corollary 2** [baum1989]. A network of $N \ge 2$ threshold units (the output is one of them) with
W weights and thresholds has a VC dimension of at most $2 W \log_2(e N)$.

*Idea.* A unit with w weights computes at most $(e m / w)^w$ dichotomies of the m inputs that it
sees; the product over the units is at most $(N e m / W)^W$, by convexity.

Counting by Cover's sum, unit by unit (``cover1965``), gives about two thirds of it.
"""

from __future__ import annotations

import math

from rote.bounds._base import Architecture, Bound, Question

__all__ = ["BOUNDS", "vc_dimension"]


def vc_dimension(weights: int, units: int) -> float:
    """The upper bound of the VC dimension.

    Args:
        weights: Weights and thresholds W.
        units: Threshold units N, at least 2, the output among them.

    Returns:
        2 W log2(e N).
    """
    return 2 * weights * math.log2(math.e * units)


def _points(architecture: Architecture, question: Question) -> int | None:
    if architecture.activation.kind != "threshold" or not architecture.hidden:
        return None
    del question  # labels may be two-valued whatever they are
    single = architecture.with_outputs(1)
    return math.floor(vc_dimension(single.parameters, sum(single.hidden) + 1)) + 1


BOUNDS = (
    Bound(
        key="baum1989",
        title="VC dimension of threshold networks",
        statement="N threshold units with W weights have a VC dimension of at most 2 W log2(e N).",
        source="baum1989",
        number="Corollary 2",
        constants="the paper's",
        kind="impossible-some-data",
        points=_points,
    ),
)
"""For every n points, some labels."""
