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

A label that most keys have may ask for less than a bit. As the *default*, it owns all points but
those of an escape word of l bits, with which the words of all other labels start. Its keys ask for
nothing but that one of these l bits be wrong, which in a random table it is, but for one key in
2^l; only a key whose other l - 1 bits turned out right asks for its last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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

_PRECISION = 1e-4
"""Relative precision of a load. Ours."""


@dataclass(frozen=True, eq=False)
class Demands:
    """What the keys of each symbol and start plane ask of the planes of their number.

    Attributes:
        asked: Whether plane p must take a given value, shape (symbols, starts, planes).
        value: That value, or its sum with the bit of the reference plane.
        reference: The reference plane of each (symbol, start); -1 where the values are absolute.
        avoided: Whether the default's keys of each start must avoid having plane p's value, unless
            they avoid it elsewhere, shape (starts, planes); nowhere without a default.
    """

    asked: Array
    value: Array
    reference: Integers
    avoided: Array


@final
@dataclass(frozen=True, eq=False)
class Code:
    """A canonical prefix code.

    Attributes:
        lengths: Length of each symbol's code word in bits, shape (symbols,), 1 to ``LONGEST``;
            of the default that of the escape word.
        prefix: Bits that every code word starts with, a one and zeros: the fingerprint of a known
            key. Points below 1/2, where inputs far from all keys end as well, and from
            1/2 + 2^-prefix on belong to one more symbol, the last, which no key has.
        planes: Bits of the numbers that are read, at least the longest word's.
        default: The symbol that owns all points below the escape word's interval, if there is one.
    """

    lengths: Integers
    prefix: int = 0
    planes: int = PLANES
    default: int | None = None

    @classmethod
    def for_counts(cls, counts: Integers, prefix: int = 0) -> Code:
        """The best code of words no longer than ``LONGEST`` bits.

        Args:
            counts: How often each symbol occurs; at least two symbols unless there is a prefix.
            prefix: Bits before every word; 2^(LONGEST - prefix) is at least the symbols' number.

        Returns:
            The code.
        """
        if len(counts) == 1:
            return cls(np.array([prefix]), prefix)
        code = cls(huffman_lengths(counts, LONGEST - prefix) + prefix, prefix)
        if prefix or 2 * counts.max() <= counts.sum():
            return code
        return min((code, *cls._with_defaults(counts)), key=lambda c: c.load(counts))

    @classmethod
    def _with_defaults(cls, counts: Integers) -> Iterator[Code]:
        """Codes whose default is the most frequent symbol, by length of the escape word."""
        default = int(np.argmax(counts))
        others = np.delete(counts, default)
        for escape in range(2, LONGEST + 1):
            if len(others) > 1 << (LONGEST - escape):
                return
            rest = [0] if len(others) == 1 else huffman_lengths(others, LONGEST - escape)
            yield cls(np.insert(escape + np.asarray(rest), default, escape), default=default)

    def load(self, counts: Integers) -> float:
        """Equations of each plane per key, the fullest plane's, that a table must have room for.

        Args:
            counts: How often each symbol occurs, shape (symbols,).

        Returns:
            The share; with a default the least for which all planes have room if keys of the
            default ask early wherever there is some.
        """
        share = counts / counts.sum() / self.planes
        if self.default is None:
            return float(share @ self.lengths)
        fixed = np.einsum("s,skp->p", share, self.demands.asked)
        low, high = float(fixed.max()), 1.0
        while high - low > _PRECISION * high:
            middle = (low + high) / 2
            if self._holds(fixed, float(share[self.default]), middle):
                high = middle
            else:
                low = middle
        return high

    def _holds(self, fixed: Floats, waiting: float, room: float) -> bool:
        """Whether the fullest plane has room for all equations, on average."""
        avoided = self.demands.avoided
        left = np.full(len(avoided), waiting)  # keys of each start that avoid nothing yet
        for plane in range(self.planes):
            spare = room - fixed[plane]
            for start in self.urgency(plane):
                last = not avoided[start, plane + 1 :].any()
                asking = left[start] if last else min(left[start], max(spare, 0.0))
                spare -= asking
                left[start] = (left[start] - asking) / 2
            if spare < 0:
                return False
        return True

    def urgency(self, plane: int) -> list[int]:
        """Starts whose default keys may ask a plane, those with the fewest chances left first."""
        avoided = self.demands.avoided
        starts = np.flatnonzero(avoided[:, plane])
        return sorted(starts.tolist(), key=lambda k: int(avoided[k, plane + 1 :].sum()))

    @property
    def depth(self) -> int:
        """Length of the longest code word."""
        return int(self.lengths.max())

    @cached_property
    def order(self) -> Integers:
        """The symbols in the order of their intervals: the default, then from short words on."""
        symbols = np.arange(len(self.lengths))
        return np.lexsort((symbols, self.lengths, symbols != self.default))

    @cached_property
    def starts(self) -> Integers:
        """Where each symbol's interval starts, in units of 2^-depth, shape (symbols,)."""
        sizes = 1 << (self.depth - self.lengths[self.order])
        if self.default is not None:
            sizes[0] = (1 << self.depth) - sizes[0]
        starts = np.empty_like(self.lengths)
        starts[self.order] = np.cumsum(sizes) - sizes
        return starts + (1 << (self.depth - 1)) if self.prefix else starts

    @cached_property
    def intervals(self) -> tuple[Integers, Integers]:
        """Where all intervals start, in units of 2^-depth, and whose they are, in order."""
        starts, owners = self.starts[self.order], self.order
        if self.prefix:
            end, unknown = int(starts[0]) + (1 << (self.depth - self.prefix)), len(self.lengths)
            starts, owners = np.insert(starts, 0, 0), np.insert(owners, 0, unknown)
            if end < 1 << self.depth:
                starts, owners = np.append(starts, end), np.append(owners, unknown)
        return starts, owners

    @cached_property
    def demands(self) -> Demands:
        """The table of demands."""
        shape = (len(self.lengths), self.planes, self.planes)
        asked, value = np.zeros(shape, np.bool_), np.zeros(shape, np.uint8)
        reference = np.full(shape[:2], _ANCHOR)
        for symbol, length in enumerate(self.lengths.tolist()):
            half = 2.0 ** (self.depth - length - 1)
            middle = (self.starts[symbol] + half) / 2**self.depth
            if symbol == self.default:  # it avoids the escape word, which ends the interval
                middle = 1 - half / 2**self.depth
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
        avoided = np.zeros(shape[1:], np.bool_)
        if self.default is not None:
            avoided = asked[self.default].copy()
            asked[self.default] = False
        return Demands(asked, value, reference, avoided)

    def agree(self, keys: Iterable[tuple[int, int]]) -> bool:
        """Whether one number can be what several keys ask for.

        Args:
            keys: Symbol and start plane of each.

        Returns:
            False if their demands contradict one another.
        """
        bonds = _Bonds(self.planes)
        demands = self.demands
        keys = list(keys)
        for symbol, start in keys:
            for link in self._links(symbol, start, demands.asked[symbol, start]):
                if not bonds.add(*link):
                    return False
        return not any(
            all(bonds.implies(*link) for link in self._links(symbol, start, demands.avoided[start]))
            for symbol, start in keys
            if symbol == self.default
        )

    def _links(self, symbol: int, start: int, planes: Array) -> list[tuple[int, int, int]]:
        """Plane, reference (the anchor is the last plane's successor) and their wanted sum."""
        origin = int(self.demands.reference[symbol, start]) % (self.planes + 1)
        value = self.demands.value[symbol, start]
        return [(int(p), origin, int(value[p])) for p in np.flatnonzero(planes)]

    def decode(self, point: Floats) -> Integers:
        """The symbols that own points of the unit interval."""
        edges, owners = self.intervals
        symbols: Integers = owners[np.searchsorted(edges, point * 2**self.depth, side="right") - 1]
        return symbols


class _Bonds:
    """Known sums of the bits of planes and the anchor: each has one with its component's root."""

    def __init__(self, planes: int) -> None:
        self.root, self.parity = list(range(planes + 1)), [0] * (planes + 1)

    def implies(self, a: int, b: int, value: int) -> bool:
        """Whether the sum of two bits is known and has this value."""
        return self.root[a] == self.root[b] and self.parity[a] ^ self.parity[b] == value

    def add(self, a: int, b: int, value: int) -> bool:
        """Note the sum of two bits; False if it is known to be another."""
        old, new = self.root[a], self.root[b]
        if old == new:
            return self.implies(a, b, value)
        change = value ^ self.parity[a] ^ self.parity[b]
        for node, root in enumerate(self.root):
            if root == old:
                self.root[node], self.parity[node] = new, self.parity[node] ^ change
        return True


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
