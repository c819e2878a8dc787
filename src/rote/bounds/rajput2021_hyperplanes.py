r"""The least first layer of a threshold network for separated points: about pi/delta units.

**Lower bound** [rajput2021], in our form. On a circle of radius R there are

.. math:: m = \min\Bigl(n, \Bigl\lfloor \frac{\pi}{\arcsin(\delta / 2R)} \Bigr\rfloor\Bigr)

points with distances of at least $\delta$, and labels for them, such that every threshold network
that computes the labels has at least $\lfloor m/2 \rfloor$ units in its first hidden layer.

*Proof.* m points at equal angles around the circle have the distance
$2 R \sin(\pi/m) \ge \delta$. Label them alternately; if m is odd one pair of neighbours is alike,
and m - 1 pairs are not. The first layer must part each of these. A hyperplane meets the circle in
at most two points, or holds all of it, so it parts at most two of the pairs.
"""

from __future__ import annotations

import math

from rote.bounds._base import Architecture, Bound, Question
from rote.errors import OptionError

__all__ = ["BOUNDS", "least_hyperplanes"]


def least_hyperplanes(n: int, separation: float, *, radius: float = 1.0) -> int:
    """First-layer units that some n points with a least distance need.

    Args:
        n: Number of points.
        separation: Least distance between two of them.
        radius: Radius of a ball, of dimension 2 or more, that holds them.

    Returns:
        A number of units that no fewer can replace for the worst points and labels.

    Raises:
        OptionError: If an argument has no meaning.
    """
    if n < 1:
        raise OptionError(f"Argument 'n' must be at least 1, not {n}.")
    if not 0 < radius < math.inf:
        raise OptionError(f"Argument 'radius' must be positive and finite, not {radius}.")
    if not 0 < separation <= 2 * radius:
        raise OptionError(f"Argument 'separation' must lie in (0, 2 * radius], not {separation}.")
    # Separations count as met within a relative error of 1e-12, so that a hexagon is one in floats.
    fit = math.floor(math.pi / math.asin(separation / (2 * radius)) * (1 + 1e-12))
    return min(n, fit) // 2


def _points(architecture: Architecture, question: Question) -> int | None:
    if architecture.activation.kind != "threshold" or not architecture.hidden:
        return None
    if question.separation is None or architecture.inputs < 2:
        return None
    n = 2 * (architecture.hidden[0] + 1)
    return n if least_hyperplanes(n, question.separation) == n // 2 else None


BOUNDS = (
    Bound(
        key="rajput2021-hyperplanes",
        title="Threshold units around a circle",
        statement="If the first layer has fewer than m / 2 threshold units, m = min(n, floor(pi / "
        "arcsin(delta / 2))), some n points of the unit ball at distances of delta cannot be "
        "fitted.",
        source="rajput2021",
        number="ours",
        constants="ours",
        kind="impossible-some-data",
        scope="special",
        hypotheses=("points on a circle", "a known separation delta"),
        points=_points,
    ),
)
"""For points on a circle, alternating labels."""
