r"""How many dichotomies of points a threshold unit computes, and how many points units can fit.

**Theorem** [cover1965]. Of the $2^n$ dichotomies of n points in general position in $R^d$, exactly

.. math:: C(n, d + 1) = 2 \sum_{k=0}^{d} \binom{n-1}{k}

are computed by one threshold unit with a bias; of points in any position, at most that many.

So a unit of a network sees inputs of fan-in d, which may take any position, and computes at most
$C(n, d + 1)$ functions of n given points, whatever its weights. A network of threshold units
computes at most the product over its units, each counted for every choice of the units below it.
If that is less than $2^n$, some labels of every n points are out of reach.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from rote.errors import OptionError

__all__ = ["dichotomies", "log2_dichotomies", "most_points"]


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
    for name, value in (("n", n), ("d", d)):
        if value < 1:
            raise OptionError(f"Argument {name!r} must be at least 1, not {value}.")
    if n <= d + 1:
        return 1 << n
    term, total = 1, 1
    for k in range(1, d + 1):
        term = term * (n - k) // k
        total += term
    return 2 * total


def log2_dichotomies(n: int, d: int) -> float:
    """Base-2 logarithm of :func:`dichotomies`, rounded up in the last places.

    Args:
        n: Number of points, at least 1.
        d: Number of features, at least 1.

    Returns:
        An upper bound, within a relative error of 1e-12, of the logarithm.

    Raises:
        OptionError: If an argument is less than 1.
    """
    return math.log2(dichotomies(n, d)) * (1 + 1e-12)


def most_points(widths: Sequence[int]) -> int:
    r"""Points beyond which a threshold network cannot compute all labels, whatever the points.

    Args:
        widths: Inputs, units of each hidden layer, and outputs, at least two numbers: ``[10, 100,
            1]``. Every unit has a bias.

    Returns:
        The largest n with $\sum_{units} \log_2 C(n, \text{fan-in} + 1) \ge n$ times the number of
        outputs: no n + 1 points can be given arbitrary bits at every output.

    Raises:
        OptionError: If there are fewer than two widths, or one is less than 1.
    """
    if len(widths) < 2 or min(widths) < 1:
        raise OptionError(
            f"Argument 'widths' must hold two or more positive numbers, not {list(widths)}."
        )

    def possible(n: int) -> bool:
        bits = sum(units * log2_dichotomies(n, fan_in) for fan_in, units in pairwise(widths))
        return bits >= n * widths[-1]

    # log2 C(n, d + 1) is concave in n beyond d + 1 and equals n before it: one sign change.
    low, high = 1, 2
    while possible(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if possible(middle) else (low, middle)
    return low
