r"""Limbs: batches of exact dyadic numbers that multiply at the speed of float64 matrix products.

A batch of shape (n, m) is $\sum_k d_k\, 2^{e + 21 k}$ with one exponent e and digit arrays
$d_k$ of integers. The integers are stored as float64, where they are exact up to $2^{53}$ and where
products, carries and masks are vector instructions. Two forms occur:

* *narrow*: any number of digits, each in $[-2^{20}, 2^{20})$. Such digits are unique, the highest
  one other than zero has the sign of the number, and numbers compare as their digits do from the
  top.
* *wide*: a single digit of at most $2^{52}$ in size. Small integers stay in this form.

Exactness. A float64 product of digit matrices is exact, in any order of summation and with or
without FMA, if every sum of absolute terms is at most $2^{53}$. For narrow digits an inner
dimension of 4096 gives at most $2^{20} \cdot 2^{20} \cdot 2^{12} = 2^{52}$, so longer ones are cut
into blocks of 4096. Sums of such products carry a derived bound; before it passes $2^{52}$ the
excess moves to the next digit. Nothing here can round or overflow, for any size of numbers and
matrices.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import final

import numpy as np
import numpy.typing as npt

from rote.exact.rounding import lowest_bit
from rote.typing import Array, Floats, Integers

__all__ = ["ExactMatrix", "Limbs"]

_BITS = 21
_BASE = 2.0**_BITS
_NARROW = 2.0 ** (_BITS - 1)
_WIDE = 2.0**52
_BLOCK = 1 << 12


@final
@dataclass(frozen=True, eq=False)
class Limbs:
    """A batch of exact dyadic numbers, shape (n, m).

    Attributes:
        digits: One float64 array of integers per digit, the lowest first; at least one.
        exponent: The exponent e of the lowest digit.
    """

    digits: tuple[Floats, ...]
    exponent: int

    @classmethod
    def exact(cls, values: Array, exponent: int = 0) -> Limbs:
        """Hold numbers without loss.

        Args:
            values: Shape (n, m): finite floats (subnormal ones included), booleans, integers of any
                width, or Python integers of any length as objects.
            exponent: Every value is multiplied by two to this power.

        Returns:
            The batch.
        """
        if values.dtype.kind == "f":
            made = _from_floats(np.asarray(values, np.float64))
        else:
            made = _from_integers(values)
        return cls(made.digits, made.exponent + exponent)

    @property
    def shape(self) -> tuple[int, int]:
        """Number of vectors and their length (n, m)."""
        n, m = self.digits[0].shape
        return int(n), int(m)

    @cached_property
    def sign(self) -> Floats:
        """The exact sign of each number: -1.0, 0.0 or 1.0, shape (n, m)."""
        sign: Floats = np.sign(self.digits[-1])
        for digit in reversed(self.digits[:-1]):
            undecided = sign == 0
            if not undecided.any():
                break
            np.sign(digit, out=sign, where=undecided)
        return sign

    def fraction(self, row: int, column: int) -> Fraction:
        """One number as a fraction."""
        integer = sum(int(d[row, column]) << (_BITS * k) for k, d in enumerate(self.digits))
        return Fraction(integer) * Fraction(2) ** self.exponent

    def smallest(self) -> Fraction:
        """The least number of a batch that is not empty, found by comparing digits from the top."""
        candidates = np.arange(self.digits[0].size)
        for digit in reversed(self.digits):
            values = digit.reshape(-1)[candidates]
            candidates = candidates[values == values.min()]
        row, column = divmod(int(candidates[0]), self.shape[1])
        return self.fraction(row, column)

    def take(self, columns: Integers) -> Limbs:
        """Entries (i, columns[i, j]), shape (n, k)."""
        rows = np.arange(len(columns))[:, None]
        return Limbs(tuple(d[rows, columns] for d in self.digits), self.exponent)

    def keep(self, mask: npt.NDArray[np.bool_]) -> Limbs:
        """The numbers where the mask, shape (n, m), is true, and 0 elsewhere."""
        factor = mask.astype(np.float64)
        return _trimmed([d * factor for d in self.digits], self.exponent)

    def signed(self, sign: npt.ArrayLike) -> Limbs:
        """Each number times its sign, +1 or -1."""
        digits = [d * np.asarray(sign, np.float64) for d in self.digits]
        # -2^20 turns into 2^20, which only a carry brings back among the narrow digits.
        return Limbs((digits[0],), self.exponent) if len(digits) == 1 else self._carried(digits)

    def minus(self, other: Limbs) -> Limbs:
        """The difference."""
        return self.plus(other.signed(-1))

    def plus_constant(self, constant: Floats) -> Limbs:
        """The sum with finite floats of the same shape."""
        return self.plus(Limbs.exact(constant))

    def plus(self, other: Limbs) -> Limbs:
        """The sum with a batch of the same shape, or of one that broadcasts with it."""
        low = min(self.exponent, other.exponent)
        if len(self.digits) == len(other.digits) == 1:
            # 2^60 stands for all larger shifts: only zeros pass the test below with it.
            a, b = (2.0 ** min(x.exponent - low, 60) for x in (self, other))
            if self._largest * a + other._largest * b <= _WIDE:
                return Limbs((self.digits[0] * a + other.digits[0] * b,), low)
        sums = _Sums(np.broadcast_shapes(self.shape, other.shape), low)
        for x in (self._narrow(), other._narrow()):
            places, bits = divmod(x.exponent - low, _BITS)
            for k, digit in enumerate(x.digits):
                sums.add(k + places, digit * 2.0**bits, _NARROW * 2.0**bits)
        return sums.carried()

    def times(self, matrix: ExactMatrix) -> Limbs:
        """The product with a fixed matrix: (n, in) times (in, out)."""
        exponent = self.exponent + matrix.exponent
        whole = matrix.whole if len(self.digits) == 1 else None
        if whole is not None and self._largest * matrix.reach <= _WIDE:
            return Limbs((self.digits[0] @ whole,), exponent)
        narrow = self._narrow()
        sums = _Sums((self.shape[0], matrix.outputs), narrow.exponent + matrix.exponent)
        for i, digit in enumerate(narrow.digits):
            if not digit.any():
                continue
            for block in matrix.blocks:
                product = digit[:, block.inputs] @ block.weight
                sums.add(i + block.place, product, len(block.weight) * _NARROW * _NARROW)
        return sums.carried()

    def scaled(self, factor: float) -> Limbs:
        """Each number times one finite float."""
        scale = Limbs.exact(np.array([[factor]]))._narrow()
        narrow = self._narrow()
        sums = _Sums(self.shape, narrow.exponent + scale.exponent)
        for i, digit in enumerate(narrow.digits):
            for j, part in enumerate(scale.digits):
                sums.add(i + j, digit * part[0, 0], _NARROW * _NARROW)
        return sums.carried()

    @cached_property
    def _largest(self) -> float:
        """Largest size of the lowest digit."""
        low = self.digits[0]
        return float(max(low.max(), -low.min())) if low.size else 0.0

    def _narrow(self) -> Limbs:
        """The same numbers with narrow digits."""
        if len(self.digits) > 1 or self._largest < _NARROW:
            return self
        return self._carried(self.digits)

    def _carried(self, digits: Sequence[Floats]) -> Limbs:
        """The numbers with other digits, of size 2^52 at most, in place of these."""
        sums = _Sums(self.shape, self.exponent)
        for k, digit in enumerate(digits):
            sums.add(k, digit, _WIDE)
        return sums.carried()


@dataclass(frozen=True, eq=False)
class _Block:
    """At most 4096 rows of one digit of a matrix: its place, the rows' numbers, the rows."""

    place: int
    inputs: Integers | slice
    weight: Floats


