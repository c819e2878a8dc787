r"""Points on a line: a threshold network needs a first-layer unit for every change of label.

**Ours**, in the way of Theorem 3.3 of [yun2019]. If the first hidden layer of threshold units has
$m_1 < n - 1$ of them, there are n points and labels that no weights fit, whatever the layers
behind.

*Proof.* Along a line every unit of the first layer changes once, so the network is constant on at
most $m_1 + 1$ intervals (a point at which a unit changes belongs to one of its two sides). Labels
that change n - 1 times need n of them.
"""

from __future__ import annotations

from rote.bounds._base import Architecture, Bound, Question
from rote.bounds._line import on_a_line

__all__ = ["BOUNDS"]


def _points(architecture: Architecture, question: Question) -> int | None:
    if architecture.activation.kind != "threshold" or not architecture.hidden:
        return None
    return on_a_line(architecture.hidden[0] + 2, question)


BOUNDS = (
    Bound(
        key="threshold-line",
        title="Threshold units along a line",
        statement="If the first layer has fewer than n - 1 threshold units, some n points cannot "
        "be fitted.",
        source="yun2019",
        number="ours",
        constants="ours: exact counts, no constant",
        kind="impossible-some-data",
        scope="special",
        hypotheses=("points on a line",),
        points=_points,
    ),
)
"""For points on a line, alternating labels."""
