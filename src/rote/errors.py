"""Errors: what is wrong, the rule that it breaks, the value found, and what to do about it.

Every error that Rote raises on purpose derives from :class:`RoteError` and from the built-in error
that a caller would expect, so that ``except ValueError`` keeps working.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = [
    "AssumptionError",
    "CertificationError",
    "ContradictionError",
    "DataError",
    "DependencyError",
    "FormatError",
    "OptionError",
    "PrecisionError",
    "RoteError",
]


class RoteError(Exception):
    """Base of all errors that Rote raises on purpose."""


class DataError(RoteError, ValueError):
    """The data set cannot be used as given: a bad value, shape, dtype or file.

    Attributes:
        rows: Row numbers (from 0, in the data as given) that are to blame; empty where none is.
    """

    def __init__(self, message: str, rows: Sequence[int] = ()) -> None:
        super().__init__(message)
        self.rows = tuple(int(i) for i in rows)


class ContradictionError(DataError):
    """Two equal points carry different labels, so no function fits them.

    Attributes:
        rows: The two row numbers, counted from 0 in the data as given.
        labels: Their labels.
    """

    def __init__(self, message: str, rows: tuple[int, int], labels: tuple[object, object]) -> None:
        super().__init__(message, rows)
        self.labels = labels

    def __reduce__(self) -> tuple[Any, ...]:
        # So that it survives the way back from another process.
        return type(self), (str(self), self.rows, self.labels)


class AssumptionError(RoteError, ValueError):
    """The data break a hypothesis of the theorem behind a construction.

    Attributes:
        witness: Row numbers (from 0) of points that break the hypothesis; empty where no
            points are to blame (a number of points, say).
    """

    def __init__(self, message: str, witness: Sequence[int] = ()) -> None:
        super().__init__(message)
        self.witness = tuple(int(i) for i in witness)


class PrecisionError(RoteError, ArithmeticError):
    """The arithmetic asked for cannot hold this network on this data.

    Attributes:
        rows: The first row numbers (from 0) that come out wrong.
    """

    def __init__(self, message: str, rows: Sequence[int] = ()) -> None:
        super().__init__(message)
        self.rows = tuple(int(i) for i in rows)


class CertificationError(RoteError, ArithmeticError):
    """A network does not do what was to be certified.

    Attributes:
        rows: The first failing row numbers (from 0).
        certificate: The certificate with its failed claims, where one was made.
    """

    def __init__(self, message: str, rows: Sequence[int] = (), certificate: object = None) -> None:
        super().__init__(message)
        self.rows = tuple(int(i) for i in rows)
        self.certificate = certificate


class FormatError(RoteError, ValueError):
    """A network file is damaged, unsafe or uses something that Rote does not read."""


class DependencyError(RoteError, ImportError):
    """An optional library is not installed; the message names the extra that brings it."""


class OptionError(RoteError, ValueError):
    """An argument or option has no meaning here."""