@final
class ExactMatrix:
    """A fixed matrix prepared for products with :class:`Limbs`.

    Attributes:
        outputs: Number of columns of a product.
        exponent: The lowest digit's.
        whole: The transposed matrix times ``2 ** -exponent``, shape (in, out), where a single
            float64 array holds it; else None.
        reach: Largest column sum of absolute values of ``whole``, rounded up.
        blocks: The transposed matrix in narrow digits; zeros are left out where they are most.
    """

    def __init__(self, weight: Array, exponent: int = 0) -> None:
        """Prepare a matrix.

        Args:
            weight: Shape (out, in): floats, or integers of any length.
            exponent: The matrix is the weight times two to this power.
        """
        limbs = Limbs.exact(np.ascontiguousarray(weight.T), exponent)
        self.outputs = len(weight)
        self.exponent = limbs.exponent
        self.whole = limbs.digits[0] if len(limbs.digits) == 1 else None
        self.reach = 0.0
        if self.whole is not None:
            # A float64 sum of that many terms is too small by less than this factor.
            growth = 1 + (weight.shape[1] + 2) * 2.0**-52
            self.reach = float(np.abs(self.whole).sum(axis=0).max()) * growth
        narrow = limbs._narrow()
        # The lowest digit of a wide matrix is not all zero: carrying moves no exponent.
        assert narrow.exponent == limbs.exponent
        self.blocks = [b for j, digit in enumerate(narrow.digits) for b in _blocks(j, digit)]


