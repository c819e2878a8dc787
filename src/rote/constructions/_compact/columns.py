r"""Columns by two digits: how the form of long numbers lets the columns of an address pass only.

Index c of a group of columns is c = p a + r, read as two digits: the turn a, and the place b in a
zigzag, r or p - 1 - r in every other turn. With delta the column of the address, tau = 2 delta + 1,
and

    A_j = relu(tau - (2 p j - 1)),  B_j = relu(tau - (2 p j + 1)),  j = 1, 2, ...

the digits of delta are a = sum_j (A_j - B_j) / 2 and b = delta + sum_j (-1)^j (A_j + B_j) / 2. The
distance of a digit t from a digit u is

    |t - u| = u - t + 2 relu(t - u),

so units relu(t - u), few per group, give the distances from all columns. A column passes its number
less S times the distances of both digits, for S above all numbers: nothing but at its own address.
No sum of such terms exceeds 3 (p + q) S for p places and q turns.
"""

from __future__ import annotations

import numpy as np

from rote.constructions._compact.layout import Layout
from rote.constructions._compact.steps import Step
from rote.typing import Floats

__all__ = ["column_lookup", "digit_layers", "digit_units"]


def digit_layers(inputs: list[str], unit: float, layout: Layout, kept: Step) -> list[Step]:
    """Replace the column of each group by its digits.

    Args:
        inputs: Names of the units before, with ``c0``, ``c1``, ... for tau / ``unit``.
        unit: The scale of these.
        layout: Ranges of the address.
        kept: The layer with these inputs that computes everything else; the turns are added to it.

    Returns:
        Two layers: ``kept``, and that of the digits ``a0``, ``b0``, ``a1``, ... and the rest.
    """
    assert kept.inputs == inputs
    others = list(kept.names)
    for g, (places, turns) in enumerate(layout.digits):
        kept.unit(f"c{g}", {f"c{g}": unit})
        for j in range(1, turns):
            kept.unit(f"A{g}.{j}", {f"c{g}": unit}, 1.0 - 2 * places * j)
            kept.unit(f"B{g}.{j}", {f"c{g}": unit}, -1.0 - 2 * places * j)
    digits = Step(kept.names)
    for name in others:
        digits.unit(name, {name: 1})
    for g, (_, turns) in enumerate(layout.digits):
        turn: dict[str, float] = {}
        place = {f"c{g}": 0.5}
        for j in range(1, turns):
            turn |= {f"A{g}.{j}": 0.5, f"B{g}.{j}": -0.5}
            place |= {f"A{g}.{j}": 0.5 * (-1) ** j, f"B{g}.{j}": 0.5 * (-1) ** j}
        digits.unit(f"a{g}", turn)
        digits.unit(f"b{g}", place, -0.5)
    return [kept, digits]


def digit_units(inputs: list[str], layout: Layout) -> Step:
    """Units relu(t - u) for each digit t of each group and each of its values but the last."""
    step = Step(inputs)
    for g, (places, turns) in enumerate(layout.digits):
        for digit, size in ((f"a{g}", turns), (f"b{g}", places)):
            for u in range(size - 1):
                step.unit(f"{digit}-{u}", {digit: 1}, -float(u))
    step.unit("k", {"k": 1})
    return step


def column_lookup(names: list[str], layout: Layout) -> tuple[Floats, Floats]:
    """Weights and biases that subtract the distances of a column's digits, for all stored columns.

    Args:
        names: Names of the units of :func:`digit_units`.
        layout: Ranges of the address.

    Returns:
        Weights, shape (words * word columns + 1, units), the last row for the start plane; and
        biases.
    """
    weight = np.zeros((layout.word_columns, len(names)))
    bias = np.zeros(layout.word_columns)
    for i, (g, c) in enumerate(layout.stored_columns):
        places, turns = layout.digits[g]
        turn, place = divmod(c, places)
        if turn % 2:
            place = places - 1 - place
        for digit, size, u in ((f"a{g}", turns, turn), (f"b{g}", places, place)):
            if size > 1:
                weight[i, names.index(f"{digit}-0")] = 1 if u else -1
            if 0 < u < size - 1:
                weight[i, names.index(f"{digit}-{u}")] = -2
            bias[i] -= u
    start = np.zeros((1, len(names)))
    start[0, names.index("k")] = 1
    weight = np.concatenate([np.tile(weight, (layout.words, 1)) * layout.spacing, start])
    return weight, np.append(np.tile(bias, layout.words) * layout.spacing, 0.0)
