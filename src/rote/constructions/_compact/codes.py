r"""Prefix codes, and the bits of the memory that each code word asks for.

A reader (see :mod:`assemble`) folds the remembered number so that it arrives as a point of the unit
interval; a class owns an interval of length 2^-l, and the canonical code of Huffman's lengths,
limited to ``LONGEST`` bits, lays the intervals side by side. The reader folds the number from
above:

    bits of the number, cyclic:  y_7 y_6 ... y_1 y_0 0 y_7 y_6 ...      (0 is an anchor)

A key that starts at plane k sees its point after folding at y_k, so the i-th leading bit of its
*itinerary* under the tent map is 1 + x_i + x_(i+1) mod 2 for the neighbours x_i, x_(i+1) in that
cyclic string, counted from y_k. An interval of length 2^-l fixes l of these sums, and they chain:
all l + 1 neighbours are known relative to one of them, the anchor (which is 0) if it is among
them, else the lowest plane. Planes are solved from the lowest, so that one is known in time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np

from rote.typing import Array, Floats, Integers

__all__ = ["LONGEST", "PLANES", "Code", "Demands", "huffman_lengths"]

PLANES = 8
"""Bits of a stored number: one byte, unless numbers of more bits are asked for."""

LONGEST = 8
"""Longest code word in bits."""

_ANCHOR = -1


@dataclass(frozen=True, eq=False)
class Demands:
    """What the keys of each symbol and start plane ask of the planes of their number.

    Attributes:
        asked: Whether plane p must take a given value, shape (symbols, starts, planes).
        value: That value, or its sum with the bit of the reference plane.
        reference: The reference plane of each (symbol, start); -1 where the values are absolute.
    """

    asked: Array
    value: Array
    reference: Integers


@final
@dataclass(frozen=True, eq=False)
class Code:
    """A canonical prefix code.

    Attributes:
        lengths: Length of each symbol's code word in bits, shape (symbols,), 1 to ``LONGEST``.
        prefix: Zeros that every code word starts with: the fingerprint of a known key. Points
            above 2^-prefix belong to one more symbol, the last, which no key has.
        planes: Bits of the numbers that are read, at least the longest word's.
    """

    lengths: Integers
    prefix: int = 0
    planes: int = PLANES

    @classmethod
    def for_counts(cls, counts: Integers, prefix: int = 0) -> Code:
        """The best code of words no longer than ``LONGEST`` bits.

        Args:
            counts: How often each symbol occurs; at least two symbols unless there is a prefix.
            prefix: Zeros before every word; 2^(LONGEST - prefix) is at least the symbols' number.

        Returns:
            The code.
        """
        if len(counts) == 1:
            return cls(np.array([prefix]), prefix)
        return cls(huffman_lengths(counts, LONGEST - prefix) + prefix, prefix)

    @property
    def depth(self) -> int:
        """Length of the longest code word."""
        return int(self.lengths.max())

    @cached_property
    def order(self) -> Integers:
        """The symbols in the order of their intervals."""
        return np.lexsort((np.arange(len(self.lengths)), self.lengths))

    @cached_property
    def starts(self) -> Integers:
        """Where each symbol's interval starts, in units of 2^-depth, shape (symbols,)."""
        sizes = 1 << (self.depth - self.lengths[self.order])
        starts = np.empty_like(self.lengths)
        starts[self.order] = np.cumsum(sizes) - sizes
        return starts

    @cached_property
    def intervals(self) -> tuple[Integers, Integers]:
        """Where all intervals start, in units of 2^-depth, and whose they are, in order."""
        starts, owners = self.starts[self.order], self.order
        if self.prefix:
            starts = np.append(starts, 1 << (self.depth - self.prefix))
            owners = np.append(owners, len(self.lengths))
        return starts, owners

    @cached_property
    def demands(self) -> Demands:
        """The table of demands."""
        shape = (len(self.lengths), self.planes, self.planes)
        asked, value = np.zeros(shape, np.bool_), np.zeros(shape, np.uint8)
        reference = np.full(shape[:2], _ANCHOR)
        for symbol, length in enumerate(self.lengths.tolist()):
            middle = (self.starts[symbol] + 2.0 ** (self.depth - length - 1)) / 2**self.depth
            steps = [1 ^ bit for bit in _itinerary(middle, length)]
            relative = np.concatenate([[0], np.cumsum(steps)]) & 1
            for start in range(self.planes):
                nodes = _nodes(start, length + 1, self.planes)
                if _ANCHOR in nodes:
                    origin = relative[nodes.index(_ANCHOR)]
                else:
                    origin = relative[-1]
                    reference[symbol, start] = nodes[-1]
                for node, bit in zip(nodes, relative.tolist(), strict=True):
                    if node not in (_ANCHOR, reference[symbol, start]):
                        asked[symbol, start, node] = True
                        value[symbol, start, node] = bit ^ origin
        return Demands(asked, value, reference)

    def agree(self, keys: Iterable[tuple[int, int]]) -> bool:
        """Whether one number can be what several keys ask for.

        Args:
            keys: Symbol and start plane of each.

        Returns:
            False if their demands contradict one another.
        """
        # Planes and the anchor, the last node, with a known sum to their component's root.
        root, parity = list(range(self.planes + 1)), [0] * (self.planes + 1)
        demands = self.demands
        for symbol, start in keys:
            origin = int(demands.reference[symbol, start]) % (self.planes + 1)
            for plane in np.flatnonzero(demands.asked[symbol, start]).tolist():
                value = int(demands.value[symbol, start, plane]) ^ parity[plane] ^ parity[origin]
                a, b = root[plane], root[origin]
                if a == b and value:
                    return False
                for node in range(self.planes + 1):
                    if a != b and root[node] == a:
                        root[node], parity[node] = b, parity[node] ^ value
        return True

    def decode(self, point: Floats) -> Integers:
        """The symbols that own points of the unit interval."""
        edges, owners = self.intervals
        symbols: Integers = owners[np.searchsorted(edges, point * 2**self.depth, side="right") - 1]
        return symbols


