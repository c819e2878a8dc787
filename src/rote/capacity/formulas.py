r"""Formulas for the generic rank of a network's Jacobian: how many real labels it can reach.

The rank r of the Jacobian of all outputs with respect to all parameters, at generic parameters and
as many generic points as wanted, is the dimension of the set of label vectors that the network
reaches. More than r generic real labels cannot be fitted (Sard's theorem). Where r rows are
independent, all labels near the network's own outputs can.

Each formula here is an upper bound by an argument that holds for every network of its kind:
parameters are counted, less one for each hidden unit that can be rescaled without changing the
function, and polynomials live in a space of finite dimension. That it is reached is the theorem of
Alexander and Hirschowitz [alexander1995] for powers, and measured otherwise, exactly modulo a prime
for ReLU networks and polynomials.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import comb

from rote.constructions._gadgets.generic_rank import power_rank
from rote.errors import OptionError
from rote.network import Activation

__all__ = ["Formula", "generic_rank", "parameter_count", "polynomial_rank"]

_HOMOGENEOUS = frozenset({"relu", "leaky", "power"})


@dataclass(frozen=True)
class Formula:
    """A generic rank with its reason.

    Attributes:
        rank: Upper bound of the rank; the generic rank as far as is known.
        reason: The formula in words.
        source: Citation key, or ``ours``.
    """

    rank: int
    reason: str
    source: str


def parameter_count(widths: Sequence[int]) -> int:
    """Weights and biases of a fully connected network.

    Args:
        widths: Inputs, hidden units of each layer, outputs.

    Returns:
        The number of parameters.
    """
    return sum((a + 1) * b for a, b in pairwise(widths))


def polynomial_rank(d: int, m: int, degree: int) -> int:
    r"""The generic rank for one hidden layer and a polynomial with terms of every degree.

    Args:
        d: Number of features.
        m: Number of hidden units, with biases.
        degree: Degree K of the polynomial, at least 1.

    Returns:
        $\min(m (d + 2), \binom{K + d}{d})$: the unknowns without an output bias, or the dimension
        of the polynomials of degree K.
    """
    return min(m * (d + 2), comb(degree + d, d))


def generic_rank(widths: Sequence[int], activation: Activation) -> Formula:
    """The generic rank of a fully connected network with biases and a linear output layer.

    Args:
        widths: Inputs, hidden units of each layer, outputs.
        activation: That of all hidden units.

    Returns:
        The rank with its reason.

    Raises:
        OptionError: Fewer than two widths, or an activation without slopes.
    """
    if len(widths) < 2 or min(widths) < 1:
        raise OptionError(f"Widths must be inputs, hidden units and outputs, not {list(widths)}.")
    if activation.kind in {"threshold", "identity"}:
        raise OptionError(f"No formula is known for the activation {activation}.")
    parameters, hidden = parameter_count(widths), sum(widths[1:-1])
    if activation.kind == "power" and len(widths) == 3 and widths[2] == 1:
        d, m, k = widths[0], widths[1], int(activation.parameter)
        rank = min(power_rank(d + 1, m, k) + 1, comb(k + d, k))
        return Formula(rank, f"powers of degree {k} in {d + 1} variables", "alexander1995")
    if activation.kind in _HOMOGENEOUS:
        reason = f"{parameters} parameters less {hidden} hidden units that can be rescaled"
        return Formula(parameters - hidden, reason, "ours")
    return Formula(parameters, f"{parameters} parameters", "madden2024")
