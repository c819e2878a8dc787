r"""How many dichotomies of points a threshold unit computes, and how many points units can fit.

**Theorem** [cover1965]. Of the $2^n$ dichotomies of n points in general position in $R^d$, exactly

.. math:: C(n, d + 1) = 2 \sum_{k=0}^{d} \binom{n-1}{k}

are computed by one threshold unit with a bias; of points in any position, at most that many.

So a unit of a network sees inputs of fan-in d, which may take any position, and computes at most
$C(n, d + 1)$ functions of n given points, whatever its weights. A network of threshold units
computes at most the product over its units, each counted for every choice of the units below it.
If that is less than $2^n$, some labels of every n points are out of reach.

*Ours:* C classes are read off k outputs by comparisons, c of them at each point: c n hyperplanes
in the space of the $w = (m + 1) k$ weights of the last layer, not all through the origin, which
they cut into at most $\sum_{j \le w} \binom{c n}{j} = C(c n + 1, w + 1) / 2$ cells.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

from rote.bounds._base import Architecture, Bound, Question
from rote.bounds._counting import random_labels, some_labels
from rote.errors import OptionError

__all__ = ["BOUNDS", "dichotomies", "log2_dichotomies", "log2_growth"]

_EXACT = 64
"""Features up to which the sum is taken over integers: beyond, floats are faster. Ours."""

_TERMS = 10_000
"""Terms added up one by one. Ours."""

_TAIL = 1e-18
"""Share of the largest term below which the terms left are bounded by a geometric series."""


def dichotomies(n: int, d: int) -> int:
    """Dichotomies of n points in general position in d dimensions by one unit with a bias.

    Args:
        n: Number of points, at least 1.
        d: Number of features, at least 1.

    Returns:
        The exact number; an upper bound for points in any position.

    Raises:
        OptionError: If an argument is less than 1.
    """
    _check(n, d)
    if n <= d + 1:
        return 1 << n
    term, total = 1, 1
    for k in range(1, d + 1):
        term = term * (n - k) // k
        total += term
    return 2 * total


def log2_dichotomies(n: int, d: int) -> float:
    """Base-2 logarithm of :func:`dichotomies`, rounded up.

    Args:
        n: Number of points, at least 1.
        d: Number of features, at least 1.

    Returns:
        An upper bound, within a relative error of 1e-9, of the logarithm.

    Raises:
        OptionError: If an argument is less than 1.
    """
    _check(n, d)
    if n <= d + 1:
        return float(n)
    if d <= _EXACT:
        return math.log2(dichotomies(n, d)) * (1 + 1e-12)
    if 2 * d >= n:  # within one bit of all n, and never beyond
        return float(n)
    # The terms fall from k = d downwards at least as fast as a geometric series.
    term, total, k = 1.0, 1.0, d
    while k > max(0, d - _TERMS) and term > _TAIL * total:
        term *= k / (n - k)
        total += term
        k -= 1
    total += term * min(k, k / (n - 2 * k))  # no term left is larger, and they go on falling
    largest = math.lgamma(n) - math.lgamma(d + 1) - math.lgamma(n - d)
    return min(float(n), (1 + largest / math.log(2) + math.log2(total)) * (1 + 1e-9))


def _check(n: int, d: int) -> None:
    for name, value in (("n", n), ("d", d)):
        if value < 1:
            raise OptionError(f"Argument {name!r} must be at least 1, not {value}.")


def log2_growth(architecture: Architecture, comparisons: int) -> Callable[[int], float]:
    """The logarithm of the number of ways in which comparisons of the outputs come out on n points.

    Args:
        architecture: A network of threshold units, or without hidden layers.
        comparisons: Of outputs, at each point.

    Returns:
        A function of n: an upper bound.
    """
    hidden = tuple(pairwise(architecture.widths[:-1]))
    last = (architecture.widths[-2] + 1) * architecture.outputs

    def bits(n: int) -> float:
        below = sum(units * log2_dichotomies(n, fan_in) for fan_in, units in hidden)
        if comparisons == 1:  # of one output, whose bias takes up the number compared with
            return below + log2_dichotomies(n, last - 1)
        return below + log2_dichotomies(comparisons * n + 1, last) - 1

    return bits


def _some(architecture: Architecture, question: Question) -> int | None:
    if architecture.hidden and architecture.activation.kind != "threshold":
        return None
    return some_labels(architecture, question, log2_growth)


def _random(architecture: Architecture, question: Question) -> int | None:
    if architecture.hidden and architecture.activation.kind != "threshold":
        return None
    return random_labels(architecture, question, log2_growth)


_STATEMENT = (
    "The labels of n points take at most the product over the threshold units, by fan-in d, of "
    "C(n, d + 1) = 2 sum_(k <= d) binom(n - 1, k) values"
)
_CONSTANTS = "ours: the paper's exact count of each unit, multiplied and solved numerically"

BOUNDS = (
    Bound(
        key="cover1965",
        title="Dichotomies of threshold units",
        statement=f"{_STATEMENT}: fewer than there are labels.",
        source="cover1965",
        number="ours",
        constants=_CONSTANTS,
        kind="impossible-some-data",
        points=_some,
    ),
    Bound(
        key="cover1965-random",
        title="Dichotomies of threshold units, random labels",
        statement=f"{_STATEMENT}: less than eta times the number of labels.",
        source="cover1965",
        number="ours",
        constants=_CONSTANTS,
        kind="impossible-random-labels",
        points=_random,
    ),
)
"""For every n points: some labels, and random ones."""
