r"""Sigmoids: the growth function by way of Pfaffian functions.

**Theorem** [karpinski1997], in the form of Theorem 8.13 of [anthony1999]. Let the units be
logistic sigmoids, k of them with the output, which is read by its sign, and W parameters. On
$m \ge W$ points the signs take at most

.. math:: \Pi(m) \le 2^{(W k)^2 / 2} (18 W k^2)^{5 W k} \left( \frac{e m}{W} \right)^W

values, so the VC dimension is at most $(W k)^2 + 11 W k \log_2(18 W k^2)$.

A tanh is the sigmoid $2 \sigma(2 t) - 1$, and its factor and shift go into the weights behind it.

*Ours:* the inequality $\Pi(m) < 2^m$ is solved numerically, which gives about half of the closed
form. Where only W is known, $k \le 1 + W / 2$: a hidden unit has a weight and a bias.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from rote.bounds._base import Architecture, Bound, Outline, Question
from rote.bounds._counting import first_beyond, random_labels
from rote.network import Activation

__all__ = ["BOUNDS", "closed_form", "log2_growth"]


def log2_growth(W: int, k: int) -> Callable[[int], float]:
    """The logarithm of the growth function, for m of at least W.

    Args:
        W: Parameters.
        k: Units, the output among them.

    Returns:
        A function of m; below W, where the theorem is silent, m itself.
    """
    fixed = (W * k) ** 2 / 2 + 5 * W * k * math.log2(18 * W * k**2)
    return lambda m: min(float(m), fixed + W * math.log2(math.e * m / W)) if m >= W else float(m)


def closed_form(W: int, k: int) -> float:
    """The book's upper bound of the VC dimension, arguments as in :func:`log2_growth`."""
    return (W * k) ** 2 + 11 * W * k * math.log2(18 * W * k**2)


def _sigmoidal(activation: Activation | None) -> bool:
    return activation is not None and activation.kind in ("sigmoid", "tanh")


def _growth(architecture: Architecture, comparisons: int) -> Callable[[int], float]:
    """Comparisons come out in at most as many ways as the product of each alone."""
    single = architecture.with_outputs(1)
    bits = log2_growth(single.parameters, sum(single.hidden) + 1)
    return lambda m: comparisons * bits(m)


def _some(architecture: Architecture, question: Question) -> int | None:
    if not _sigmoidal(architecture.activation):
        return None
    del question  # labels may be two-valued whatever they are
    return first_beyond(_growth(architecture, 1), 1.0)


def _random(architecture: Architecture, question: Question) -> int | None:
    if not _sigmoidal(architecture.activation):
        return None
    return random_labels(architecture, question, _growth)


def _of_outline(outline: Outline, question: Question) -> int | None:
    W = outline.parameters
    del question
    if not _sigmoidal(outline.activation) or outline.depth is None or W < 1:
        return None
    return first_beyond(log2_growth(W, 1 + W // 2), 1.0)


_STATEMENT = (
    "k sigmoids with W parameters have on m points at most "
    "2^((W k)^2 / 2) (18 W k^2)^(5 W k) (e m / W)^W sign vectors"
)
_CONSTANTS = "those of Theorem 8.13 of Anthony and Bartlett 1999; solved numerically"

BOUNDS = (
    Bound(
        key="karpinski1997",
        title="Signs of sigmoidal networks",
        statement=f"{_STATEMENT}: fewer than there are labels.",
        source="karpinski1997",
        number="Theorem 8.13 of anthony1999",
        constants=_CONSTANTS,
        kind="impossible-some-data",
        points=_some,
        of_outline=_of_outline,
    ),
    Bound(
        key="karpinski1997-random",
        title="Signs of sigmoidal networks, random labels",
        statement=f"{_STATEMENT}: less than eta times the number of labels.",
        source="karpinski1997",
        number="Theorem 8.13 of anthony1999",
        constants=_CONSTANTS,
        kind="impossible-random-labels",
        points=_random,
    ),
)
"""For every n points: some labels, and random ones."""
