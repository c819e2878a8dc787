r"""Decisions: how a raw output becomes a label, and how far it is from a wrong one.

Each decision is a conjunction of linear inequalities, its *slacks*: an output is decided right
exactly if all of them are positive. They use only selection, negation, subtraction and constants
that are exact floats, so the checker evaluates the same code on floats, integers and intervals.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Protocol, Self, TypeVar, final

import numpy as np

from rote.errors import OptionError
from rote.network._frozen import frozen
from rote.typing import Array, Codes, Floats, Integers

__all__ = ["ArgMax", "Bits", "Decision", "Nearest", "Sign", "Value", "Vectors"]


class Vectors(Protocol):
    """A batch of output vectors, shape (n, k), in some arithmetic."""

    def take(self, columns: Integers) -> Self:
        """Entries (i, columns[i, j]), shape (n, m)."""

    def signed(self, sign: Integers) -> Self:
        """Each entry times its sign, +1 or -1, of the same shape."""

    def minus(self, other: Self) -> Self:
        """The difference, of the same shape."""

    def plus_constant(self, constant: Floats) -> Self:
        """The exact sum with floats of the same shape."""


V = TypeVar("V", bound=Vectors)


class Decision(ABC):
    """How a raw output of shape (k,) becomes a label.

    Laws, for every float array ``raw`` of shape (n, k) and every target t::

        decision.decide(raw)[i] == t   iff   all(decision.slack(raw, [t])[i] > 0)

    up to outputs on the boundary itself, which count as wrong.
    """

    labels: Array | None

    @final
    def label(self, raw: Array) -> Array:
        """Labels of raw outputs, or the outputs themselves for real targets.

        Args:
            raw: Outputs of shape (n, k), floats or exact numbers (dtype object).

        Returns:
            Labels of shape (n,), or ``raw``. A code beyond the last label, which only ``bits`` can
            decide, stands for the last one.
        """
        decided = self.decide(raw)
        if self.labels is None:
            return decided
        return np.asarray(self.labels[np.minimum(decided, len(self.labels) - 1)])

    @abstractmethod
    def decide(self, raw: Array) -> Array:
        """Class codes of shape (n,), or the outputs themselves for real targets."""

    @abstractmethod
    def slack(self, raw: V, target: Array) -> V:
        """Quantities of shape (n, m), all positive exactly where the target is decided.

        Args:
            raw: Outputs of shape (n, k).
            target: Class codes of shape (n,), or real targets of shape (n, k).

        Returns:
            Slacks in the arithmetic of ``raw``.
        """

    @property
    def slack_per_distance(self) -> int:
        """How much a slack changes when every output moves by 1: 2 for a difference of outputs."""
        return 1

    @abstractmethod
    def check(self, outputs: int) -> None:
        """Raise :class:`OptionError` unless the decision fits that many outputs."""


def _checked(labels: Array) -> Array:
    """Labels, at least one, all different, that nobody can write to."""
    labels = np.asarray(labels)
    if labels.ndim != 1 or not labels.size:
        raise OptionError(f"A decision needs labels of shape (C,), not {labels.shape}.")
    try:
        repeated = len(set(labels.tolist())) < len(labels)
    except TypeError as error:
        raise OptionError(f"Labels must be hashable: {error}.") from None
    if repeated:
        raise OptionError("The labels of a decision must be different from one another.")
    return frozen(labels)


class _Boxes(Decision):
    """A decision whose right outputs form a box: signed outputs above constants."""

    @abstractmethod
    def _box(self, target: Array) -> tuple[Integers, Integers, Floats]:
        """Columns, signs and constants c, each (n, m), of the slacks sign * output + c."""

    @final
    def slack(self, raw: V, target: Array) -> V:
        columns, sign, constant = self._box(target)
        return raw.take(columns).signed(sign).plus_constant(constant)


@final
@dataclass(frozen=True, eq=False)
class Nearest(_Boxes):
    """One output; class c is decided within 1/2 of the integer c, the outermost beyond as well.

    Attributes:
        labels: The original labels, shape (C,), in the order of their codes.
    """

    labels: Array

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", _checked(self.labels))

    def __reduce__(self) -> tuple[Any, ...]:
        return Nearest, (self.labels,)

    def decide(self, raw: Array) -> Codes:
        """The code nearest to each output."""
        edges = np.arange(len(self.labels) - 1) + 0.5
        return np.searchsorted(edges, raw[:, 0]).astype(np.int64)

    def _box(self, target: Array) -> tuple[Integers, Integers, Floats]:
        last = len(self.labels) - 1
        if last == 0:  # a single class is decided by every output
            return _integers(len(target), 0), _integers(len(target), 0), np.empty((len(target), 0))
        # Two slacks each: above the lower edge, below the upper one. An outermost class has one
        # edge only, taken twice.
        sign = np.stack([np.where(target > 0, 1, -1), np.where(target < last, -1, 1)], axis=1)
        constant = 0.5 - sign * target[:, None]
        return _integers(*sign.shape), sign.astype(np.int64), constant

    def check(self, outputs: int) -> None:
        """Exactly one output."""
        _expect(outputs, 1, "nearest")


@final
@dataclass(frozen=True, eq=False)
class Sign(_Boxes):
    """One output; positive is class 1, negative class 0, zero is wrong for both.

    Attributes:
        labels: The two original labels.
    """

    labels: Array

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", _checked(self.labels))

    def __reduce__(self) -> tuple[Any, ...]:
        return Sign, (self.labels,)

    def decide(self, raw: Array) -> Codes:
        """1 where the output is positive, else 0."""
        return (raw[:, 0] > 0).astype(np.int64)

    def _box(self, target: Array) -> tuple[Integers, Integers, Floats]:
        sign = np.where(target > 0, 1, -1).astype(np.int64)[:, None]
        return _integers(*sign.shape), sign, np.zeros(sign.shape)

    def check(self, outputs: int) -> None:
        """Exactly one output, two labels."""
        _expect(outputs, 1, "sign")
        if len(self.labels) != 2:
            raise OptionError(f"Decision 'sign' needs two labels, not {len(self.labels)}.")


@final
@dataclass(frozen=True, eq=False)
class Bits(_Boxes):
    """Output j decides bit j of the class code, lowest first: 1 above 1/2, 0 below.

    Attributes:
        labels: The original labels, shape (C,), C at most 2^k for k outputs.
    """

    labels: Array

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", _checked(self.labels))

    def __reduce__(self) -> tuple[Any, ...]:
        return Bits, (self.labels,)

    def decide(self, raw: Array) -> Codes:
        """The code whose bits were decided; it may lie beyond the last label."""
        place = 1 << np.arange(raw.shape[1], dtype=np.int64)
        return np.asarray(np.where(raw > 0.5, place, 0).sum(axis=1))

    def _box(self, target: Array) -> tuple[Integers, Integers, Floats]:
        k = max(1, (len(self.labels) - 1).bit_length())
        column = np.broadcast_to(np.arange(k, dtype=np.int64), (len(target), k))
        sign = np.where(target[:, None] >> column & 1, 1, -1).astype(np.int64)
        return column, sign, -0.5 * sign.astype(np.float64)

    def check(self, outputs: int) -> None:
        """As many outputs as the last code has bits."""
        _expect(outputs, max(1, (len(self.labels) - 1).bit_length()), "bits")


@final
@dataclass(frozen=True, eq=False)
class ArgMax(Decision):
    """One output per class; the largest decides, and a tie is wrong.

    Attributes:
        labels: The original labels, shape (C,).
    """

    labels: Array

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", _checked(self.labels))

    def __reduce__(self) -> tuple[Any, ...]:
        return ArgMax, (self.labels,)

    def decide(self, raw: Array) -> Codes:
        """The column of the largest output."""
        return np.asarray(np.argmax(raw, axis=1), np.int64)

    def slack(self, raw: V, target: Array) -> V:
        """The decided output less each other one, shape (n, C - 1)."""
        own = np.broadcast_to(target[:, None], (len(target), len(self.labels) - 1))
        others = np.broadcast_to(np.arange(len(self.labels) - 1), own.shape)
        return raw.take(own).minus(raw.take(others + (others >= own)))

    @property
    def slack_per_distance(self) -> int:
        """2: moving every output by 1 can move a difference by 2."""
        return 2

    def check(self, outputs: int) -> None:
        """As many outputs as labels."""
        _expect(outputs, len(self.labels), "argmax")


@final
@dataclass(frozen=True, eq=False)
class Value(Decision):
    """Real targets: every output is less than the tolerance away from its target.

    Attributes:
        tolerance: Positive, in units of the targets.
    """

    tolerance: float

    labels = None

    def __post_init__(self) -> None:
        if not 0 < self.tolerance < np.inf:
            raise OptionError(f"The tolerance must be positive and finite, not {self.tolerance}.")

    def decide(self, raw: Array) -> Array:
        """The outputs themselves."""
        return raw

    def slack(self, raw: V, target: Array) -> V:
        """Room above and below each target, shape (n, 2 k)."""
        n, k = target.shape
        column = np.broadcast_to(np.tile(np.arange(k), 2), (n, 2 * k))
        sign = np.broadcast_to(np.repeat(np.array([1, -1]), k), (n, 2 * k))
        error = raw.take(column).plus_constant(-np.tile(np.asarray(target, np.float64), (1, 2)))
        return error.signed(sign).plus_constant(np.full((n, 2 * k), self.tolerance))

    def check(self, outputs: int) -> None:
        """Any number of outputs."""


def _integers(*shape: int) -> Integers:
    return np.zeros(shape, dtype=np.int64)


def _expect(outputs: int, wanted: int, name: str) -> None:
    if outputs != wanted:
        raise OptionError(
            f"Decision {name!r} needs {wanted} output{'s' if wanted > 1 else ''}, not {outputs}."
        )
