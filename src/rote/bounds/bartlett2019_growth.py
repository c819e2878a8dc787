r"""Piecewise polynomial activations: the growth function, solved for the number of points.

**Theorem 7** [bartlett2019]. Let the activation have p breakpoints and pieces of degree at most
$D \ge 1$, and let layer $i = 1, \dots, L$ (the output is the last) have $k_i$ units, and $W_i$
parameters up to and with it. The signs of the output on m points take at most

.. math:: \Pi(m) \le \prod_{i=1}^{L} 2 \left( \frac{2 e\, m\, k_i\, p\,
          (1 + (i-1) D^{i-1})}{W_i} \right)^{W_i}

values, so the VC dimension is at most
$L + \bar L W \log_2(4 e p R \log_2(2 e p R))$ with $\bar L = \frac1W \sum_i W_i$ and
$R = \sum_i k_i (1 + (i-1) D^{i-1})$.

*Idea.* Fix the signs of all $t - t_j$, for the sums t of the layers before and breakpoints $t_j$.
There the sums of layer i are polynomials of its parameters. M polynomials of degree D in W
variables have at most $2 (2 e M D / W)^W$ sign vectors for $M \ge W$ [anthony1999, Theorem 8.3].

*Ours:* the inequality $\Pi(m) < 2^m$ is solved numerically, which gives less than the closed form;
$2^M$ sign vectors are counted where $M < W_i$ or where that is less; degrees are
$1 + D + \dots + D^{i-1}$; no breakpoint in the output layer. C classes are read off the outputs by
comparisons, c of them at each point, whose signs are those of $c\,m$ polynomials: labels take at
most as many values, of $C^m$. Where only W and L are known, and every unit
has a bias of its own, $k_i \le W_i \le W$; a linear layer before each layer at most doubles the
degrees. So $\log_2 \Pi(m) \le L + W \sum_i \log_2(4 e\, m\, p\, D_i)$, of stored weights that units
may share.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import pairwise

from rote.bounds._base import Architecture, Bound, Outline, Question
from rote.bounds._counting import first_beyond, random_labels, some_labels
from rote.network import Activation

__all__ = ["BOUNDS", "closed_form", "log2_growth"]

_PIECES = {"identity": 0, "relu": 1, "leaky": 1, "hard-tanh": 2, "power": 0}
"""Breakpoints of the activations with pieces of degree 1 or more."""


def log2_growth(architecture: Architecture, comparisons: int) -> Callable[[int], float]:
    """The logarithm of the number of ways in which comparisons of the outputs come out on m points.

    Args:
        architecture: The network; its activation has pieces of degree 1 or more.
        comparisons: Of outputs, at each point.

    Returns:
        A function of m: an upper bound, concave in m.
    """
    p = _PIECES[architecture.activation.kind]
    units = [*(p * k for k in architecture.hidden), comparisons]
    parameters, layers, before = 0, [], _degrees(architecture.activation)
    for (fan_in, width), count in zip(pairwise(architecture.widths), units, strict=True):
        parameters += (fan_in + 1) * width
        layers.append((count, parameters, next(before)))
    return lambda m: sum(_sign_bits(count * m, W, degree) for count, W, degree in layers)


def closed_form(architecture: Architecture) -> float:
    """The theorem's upper bound of the VC dimension.

    Args:
        architecture: Its activation has a breakpoint; one output.

    Returns:
        The bound, for more than two units.
    """
    p = _PIECES[architecture.activation.kind]
    W, total, R = 0, 0, 0
    for i, (fan_in, width) in enumerate(pairwise(architecture.widths)):
        W += (fan_in + 1) * width
        total += W
        R += width * (1 + i)  # D = 1
    L = len(architecture.widths) - 1
    return L + total * math.log2(4 * math.e * p * R * math.log2(2 * math.e * p * R))


def _degrees(activation: Activation) -> Iterator[float]:
    """Base-2 logarithms of the degrees of the sums of each layer in the parameters."""
    step = int(activation.parameter) if activation.kind == "power" else 1
    degree = 1
    while True:
        yield math.log2(degree)
        degree = degree * step + 1


def _sign_bits(polynomials: int, variables: int, log2_degree: float) -> float:
    """Logarithm of the number of sign vectors of M polynomials in W variables."""
    M, W = polynomials, variables
    if M < W:
        return M
    return min(M, 1 + W * (math.log2(2 * math.e * M / W) + log2_degree))


def _some(architecture: Architecture, question: Question) -> int | None:
    if architecture.activation.kind not in _PIECES:
        return None
    return some_labels(architecture, question, log2_growth)


def _random(architecture: Architecture, question: Question) -> int | None:
    if architecture.activation.kind not in _PIECES:
        return None
    return random_labels(architecture, question, log2_growth)


def _of_outline(outline: Outline, question: Question) -> int | None:
    activation, depth, W = outline.activation, outline.depth, outline.parameters
    del question  # labels may be two-valued whatever they are
    if activation is None or depth is None or activation.kind not in _PIECES:
        return None
    p, degrees = _PIECES[activation.kind], _degrees(activation)
    each = sum(math.log2(4 * math.e * max(p, 1)) + next(degrees) for _ in range(depth + 1))
    return first_beyond(lambda m: depth + 1 + W * (each + (depth + 1) * math.log2(m)), 1.0)


_STATEMENT = (
    "The labels of m points take at most prod_i 2 (2 e m k_i p D_i / W_i)^W_i values, for k_i "
    "units in layer i, p breakpoints, degrees D_i and W_i parameters up to layer i"
)
_CONSTANTS = "the paper's in the growth function, which is solved numerically; degrees ours"

BOUNDS = (
    Bound(
        key="bartlett2019",
        title="Signs of piecewise polynomials",
        statement=f"{_STATEMENT}: fewer than there are labels.",
        source="bartlett2019",
        number="Theorem 7",
        constants=_CONSTANTS,
        kind="impossible-some-data",
        points=_some,
        of_outline=_of_outline,
    ),
    Bound(
        key="bartlett2019-random",
        title="Signs of piecewise polynomials, random labels",
        statement=f"{_STATEMENT}: less than eta times the number of labels.",
        source="bartlett2019",
        number="Theorem 7",
        constants=_CONSTANTS,
        kind="impossible-random-labels",
        points=_random,
    ),
)
"""For every n points: some labels, and random ones."""
