r"""One hidden layer of n - 1 units of any kind fits any n points.

**Proposition 2** [bubeck2020], with our count. Let the activation be no polynomial. One hidden
layer of $n - 1$ units and an output bias fit any n distinct points with any labels in $R^k$.

*Proof.* The vectors $(\sigma(w \cdot x_i + b))_i$ span $R^n$, so n - 1 of them and the constant
vector are a basis of it for some weights. The output layer takes the coefficients. For threshold
units and for ReLUs, the points may be told apart along a line.

*Ours:* the output bias saves one unit. It is sharp for threshold units and for ReLUs, but for one
unit, since points on a line need as many. Two points need no hidden layer.
"""

from __future__ import annotations

from rote.bounds._base import Architecture, Bound, Question

__all__ = ["BOUNDS"]

_POLYNOMIAL = {"identity", "power"}


def _suffices(n: int, architecture: Architecture, question: Question) -> tuple[int, ...] | None:
    del question  # real labels are the hardest, and are met
    if n <= 2 and not architecture.hidden:
        return ()
    return None if architecture.activation.kind in _POLYNOMIAL else (max(n - 1, 1),)


BOUNDS = (
    Bound(
        key="bubeck2020-any-points",
        title="One hidden layer, any activation",
        statement="n - 1 hidden units of any non-polynomial activation and an output bias fit any "
        "n distinct points with any real labels.",
        source="bubeck2020",
        number="Proposition 2",
        constants="ours: one unit less than the paper's n, by the output bias",
        kind="guaranteed",
        suffices=_suffices,
    ),
)
"""For any n points and any labels."""
