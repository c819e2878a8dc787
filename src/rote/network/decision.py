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

from rote.data.joint import label_keys
from rote.errors import OptionError
from rote.network._frozen import frozen
from rote.typing import Array, Codes, Floats, Integers

__all__ = ["ArgMax", "Bits", "Boxes", "Decision", "Nearest", "Sign", "Value", "Vectors", "checked"]


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

    Attributes:
        labels: The original labels in the order of their codes, shape (C,), or (C, k) for k labels
            of each point; those of each column in ``columns``; None for real targets.
    """

    labels: Array | tuple[Array, ...] | None

    @final
    def label(self, raw: Array) -> Array:
        """Labels of raw outputs, or the outputs themselves for real targets.

        Args:
            raw: Outputs of shape (n, k), floats or exact numbers (dtype object).

        Returns:
            Labels of shape (n,), or (n, k) for k labels of each point, or ``raw``. A code beyond
            the last label, which only ``bits`` can decide, stands for the last one.
        """
        decided = self.decide(raw)
        return decided if self.labels is None else self.named(decided)

    @property
    def columns(self) -> int:
        """Number of labels of each point; 1 for real targets, whose number the outputs tell."""
        return self.labels[:1].size if isinstance(self.labels, np.ndarray) else 1

    @property
    def listed(self) -> list[Any] | None:
        """The labels as a list, of lists for several labels of each point; None without any."""
        return self.labels.tolist() if isinstance(self.labels, np.ndarray) else None

    def named(self, codes: Codes) -> Array:
        """The labels of codes that were decided."""
        assert isinstance(self.labels, np.ndarray)
        return np.asarray(self.labels[np.minimum(codes, len(self.labels) - 1)])

    def codes_of(self, labels: Array) -> Codes:
        """The codes that stand for labels, which are compared by value: 1 is 1.0 and not "1".

        Args:
            labels: Shape (m,), or (m, k) for k labels of each point.

        Returns:
            Codes as :meth:`decide` returns them, -1 for a label that the decision does not have.
        """
        assert isinstance(self.labels, np.ndarray)
        code_of = {label: code for code, label in enumerate(label_keys(self.labels))}
        return np.array([code_of.get(label, -1) for label in label_keys(labels)], np.int64)

    @abstractmethod
    def decide(self, raw: Array) -> Array:
        """Class codes, shape (n,), in ``columns`` (n, k); or the outputs, for real targets."""

    @abstractmethod
    def slack(self, raw: V, target: Array) -> V:
        """Quantities of shape (n, m), all positive exactly where the target is decided.

        Args:
            raw: Outputs of shape (n, k).
            target: Class codes as :meth:`decide` returns them, or real targets of shape (n, k).

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


def checked(labels: Array) -> Array:
    """Labels, at least one, all different, that nobody can write to.

    Args:
        labels: Shape (C,), or (C, k) for k > 1 labels of each point.

    Returns:
        A copy.

    Raises:
        OptionError: They have another shape, are repeated or cannot be hashed.
    """
    labels = np.asarray(labels)
    if not labels.size or not (labels.ndim == 1 or (labels.ndim == 2 and labels.shape[1] > 1)):
        raise OptionError(
            f"A decision needs labels of shape (C,), or (C, k) for several, not {labels.shape}."
        )
    try:
        repeated = len(set(label_keys(labels))) < len(labels)
    except TypeError as error:
        raise OptionError(f"Labels must be hashable: {error}.") from None
    if repeated:
        raise OptionError("The labels of a decision must be different from one another.")
    return frozen(labels)


class Boxes(Decision):
    """A decision whose right outputs form a box: signed outputs above constants."""

    @abstractmethod
    def _box(self, target: Array) -> tuple[Integers, Integers, Floats]:
        """Columns, signs and constants c, each (n, m), of the slacks sign * output + c."""

    @final
    def slack(self, raw: V, target: Array) -> V:
        """Signed outputs plus constants."""
        columns, sign, constant = self._box(target)
        return raw.take(columns).signed(sign).plus_constant(constant)


@final
@dataclass(frozen=True, eq=False)
class Nearest(Boxes):
    """One output; class c is decided within 1/2 of the integer c, the outermost beyond as well.

    Attributes:
        labels: The original labels in the order of their codes.
    """

    labels: Array

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", checked(self.labels))

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
class Sign(Boxes):
    """One output; positive is class 1, negative class 0, zero is wrong for both.

    Attributes:
        labels: The two original labels.
    """

    labels: Array

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", checked(self.labels))

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
class Bits(Boxes):
    """Output j decides bit j of the class code, lowest first: 1 above 1/2, 0 below.

    Attributes:
        labels: The original labels, at most 2^k for k outputs.
    """

    labels: Array

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", checked(self.labels))

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
        labels: The original labels.
    """

    labels: Array

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", checked(self.labels))

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
