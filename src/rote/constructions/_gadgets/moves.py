r"""Moves: a number on the line is moved by an integer that depends on where it lies.

A *move* takes the numbers from its start on, up to the start of the next one, down by an amount.
It is a test and a multiple of it: $s = \sigma(1 - \sigma(t - h))$ is exactly 1 if h >= t and
exactly 0 if h <= t - 1, so with starts $t_1 < \dots < t_m$ and amounts $a_1, \dots, a_m$

.. math:: h' = h - \sum_j (a_j - a_{j-1})\, s_j, \quad a_0 = 0.

**In place.** If every move lands below the least start, the moves can be made in runs, those with
the highest starts first: a number that was moved meets no later test. So k tests at a time take two
layers for each run, and a width of k + 1 in all. The same tests may add *codes*: amounts of another
unit, which then is one more. *Ours;* the moves are those of [park2021, Lemmas 5 and 15].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from rote.constructions._gadgets.circuit import Circuit, Sum, added, scaled

__all__ = ["Move", "move", "move_layers"]


@final
@dataclass(frozen=True)
class Move:
    """Numbers from a start on go down by an amount.

    Attributes:
        start: t.
        amount: a; the numbers land at 0 or above.
        code: The code of these numbers, where codes are looked up.
    """

    start: int
    amount: int
    code: int = 0


def move_layers(moves: int, tests: int) -> int:
    """Layers of so many moves with so many tests at a time."""
    return 2 * -(-moves // tests)


def move(
    circuit: Circuit,
    start: int,
    h: Sum,
    moves: Sequence[Move],
    tests: int,
    code: int | None = None,
) -> tuple[Sum, Sum]:
    """Move a number, and look its code up.

    Args:
        circuit: Where to add the units.
        start: The first layer to use.
        h: The number, of units before that layer.
        moves: By increasing starts; all land below the first one.
        tests: How many tests to make at a time.
        code: The code of a number that no move takes; None if there are no codes.

    Returns:
        The number and its code after ``move_layers``, as sums.
    """
    found: Sum = {}
    for last in range(len(moves), 0, -tests):
        run = moves[max(last - tests, 0) : last]
        short = [circuit.unit(start, scaled(h, -1), each.start) for each in run]
        passed = [circuit.unit(start + 1, {unit: -1}, 1) for unit in short]
        h = {circuit.unit(start, h): 1}
        if code is not None:
            found = {circuit.unit(start, found, 0 if found else code): 1}
        amount, own = 0, code or 0
        for each, unit in zip(run, passed, strict=True):
            h = added(h, {unit: amount - each.amount})
            if code is not None:
                found = added(found, {unit: each.code - own})
            amount, own = each.amount, each.code
        start += 2
    return h, found
