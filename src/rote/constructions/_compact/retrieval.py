r"""Retrieval: sparse linear systems over GF(2), solved by lazy elimination.

Each equation asks that a few unknown bits add up to a given bit. *Lazy* elimination
[genuzio2016] sets few unknowns aside until every equation can be solved in turn for its last
remaining unknown; the unknowns set aside, less than a quarter of all when equations have six, form
a dense system, which Gaussian elimination by blocks of columns (the method of four Russians)
solves. Its time is cubic in that quarter only.

Nothing here knows of networks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rote.typing import Array

__all__ = ["Solution", "solve"]


@dataclass(frozen=True, eq=False)
class Solution:
    """A solution, or the number of equations that contradict the others.

    Attributes:
        bits: Value of each unknown, shape (unknowns,), uint8; meaningless if there are
            contradictions.
        contradictions: Equations that no choice of the rest can satisfy; 0 if solved.
    """

    bits: Array
    contradictions: int


def solve(equations: Array, values: Array, free: Array) -> Solution:
    """Solve a system over GF(2).

    Args:
        equations: Shape (m, w), int32: numbers of the unknowns that each equation adds up, distinct
            within an equation; -1 stands for none.
        values: Shape (m,), uint8: what they add up to, 0 or 1.
        free: Shape (unknowns,), uint8: bits for the unknowns that the system leaves free.

    Returns:
        The solution that agrees with ``free`` where there is a choice.
    """
    from rote.constructions._compact import kernels, schedule

    unknowns = len(free)
    starts, members = schedule.occurrences(equations, unknowns)
    order, pivot, aside = schedule.schedule(equations, starts, members)
    rows = kernels.reduce(equations, values, starts, members, order, pivot, aside)
    dense = np.ones(len(equations), dtype=np.bool_)
    dense[order] = False
    chosen = np.flatnonzero(aside >= 0)
    chosen = chosen[np.argsort(aside[chosen])]
    bits = free.copy()
    bits[chosen], contradictions = kernels.eliminate(rows[dense], free[chosen])
    kernels.substitute(rows, order, pivot, bits, bits[chosen])
    return Solution(bits, int(contradictions))