def _blocks(place: int, digit: Floats) -> Iterator[_Block]:
    used = np.flatnonzero(digit.any(axis=1))
    if len(used) > len(digit) // 2:
        for start in range(0, len(digit), _BLOCK):
            rows = slice(start, start + _BLOCK)
            yield _Block(place, rows, digit[rows])
    else:
        for start in range(0, len(used), _BLOCK):
            some = used[start : start + _BLOCK]
            yield _Block(place, some, digit[some])


class _Sums:
    """Sums per digit, each with a bound of its size that is kept at 2^52 + 2^20 or less."""

    def __init__(self, shape: tuple[int, ...], exponent: int) -> None:
        self.shape, self.exponent = shape, exponent
        self.sums: list[Floats | None] = []
        self.bounds: list[float] = []

    def add(self, place: int, term: Floats, bound: float) -> None:
        """Add integers of size at most ``bound`` <= 2^52 at a digit's place."""
        while len(self.sums) <= place:
            self.sums.append(None)
            self.bounds.append(0.0)
        held = self.sums[place]
        if held is None:
            self.sums[place], self.bounds[place] = term, bound
            return
        if self.bounds[place] + bound > _WIDE:
            excess = self.bounds[place] / _BASE + 1
            high, held = _split(held)
            self.bounds[place] = _NARROW
            self.add(place + 1, high, excess)
        self.sums[place] = held + term
        self.bounds[place] += bound

    def carried(self) -> Limbs:
        """The sums as narrow digits."""
        digits: list[Floats] = []
        carry: Floats | None = None
        for held in self.sums:
            # At most 2^52 + 2^20 and a carry of about 2^31: below 2^53 and exact.
            total = held if carry is None else carry if held is None else held + carry
            if total is None:
                digits.append(np.zeros(self.shape))
            else:
                carry, digit = _split(np.broadcast_to(total, self.shape))
                digits.append(digit)
        while carry is not None and carry.any():
            carry, digit = _split(carry)
            digits.append(digit)
        return _trimmed(digits or [np.zeros(self.shape)], self.exponent)


def _split(total: Floats) -> tuple[Floats, Floats]:
    """Integers below 2^53 - 2^21 in size as high * 2^21 + low, with low in [-2^20, 2^20)."""
    high = total * (1 / _BASE)  # exact: a power of two
    high += 0.5  # exact: multiples of 2^-21 below 2^32
    np.floor(high, out=high)
    low = high * -_BASE
    low += total
    return high, low


def _trimmed(digits: list[Floats], exponent: int) -> Limbs:
    """Numbers without the digits that are zero throughout at either end."""
    while len(digits) > 1 and not digits[-1].any():
        digits.pop()
    first = 0
    while first < len(digits) - 1 and not digits[first].any():
        first += 1
    exponent += _BITS * first
    if first and first == len(digits) - 1:
        # A single digit is left, perhaps of small integers times a power of two: divide by it.
        low = float(lowest_bit(digits[first]).min(initial=np.inf))
        if 1 < low < np.inf:
            digits[first] = digits[first] / low
            exponent += int(np.log2(low))
    return Limbs(tuple(digits[first:]), exponent)


def _from_floats(values: Floats) -> Limbs:
    """Finite float64 values of any range."""
    low = float(lowest_bit(values).min(initial=np.inf))
    if low == np.inf:
        return Limbs((np.zeros(values.shape),), 0)
    exponent = int(np.frexp(low)[1]) - 1
    bits = int(np.frexp(np.abs(values).max())[1]) - exponent
    if bits <= 52:
        return Limbs((np.ldexp(values, -exponent),), exponent)
    # Cut off digits from the top, towards zero: what is left is a multiple of the same lowest bit
    # and smaller, so that the subtraction is exact. Results too small for a float are zero digits.
    digits = []
    for place in range(bits // _BITS, -1, -1):
        digit = np.trunc(np.ldexp(values, -exponent - _BITS * place))
        values = values - np.ldexp(digit, exponent + _BITS * place)
        digits.append(digit)
    return Limbs((np.zeros(values.shape),), exponent)._carried(digits[::-1])


def _from_integers(values: Array) -> Limbs:
    """Integers of any length, as booleans, integers or objects."""
    if values.dtype != object and values.dtype.itemsize < 8:
        return Limbs((values.astype(np.float64),), 0)
    rest = np.asarray(values, object)
    if all(-_WIDE <= v <= _WIDE for v in rest.ravel().tolist()):
        return _from_floats(rest.astype(np.float64))
    digits = []
    base, half = 1 << _BITS, 1 << (_BITS - 1)
    while rest.any():
        digit = (rest + half) % base - half
        rest = (rest - digit) // base
        digits.append(digit.astype(np.float64))
    return _trimmed(digits, 0)