def _itinerary(point: float, steps: int) -> list[int]:
    """Which half a point visits under the tent map t -> |2t - 1|."""
    bits = []
    for _ in range(steps):
        bits.append(int(point >= 0.5))
        point = abs(2 * point - 1)
    return bits


def _nodes(start: int, count: int, planes: int) -> list[int]:
    """Neighbours in the cyclic string of all planes and the anchor, from plane ``start`` on."""
    return [(start - i) % (planes + 1) if start - i != -1 else _ANCHOR for i in range(count)]


def huffman_lengths(counts: Integers, limit: int) -> Integers:
    """Code word lengths of least total cost, none above a limit (package-merge [larmore1990]).

    Args:
        counts: How often each symbol occurs, shape (symbols,), at least two symbols.
        limit: Longest code word; 2^limit is at least the number of symbols.

    Returns:
        Lengths, shape (symbols,).
    """
    order = np.argsort(counts, kind="stable")
    weights = counts[order].astype(np.int64)
    symbols = len(counts)
    leaves = [(int(w), (i,)) for i, w in enumerate(weights)]
    packages: list[tuple[int, tuple[int, ...]]] = []
    for _ in range(limit):
        merged = sorted(leaves + packages, key=lambda p: p[0])
        packages = [
            (merged[i][0] + merged[i + 1][0], merged[i][1] + merged[i + 1][1])
            for i in range(0, len(merged) - 1, 2)
        ]
    lengths = np.zeros(symbols, np.int64)
    for _, members in packages[: symbols - 1]:
        np.add.at(lengths, np.array(members), 1)
    result = np.empty(symbols, np.int64)
    result[order] = lengths
    return result
