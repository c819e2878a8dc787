"""Words: the numbers that every key reads, and what their symbols stand for.

A word is one stored number per key with a prefix code of its own. Labels of at most 256 kinds need
one word; more are written in digits, and several columns share a word as long as their joint labels
are at most 256.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias, final

import numpy as np

from rote.constructions._compact.codes import LONGEST, Code
from rote.errors import AssumptionError
from rote.typing import Integers

__all__ = ["Word", "Words", "class_words", "digits", "level_words", "with_planes"]

_SYMBOLS = 1 << LONGEST
"""Most symbols of a word."""


@final
@dataclass(frozen=True, eq=False)
class Word:
    """One number that every key reads.

    Attributes:
        symbols: The symbol of each key, shape (n,).
        code: Their code.
        values: What each symbol adds to each output, shape (symbols, outputs), integers from 0; one
            row more for unknown keys if the code has a prefix.
    """

    symbols: Integers
    code: Code
    values: Integers


Words: TypeAlias = tuple[Word, ...]


def class_words(codes: Integers, values: Integers, reject: int) -> Words:
    """Words of class labels; an unknown key has one more than the largest value of each output.

    Args:
        codes: Class of each key, shape (n,).
        values: What each output is for each class, shape (classes, outputs), from 0.
        reject: Bits of the fingerprint.

    Returns:
        One word; without a fingerprint, several for digits and columns where there are too many
        classes.

    Raises:
        AssumptionError: The fingerprint leaves no room for the classes.
    """
    classes = len(values)
    if classes > 1 << (LONGEST - reject):
        if reject:
            raise AssumptionError(
                f"A fingerprint of {reject} bits leaves room for {1 << (LONGEST - reject)} "
                f"classes, not {classes}. Lower 'reject_unknown'."
            )
        return level_words(values[codes])
    code = Code.for_counts(np.bincount(codes, minlength=classes), reject)
    unknown = values.max(axis=0, keepdims=True) + 1
    return (Word(codes, code, np.concatenate([values, unknown]) if reject else values),)


def level_words(levels: Integers) -> Words:
    """Words of several integer columns, each output a column.

    Args:
        levels: Shape (n, outputs), from 0.

    Returns:
        As few words as joining columns and digits one by one leads to.
    """
    joint: list[tuple[Integers, Integers]] = []
    for column, row in zip(levels.T, np.eye(levels.shape[1], dtype=np.int64), strict=True):
        for symbols, values in digits(column):
            _join(joint, symbols, values[:, None] * row)
    return tuple(
        Word(symbols, Code.for_counts(np.bincount(symbols)), values) for symbols, values in joint
    )


def with_planes(words: Words, planes: int) -> Words:
    """The same words in numbers of so many bits."""
    return tuple(replace(word, code=replace(word.code, planes=planes)) for word in words)


def digits(column: Integers) -> list[tuple[Integers, Integers]]:
    """Digits of integers in one power of two.

    Args:
        column: Integers from 0, shape (n,).

    Returns:
        The symbols that occur and their values, of each digit; one digit while there are few.
    """
    kinds, symbols = np.unique(column, return_inverse=True)
    if len(kinds) <= _SYMBOLS:
        return [(symbols, kinds)]
    bits = int(column.max()).bit_length()
    count = -(-bits // LONGEST)
    width = -(-bits // count)
    parts = [(column >> shift & ((1 << width) - 1)) << shift for shift in range(0, bits, width)]
    digits = [np.unique(part, return_inverse=True) for part in parts]
    return [(symbols, kinds) for kinds, symbols in digits]


def _join(joint: list[tuple[Integers, Integers]], symbols: Integers, values: Integers) -> None:
    """Join symbols to the first word that has room for them, or add them as a word."""
    for i, (others, sums) in enumerate(joint):
        pairs, both = np.unique(others * len(values) + symbols, return_inverse=True)
        if len(pairs) <= _SYMBOLS:
            joint[i] = both, sums[pairs // len(values)] + values[pairs % len(values)]
            return
    joint.append((symbols, values))
