"""Compiled loops that decide in which order a sparse system is solved.

An equation with one unknown left is solved for it. Where there is none, one of those with the
fewest unknowns left is solved for the rarest of them, and the others are set aside (*inactivated*,
as in decoders of fountain codes). Of eight equations the one with the most frequent unknowns is
taken, since this leaves the fewest in others.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from rote.typing import Array, Integers

__all__ = ["occurrences", "schedule"]

_COMPARED = 8
"""Equations that are compared. Ours: 64 set no fewer unknowns aside, one a thirtieth more."""


@njit(cache=True, nogil=True)
def occurrences(equations: Array, unknowns: int) -> tuple[Integers, Array]:
    """The equations of each unknown: those of v are members[starts[v] : starts[v + 1]]."""
    starts = np.zeros(unknowns + 1, np.int64)
    for i in range(equations.shape[0]):
        for j in range(equations.shape[1]):
            if equations[i, j] >= 0:
                starts[equations[i, j] + 1] += 1
    starts = np.cumsum(starts)
    fill = starts[:-1].copy()
    members = np.empty(starts[unknowns], np.int32)
    for i in range(equations.shape[0]):
        for j in range(equations.shape[1]):
            v = equations[i, j]
            if v >= 0:
                members[fill[v]] = i
                fill[v] += 1
    return starts, members


@njit(cache=True, nogil=True)
def schedule(
    equations: Array, starts: Integers, members: Array
) -> tuple[Integers, Integers, Integers]:
    """Which equation gives which unknown, in order, and which unknowns are set aside.

    Returns:
        The equations that are solved for an unknown, in order; the unknown of each; and for every
        unknown its number among those set aside, or -1.
    """
    m, unknowns = equations.shape[0], len(starts) - 1
    idle = np.ones(unknowns, np.bool_)
    aside = np.full(unknowns, -1, np.int64)
    frequency = starts[1:] - starts[:-1]
    left = np.zeros(m, np.int32)
    for a in range(starts[unknowns]):
        left[members[a]] += 1
    # Equations by the number of their unknowns left, in doubly linked lists.
    lists = np.full(equations.shape[1] + 1, -1, np.int32)
    links = np.full((m, 2), -1, np.int32)
    for e in range(m):
        _insert(lists, links, left[e], e)
    order, pivot = np.empty(m, np.int64), np.empty(m, np.int64)
    done, put = 0, 0
    while True:
        few = 1
        while few < len(lists) and lists[few] < 0:
            few += 1
        if few == len(lists):
            break
        e = _heaviest(equations, lists[few], links, idle, frequency) if few > 1 else lists[few]
        chosen = -1
        for v in equations[e]:
            if v >= 0 and idle[v] and (chosen < 0 or frequency[v] < frequency[chosen]):
                chosen = v
        order[done], pivot[done] = e, chosen
        done += 1
        for v in equations[e]:
            if v < 0:
                continue
            if idle[v]:
                idle[v] = False
                if v != chosen:
                    aside[v] = put
                    put += 1
                for i in members[starts[v] : starts[v + 1]]:
                    _remove(lists, links, left[i], i)
                    left[i] -= 1
                    _insert(lists, links, left[i], i)
            frequency[v] -= 1
    return order[:done], pivot[:done], aside


@njit(cache=True, nogil=True)
def _insert(lists: Array, links: Array, which: int, e: int) -> None:
    """Put an equation in front of a list; links are to the next and to the one before."""
    head = lists[which]
    links[e, 0], links[e, 1] = head, -1
    if head >= 0:
        links[head, 1] = e
    lists[which] = e


@njit(cache=True, nogil=True)
def _remove(lists: Array, links: Array, which: int, e: int) -> None:
    """Take an equation out of its list."""
    after, before = links[e]
    if before >= 0:
        links[before, 0] = after
    else:
        lists[which] = after
    if after >= 0:
        links[after, 1] = before


@njit(cache=True, nogil=True)
def _heaviest(equations: Array, first: int, links: Array, idle: Array, frequency: Integers) -> int:
    """Of the first equations of a list the one whose unknowns are the most frequent."""
    best, chosen, e = -1, first, first
    for _ in range(_COMPARED):
        total = 0
        for v in equations[e]:
            if v >= 0 and idle[v]:
                total += frequency[v]
        if total > best:
            best, chosen = total, e
        e = links[e, 0]
        if e < 0:
            break
    return chosen
