r"""How many dimensions the outputs of a network can fill, whatever the points.

The outputs on n points are a function of the W parameters, smooth on each of finitely many pieces,
so by Sard's theorem their values have measure 0 in $R^{nk}$ if fewer dimensions than that matter.

- A unit whose activation is homogeneous, $\sigma(\lambda t) = \lambda^q \sigma(t)$ for
  $\lambda > 0$, can be rescaled against the weights behind it: one parameter less for each.
- Threshold units take finitely many patterns on given points: the last layer alone counts.
- A linear network computes an affine map of rank at most r, its least width.
- Powers compute polynomials, of degree q^L, of a space of finite dimension.
"""

from __future__ import annotations

from math import comb

from rote.bounds._base import Architecture

__all__ = ["dimensions"]

_HOMOGENEOUS = frozenset({"relu", "leaky", "power"})

_LARGEST_DEGREE = 1 << 20
"""Spaces of polynomials of higher degrees are larger than any number of parameters here. Ours."""


def dimensions(architecture: Architecture) -> int:
    """An upper bound of the dimension of the set of output vectors, on any number of points.

    Args:
        architecture: The network.

    Returns:
        The number of dimensions.
    """
    d, k, hidden = architecture.inputs, architecture.outputs, architecture.hidden
    kind = architecture.activation.kind
    if kind == "identity" or not hidden:
        r = min(d, k, *hidden)
        return r * (d + k - r) + k
    if kind == "threshold":
        return (hidden[-1] + 1) * k
    if kind not in _HOMOGENEOUS:
        return architecture.parameters
    free = architecture.parameters - sum(hidden)
    if kind == "power":
        degree = int(architecture.activation.parameter) ** len(hidden)
        if degree <= _LARGEST_DEGREE:
            free = min(free, k * comb(d + degree, min(d, degree)))
    return free
