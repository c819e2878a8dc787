r"""The least total weight of a two-layer ReLU network that fits random signs: c sqrt(n).

**Theorem** [bubeck2020], with our constant. Let $x_1, \dots, x_n$ be any points of norm at most R,
and $y_i = \pm 1$ independent and uniform. Every $f(x) = \sum_l a_l\,\sigma(w_l \cdot x - b_l)$ with
$|f - y|^2 \le \epsilon |y|^2$ has a total weight $W = \sum_l |a_l| \sqrt{|w_l|^2 + b_l^2}$ of at
least

.. math:: W \ge \frac{(1 - \sqrt\epsilon)\, n}{S}, \qquad
          S = \sup_{|(w, b)| \le 1} \Bigl| \sum_i y_i\, \sigma(w \cdot x_i - b) \Bigr| .

*Proof.* $\langle f, y \rangle \ge |y|^2 - |f - y|\,|y| \ge (1 - \sqrt\epsilon) n$, and each unit
contributes at most its weight times S. By contraction
$E\,S \le 2 E\,|\sum_i y_i (x_i, -1)| \le 2 \sqrt{n (R^2 + 1)}$, so by Jensen's inequality
$E\,W \ge c \sqrt n$ with $c = (1 - \sqrt\epsilon) / (2 \sqrt{R^2 + 1})$: 0.103 for R = 1 and
$\epsilon = 1/2$. One sign changes S by at most $2 \sqrt{R^2 + 1}$, so by McDiarmid's inequality S
exceeds its mean by $\sqrt{2 n (R^2 + 1) \ln(1/\eta)}$ with probability at most $\eta$. A constant c
added to f counts as a unit of weight |c|. If labels are read by the sign, with a margin of 1 at
every point, $\langle f, y \rangle \ge n$, which is the case $\epsilon = 0$.
"""

from __future__ import annotations

import math

from rote.bounds._base import Architecture, Bound, Question
from rote.bounds._counting import first_beyond
from rote.errors import OptionError

__all__ = ["BOUNDS", "least_total_weight"]


def least_total_weight(
    n: int, *, epsilon: float = 0.5, radius: float = 1.0, failure: float | None = None
) -> float:
    """A lower bound of the total weight of every network that fits n random signs.

    Args:
        n: Number of points.
        epsilon: Relative squared error that is allowed, in [0, 1).
        radius: Largest norm of a point.
        failure: Probability, over the signs, with which the bound may fail; None bounds the
            expectation of the least total weight instead.

    Returns:
        The bound: a constant times the square root of n.

    Raises:
        OptionError: If an argument has no meaning.
    """
    if n < 1:
        raise OptionError(f"Argument 'n' must be at least 1, not {n}.")
    if not 0 <= epsilon < 1:
        raise OptionError(f"Argument 'epsilon' must lie in [0, 1), not {epsilon}.")
    if not 0 <= radius < math.inf:
        raise OptionError(f"Argument 'radius' must be finite and at least 0, not {radius}.")
    if failure is not None and not 0 < failure < 1:
        raise OptionError(f"Argument 'failure' must lie in (0, 1), not {failure}.")
    deviations = 0.0 if failure is None else math.sqrt(2 * math.log(1 / failure))
    largest = math.sqrt(n * (radius**2 + 1)) * (2 + deviations)
    return (1 - math.sqrt(epsilon)) * n / largest


def _points(architecture: Architecture, question: Question) -> int | None:
    limit = question.total_weight
    if limit is None or question.classes not in (2, None) or question.distributions:
        return None
    if architecture.activation.kind != "relu" or len(architecture.hidden) != 1:
        return None
    if architecture.outputs != 1:
        return None
    # W >= n / (c sqrt(n)): the limit is passed at n = (c limit)^2.
    c = 1 / least_total_weight(1, epsilon=0, failure=question.failure)
    return first_beyond(lambda n: c * limit * math.sqrt(n), 1.0)


BOUNDS = (
    Bound(
        key="bubeck2020-total-weight",
        title="Total weight of two layers",
        statement="Two-layer ReLU networks of total weight W fit n random signs with a margin of 1 "
        "only if W >= sqrt(n) / (sqrt(2) (2 + sqrt(2 ln(1/eta)))).",
        source="bubeck2020",
        number="ours",
        constants="ours",
        kind="impossible-random-labels",
        hypotheses=("points of the unit ball", "a largest total weight", "a margin of 1"),
        points=_points,
    ),
)
"""For every n points of the unit ball, random signs."""
