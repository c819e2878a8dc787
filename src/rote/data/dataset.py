"""The data set: distinct points with labels, held as given and checked once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, final

import numpy as np
import numpy.typing as npt

from rote.data.duplicates import group_equal_rows
from rote.data.joint import encode_rows
from rote.data.labels import check_labels, guess_task, plain, real_targets
from rote.data.points import check_points, column_name
from rote.errors import ContradictionError, OptionError, PrecisionError
from rote.typing import Array, Codes, Floats, Integers, Task

__all__ = ["DataSet", "Problem"]


@dataclass(frozen=True)
class Problem:
    """The quantities of a data set that theorems promise sizes from.

    Attributes:
        n: Number of distinct points.
        d: Number of features.
        classes: Number of classes, or None for real targets.
        outputs: Number of real targets per point; 1 for classes.
        separation: Least distance between two points, where it is known.
    """

    n: int
    d: int
    classes: int | None = 2
    outputs: int = 1
    separation: float | None = None

    def __post_init__(self) -> None:
        for name in ("n", "d", "outputs"):
            if getattr(self, name) < 1:
                raise OptionError(f"{name} must be at least 1, not {getattr(self, name)}.")
        if self.classes is not None and self.classes < 1:
            raise OptionError(f"classes must be at least 1, not {self.classes}.")
        if self.separation is not None and not 0 < self.separation < np.inf:
            raise OptionError(f"separation must be positive, not {self.separation}.")


@final
@dataclass(frozen=True, eq=False)
class DataSet:
    """n distinct points in R^d with labels. Make one with :meth:`from_arrays`.

    All arrays are read-only.

    Attributes:
        points: Shape (n, d), in a dtype that holds the given values exactly: bool and integers as
            (u)int8 to int64 with magnitudes up to 2^53, floats as float32 or float64.
        rows: Row number (from 0, in the data as given) of each kept point, shape (n,).
        merged: How many rows were dropped because an equal point with an equal label came before.
        labels: The C distinct labels in sorted order, shape (C,), or None for real targets; for
            k > 1 columns of classes the C different rows of labels, shape (C, k).
        codes: Position of each point's label in ``labels``, shape (n,), or None.
        targets: Real targets, shape (n, k), float64, or None for classes.
        features: Names of the features, or None.
    """

    points: Array
    rows: Integers
    merged: int
    labels: Array | None
    codes: Codes | None
    targets: Floats | None
    features: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        for name in ("points", "rows", "labels", "codes", "targets"):
            array = getattr(self, name)
            if array is not None and array.flags.writeable:
                view = array.view()
                view.flags.writeable = False
                object.__setattr__(self, name, view)

    @classmethod
    def from_arrays(
        cls,
        X: npt.ArrayLike,
        y: npt.ArrayLike,
        *,
        task: Task | None = None,
        features: tuple[str, ...] | None = None,
    ) -> DataSet:
        """Check arrays, merge equal rows and encode labels.

        Values are held as given: what no float64 holds exactly is refused, never rounded. The
        points share memory with X where X needed no change: do not write to X afterwards.

        Args:
            X: Points, shape (n, d), of booleans, integers or floats.
            y: Class labels or real targets, shape (n,), or (n, k) for several of each point.
            task: ``classes`` or ``real``; by default ``real`` for several columns of numbers (not
                of truth values) and for floats that are not all integers, else ``classes``.
            features: Names of the features, for messages.

        Returns:
            The data set.

        Raises:
            DataError: A wrong shape, dtype, or a value that is not finite or not exact.
            ContradictionError: Two equal rows with different labels.
            OptionError: The task has another name.
        """
        if task not in {None, "classes", "real"}:
            raise OptionError(f"task must be 'classes' or 'real', not {task!r}.")
        points = check_points(X, features)
        given = check_labels(y, len(points))
        labels, codes, targets = None, None, None
        if (task or guess_task(given)) == "real":
            targets = real_targets(given)
        else:
            labels, codes = encode_rows(given)
        kept, clash = _merge(points, codes if targets is None else targets)
        if clash is not None:
            raise _contradiction(clash, given)
        data = cls(
            points=points,
            rows=np.arange(len(points)),
            merged=0,
            labels=labels,
            codes=codes,
            targets=targets,
            features=features,
        )
        return data._keep(kept)

    @property
    def n(self) -> int:
        """Number of distinct points."""
        return int(self.points.shape[0])

    @property
    def d(self) -> int:
        """Number of features."""
        return int(self.points.shape[1])

    @property
    def task(self) -> Task:
        """``classes`` or ``real``."""
        return "real" if self.labels is None else "classes"

    @property
    def classes(self) -> int | None:
        """Number of classes C, or None for real targets."""
        return None if self.labels is None else len(self.labels)

    @property
    def outputs(self) -> int:
        """Number of real targets per point; 1 for classes."""
        return 1 if self.targets is None else int(self.targets.shape[1])

    @property
    def columns(self) -> int:
        """Number of labels or real targets of each point."""
        return self.outputs if self.labels is None else self.labels[:1].size

    @property
    def target(self) -> Array:
        """What a decision is compared with: class codes (n,) or real targets (n, k)."""
        target = self.codes if self.targets is None else self.targets
        assert target is not None
        return target

    @property
    def problem(self) -> Problem:
        """The sizes that theorems speak of; the separation is left unknown."""
        return Problem(n=self.n, d=self.d, classes=self.classes, outputs=self.outputs)

    @cached_property
    def information_bits(self) -> float:
        """The information limit n H(y) in bits; infinite for real targets."""
        if self.codes is None:
            return float("inf")
        p = np.bincount(self.codes) / self.n
        p = p[p > 0]
        return float(-self.n * np.sum(p * np.log2(p))) + 0.0

    @cached_property
    def digest(self) -> str:
        """SHA-256 of points and labels by value: the dtype does not matter, the row order does."""
        h = hashlib.sha256(f"{self.n} {self.d} {self.task}".encode())
        for start in range(0, self.n, 4096):
            block = self.points[start : start + 4096].astype("<f8", order="C")
            block += 0.0  # -0.0 becomes the 0.0 that it equals
            h.update(block.data)
        if self.targets is not None:
            h.update((self.targets + 0.0).astype("<f8").tobytes())
            return h.hexdigest()
        assert self.labels is not None
        assert self.codes is not None
        h.update(self.codes.astype("<i8").tobytes())
        for label in map(_label_bytes, self.labels.tolist()):
            h.update(f"{len(label)}:".encode() + label)
        return h.hexdigest()

    @property
    def summary(self) -> str:
        """One line: points, features and their dtype, labels, and how many rows were merged."""
        if self.classes is None:
            labels = f"{self.outputs} real target{'s' if self.outputs > 1 else ''} each"
        else:
            labels = f"{self.classes} class{'es' if self.classes > 1 else ''}"
            labels += f" in {self.columns} columns" if self.columns > 1 else ""
        counts = f"{self.n} point{'s' if self.n > 1 else ''}, {self.d} feature"
        merged = f" ({self.merged} equal row{'s' if self.merged > 1 else ''} merged)"
        return (
            f"{counts}{'s' if self.d > 1 else ''} of {self.points.dtype}, {labels}"
            f"{merged if self.merged else ''}"
        )

    def floats(self, dtype: npt.DTypeLike = np.float64) -> Array:
        """The points in a float dtype, rounded to nearest where it does not hold them."""
        return self.points.astype(dtype)

    def rounded(self, dtype: npt.DTypeLike) -> DataSet:
        """The data as a network of this float dtype receives them.

        Args:
            dtype: float32 or float64.

        Returns:
            This data set, with its points in that dtype unless they are integers or narrower floats
            that it holds exactly.

        Raises:
            PrecisionError: Two differently labelled points become equal, or one overflows.
        """
        if self._held_by(np.dtype(dtype)):
            return self
        name = np.dtype(dtype).name
        with np.errstate(over="ignore"):
            points = self.points.astype(dtype)
        if not np.isfinite(points).all():
            i, column = np.argwhere(~np.isfinite(points))[0].tolist()
            raise PrecisionError(
                f"{name} cannot hold row {self.rows[i]}, {column_name(column, self.features)}: "
                f"{self.points[i, column]}. Use dtype='float64'.",
                [int(self.rows[i])],
            )
        kept, clash = _merge(points, self.target)
        if clash is not None:
            a, b = (int(self.rows[i]) for i in clash)
            raise PrecisionError(
                f"{name} cannot tell rows {a} and {b} apart, which have different labels. "
                "Use dtype='float64'.",
                [a, b],
            )
        return replace(self, points=points)._keep(kept)

    def scaled(self, exponents: Integers) -> DataSet:
        """The data with each feature times a power of two.

        Args:
            exponents: The powers e of the factors 2^e, shape (d,); no point may over- or underflow.

        Returns:
            The same labels at scaled points.
        """
        points = self.points if self.points.dtype.kind == "f" else self.points.astype(np.float64)
        return replace(self, points=np.ldexp(points, exponents))

    def _held_by(self, dtype: np.dtype[Any]) -> bool:
        """Whether the float dtype holds every value of the points' own dtype, or every value."""
        if np.can_cast(self.points.dtype, dtype):
            return True
        if self.points.dtype.kind == "f":
            return False
        largest = 1 << (np.finfo(dtype).nmant + 1)
        return bool(self.points.min() >= -largest and self.points.max() <= largest)

    def _keep(self, kept: Integers | None) -> DataSet:
        """These points alone, in this order, the others counted as merged; None keeps all."""
        if kept is None:
            return self
        return replace(
            self,
            points=self.points[kept],
            rows=self.rows[kept],
            merged=self.merged + self.n - len(kept),
            codes=None if self.codes is None else self.codes[kept],
            targets=None if self.targets is None else self.targets[kept],
        )


