"""Sharing: which columns of class codes are remembered in one word.

All words have tables of one size, that of the word with the most bits, so that columns of few
classes go together until the words are about equally long; and columns that depend on one another
take fewer bits together. But a word of many symbols has a large reader.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias, final

import numpy as np

from rote.constructions._compact.codes import LONGEST, PLANES, Code, huffman_lengths
from rote.constructions._compact.output import bounded
from rote.constructions._compact.reader import point_gap
from rote.constructions._compact.words import Word, Words, digits
from rote.typing import Integers

__all__ = ["column_words"]

_SYMBOLS = 1 << LONGEST
"""Most symbols of a word."""

_WORD, _SYMBOL, _LONG = 300, 16, 10
"""Bytes that another word takes, a symbol, and one of 2^depth intervals whose point is not read
from a whole number repeated. Ours, measured."""

_SAMPLE = 1 << 13
"""Points that the choice is made on. Ours."""


_Cost: TypeAlias = tuple[float, float]
_Group: TypeAlias = tuple[int, ...]


def column_words(codes: Integers) -> tuple[Words, tuple[Integers, ...]]:
    """Words of several columns of codes, each output a column.

    Args:
        codes: Shape (n, k); column j has all codes from 0 to its largest.

    Returns:
        The words; and for each column the old codes in the order of the new ones, which are those
        that the words answer.
    """
    parts = _digits(codes)
    step = -(-len(codes) // _SAMPLE)
    sample = [replace(part, symbols=part.symbols[::step]) for part in parts]
    words: list[Word] = []
    orders = [np.arange(column.max() + 1) for column in codes.T]
    for group in _groups(sample, len(codes)):
        for part in _merged([parts[i] for i in group]):
            word = part.word(Code.for_counts(part.counts))
            if part.lone:
                orders[int(word.values.any(axis=0).argmax())] = word.code.intervals[1]
                word = _counting(word)
            words.append(word)
    return tuple(words), tuple(orders)


@final
@dataclass(frozen=True, eq=False)
class _Part:
    """What one word may be.

    Attributes:
        symbols: As in :class:`Word`.
        values: As in :class:`Word`.
        lone: Whether it is all of one column and nothing else, whose codes may then be renamed.
    """

    symbols: Integers
    values: Integers
    lone: bool

    @cached_property
    def counts(self) -> Integers:
        """How often each symbol occurs."""
        return np.bincount(self.symbols, minlength=len(self.values))

    @cached_property
    def cost(self) -> _Cost:
        """Bits of entropy of a symbol, and about how many bytes reading the word takes."""
        counts = self.counts[self.counts > 0]
        share = counts / counts.sum()
        bits = max(float(-(share * np.log2(share)).sum()), 0.0)
        if len(self.values) == 1:
            return bits, 0.0
        word = self.word(Code(huffman_lengths(self.counts, LONGEST)))
        word = _counting(word) if self.lone else word
        sure = bounded((word,), point_gap(LONGEST, True, PLANES))
        return bits, _WORD + _SYMBOL * len(self.values) + (0 if sure else _LONG << word.code.depth)

    def word(self, code: Code) -> Word:
        """The word with a code."""
        return Word(self.symbols, code, self.values)

    def joined(self, other: _Part) -> _Part | None:
        """Both in one word, if their symbols are few enough."""
        size = len(other.values)
        pairs = self.symbols * size + other.symbols
        found = np.flatnonzero(np.bincount(pairs))
        if len(found) > _SYMBOLS:
            return None
        place = np.zeros(found[-1] + 1, np.int64)
        place[found] = np.arange(len(found))
        values = self.values[found // size] + other.values[found % size]
        # A column of one class says nothing: what it joins stays as free as it is.
        lone = (self.lone and size == 1) or (other.lone and len(self.values) == 1)
        return _Part(place[pairs], values, lone)


def _digits(codes: Integers) -> list[_Part]:
    """The columns, one of more classes than a word has symbols in digits."""
    parts = []
    for column, row in zip(codes.T, np.eye(codes.shape[1], dtype=np.int64), strict=True):
        own = digits(column)
        parts += [_Part(symbols, values[:, None] * row, len(own) == 1) for symbols, values in own]
    return parts


def _groups(parts: list[_Part], n: int) -> list[_Group]:
    """Which parts share a word: the cheapest on the way from none to all that can."""
    # Two groups at a time are joined, those whose union makes the whole cheapest, even where that
    # is dearer than before: one word of two bits among words of one makes all tables longer.
    groups: dict[_Group, _Part] = {(i,): part for i, part in enumerate(parts)}
    unions: dict[tuple[_Group, _Group], _Cost | None] = {}
    costs = [part.cost for part in parts]
    best, least = list(groups), _bytes(len(parts), max(costs)[0], sum(r for _, r in costs), n)
    while True:
        longest = sorted(groups, key=lambda group: -groups[group].cost[0])[:3]
        readers = sum(part.cost[1] for part in groups.values())
        chosen, size = None, np.inf
        for pair in itertools.combinations(groups, 2):
            one, other = (groups[group] for group in pair)
            if pair not in unions:
                union = one.joined(other)
                unions[pair] = None if union is None else union.cost
            cost = unions[pair]
            if cost is None:
                continue
            bits = max([cost[0], *(groups[g].cost[0] for g in longest if g not in pair)])
            rest = readers - one.cost[1] - other.cost[1] + cost[1]
            total = _bytes(len(groups) - 1, bits, rest, n)
            if total < size:
                chosen, size = pair, total
        if chosen is None:
            return best
        joined = groups.pop(chosen[0]).joined(groups.pop(chosen[1]))
        assert joined is not None
        groups[chosen[0] + chosen[1]] = joined
        if size < least:
            best, least = list(groups), size


def _bytes(words: int, bits: float, readers: float, n: int) -> float:
    """About how many bytes tables and readers take if the longest word has so many bits."""
    return words * bits * n / PLANES + readers


def _merged(parts: list[_Part]) -> list[_Part]:
    """The parts in one word, or in some where a sample has not shown all symbols."""
    merged: list[_Part] = []
    for part in parts:
        for i, before in enumerate(merged):
            joined = before.joined(part)
            if joined is not None:
                merged[i] = joined
                break
        else:
            merged.append(part)
    return merged


def _counting(word: Word) -> Word:
    """The word with outputs that count its intervals, so that stairs rise by one."""
    ranks = np.argsort(word.code.intervals[1])[:, None]
    return replace(word, values=ranks * word.values.any(axis=0))