def _merge(points: Array, target: Array | None) -> tuple[Integers | None, tuple[int, int] | None]:
    """Which points to keep, None for all; or the first two equal ones with different targets."""
    assert target is not None
    first = group_equal_rows(points)
    own = np.arange(len(points))
    duplicate = np.flatnonzero(first != own)
    if not duplicate.size:
        return None, None
    differ = target[duplicate] != target[first[duplicate]]
    clash = duplicate[differ if differ.ndim == 1 else differ.any(axis=1)]
    if clash.size:
        return None, (int(first[clash[0]]), int(clash[0]))
    return np.flatnonzero(first == own), None


def _contradiction(rows: tuple[int, int], labels: Array) -> ContradictionError:
    a, b = rows
    flat = labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels
    one, other = plain(flat[a]), plain(flat[b])
    return ContradictionError(
        f"Equal points must have equal labels; rows {a} and {b} are equal, but labelled {one!r} "
        f"and {other!r}. Correct or drop one of them.",
        rows,
        (one, other),
    )


def _label_bytes(label: object) -> bytes:
    """A label as bytes, equal for equal numbers of any type and different for all else."""
    if isinstance(label, list):  # a row of several
        parts = [_label_bytes(part) for part in label]
        return b"r" + b"".join(f"{len(part)}:".encode() + part for part in parts)
    if isinstance(label, bool | int | float):
        return b"n" + str(int(label) if label == int(label) else float(label).hex()).encode()
    return (b"s" + label.encode()) if isinstance(label, str) else b"o" + repr(label).encode()
