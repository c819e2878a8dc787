"""The data set: distinct points with labels, held as given and checked once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, final

import numpy as np
import numpy.typing as npt

from rote.data.duplicates import group_equal_rows
from rote.errors import ContradictionError, DataError, OptionError, PrecisionError
from rote.typing import Array, Codes, Floats, Integers, Task

__all__ = ["DataSet", "Problem"]

_LARGEST_INTEGER = 1 << 53


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

    Attributes:
        points: Shape (n, d), in a dtype that holds the given values exactly: bool and integers as
            (u)int8 to int64 with magnitudes up to 2^53, floats as float32 or float64. Read-only.
        rows: Row number (from 0, in the data as given) of each kept point, shape (n,).
        merged: How many rows were dropped because an equal point with an equal label came before.
        labels: The C distinct labels in sorted order, or None for real targets.
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

        Args:
            X: Points, shape (n, d), of booleans, integers or floats.
            y: Labels, shape (n,); or real targets, shape (n,) or (n, k).
            task: ``classes`` or ``real``; by default ``real`` for floats that are not all integers
                and for two-dimensional ``y``, else ``classes``.
            features: Names of the features, for messages.

        Returns:
            The data set.

        Raises:
            DataError: A wrong shape, dtype, or a value that is not finite or not exact.
            ContradictionError: Two equal rows with different labels.
        """
        points = _points(X, features)
        n = len(points)
        label_array = _as_labels(y, n)
        task = task or _guess_task(label_array)
        if task == "real":
            targets = _targets(label_array)
            labels, codes = None, None
        else:
            labels, codes = _encode(label_array)
            targets = None
        first = group_equal_rows(points)
        duplicate = np.flatnonzero(first != np.arange(n))
        if duplicate.size:
            own = codes[:, None] if codes is not None else targets
            assert own is not None
            clash = duplicate[np.any(own[duplicate] != own[first[duplicate]], axis=1)]
            if clash.size:
                raise _contradiction(int(first[clash[0]]), int(clash[0]), label_array)
        rows = np.flatnonzero(first == np.arange(n))
        if duplicate.size:
            points = points[rows]
            codes = codes[rows] if codes is not None else None
            targets = targets[rows] if targets is not None else None
        return cls(
            points=_read_only(points),
            rows=rows,
            merged=int(duplicate.size),
            labels=labels,
            codes=codes,
            targets=targets,
            features=features,
        )

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
        """SHA-256 of points (as float64) and labels, independent of dtype but not of row order."""
        h = hashlib.sha256(f"{self.n} {self.d} {self.task}".encode())
        for start in range(0, self.n, 4096):
            h.update(np.ascontiguousarray(self.points[start : start + 4096], "<f8"))
        h.update(np.ascontiguousarray(self.target, "<i8" if self.targets is None else "<f8"))
        if self.labels is not None:
            h.update("\x1f".join(map(str, self.labels.tolist())).encode())
        return h.hexdigest()

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
        with np.errstate(over="ignore"):
            points = self.points.astype(dtype)
        if not np.isfinite(points).all():
            row, column = np.argwhere(~np.isfinite(points))[0]
            raise PrecisionError(
                f"{np.dtype(dtype).name} cannot hold row {self.rows[row]}, column {column}: "
                f"{self.points[row, column]!r}. Use dtype='float64'.",
                [int(self.rows[row])],
            )
        first = group_equal_rows(points)
        same = np.flatnonzero(first != np.arange(self.n))
        own = self.target if self.target.ndim == 2 else self.target[:, None]
        clash = same[np.any(own[same] != own[first[same]], axis=1)]
        if clash.size:
            a, b = int(self.rows[first[clash[0]]]), int(self.rows[clash[0]])
            raise PrecisionError(
                f"{np.dtype(dtype).name} cannot tell rows {a} and {b} apart, which have different "
                "labels. Use dtype='float64'.",
                [a, b],
            )
        if not same.size:
            return replace(self, points=_read_only(points))
        keep = np.flatnonzero(first == np.arange(self.n))
        return replace(
            self,
            points=_read_only(points[keep]),
            rows=self.rows[keep],
            merged=self.merged + int(same.size),
            codes=None if self.codes is None else self.codes[keep],
            targets=None if self.targets is None else self.targets[keep],
        )

    def _held_by(self, dtype: np.dtype[Any]) -> bool:
        """Whether the float dtype holds every value of the points' own dtype, or every value."""
        if np.can_cast(self.points.dtype, dtype):
            return True
        if self.points.dtype.kind == "f":
            return False
        largest = 1 << (np.finfo(dtype).nmant + 1)
        return bool(self.points.min() >= -largest and self.points.max() <= largest)


def _points(X: npt.ArrayLike, features: tuple[str, ...] | None) -> Array:
    points = np.asarray(X)
    if points.ndim != 2:
        raise DataError(
            f"X must have shape (n, d), not {tuple(points.shape)}. "
            "One feature is X.reshape(-1, 1)."
        )
    if not points.size:
        raise DataError(
            f"X must hold at least one row and one column, not {points.shape[0]} x "
            f"{points.shape[1]}."
        )
    kind = points.dtype.kind
    if kind == "b":
        return points.astype(np.uint8)
    if kind in "iu":
        if points.dtype.itemsize == 8:
            large = (points > _LARGEST_INTEGER) | (points < -_LARGEST_INTEGER)
            if large.any():
                row, column = (int(v) for v in np.argwhere(large)[0])
                raise DataError(
                    f"Row {row}, {_column(column, features)}: integers must lie within 2^53, where "
                    f"float64 holds them exactly, not {points[row, column]}. Split it into two "
                    "columns, or subtract a constant."
                )
            return points.astype(np.int64)
        return points
    if kind == "f" and points.dtype.itemsize <= 8:
        if not np.isfinite(points).all():
            row, column = (int(v) for v in np.argwhere(~np.isfinite(points))[0])
            raise DataError(
                f"Row {row}, {_column(column, features)}: values must be finite, not "
                f"{points[row, column]}. Drop or fill the row."
            )
        return points.astype(np.float32) if points.dtype.itemsize == 2 else points
    raise DataError(
        f"X must hold booleans, integers or floats of at most 64 bits, not {points.dtype}. "
        "Encode other columns as numbers first."
    )


def _column(index: int, features: tuple[str, ...] | None) -> str:
    return f"column {features[index]!r}" if features else f"column {index}"


def _as_labels(y: npt.ArrayLike, n: int) -> Array:
    labels = np.asarray(y)
    if labels.dtype.kind == "T":  # numpy's variable-width strings
        labels = labels.astype(object)
    if labels.ndim == 0 or labels.shape[0] != n:
        raise DataError(f"y must have one entry per row of X ({n}), not shape {labels.shape}.")
    if labels.ndim > 2 or labels.size == 0:
        raise DataError(f"y must have shape (n,) or (n, k), not {labels.shape}.")
    if labels.dtype.kind in "fc" and not np.isfinite(labels).all():
        row = int(np.argwhere(~np.isfinite(labels))[0][0])
        raise DataError(f"Row {row}: labels must be finite, not {labels[row]}. Drop the row.")
    return labels


def _guess_task(labels: Array) -> Task:
    if labels.ndim == 2 and labels.shape[1] > 1:
        return "real"
    if labels.dtype.kind == "f" and not np.array_equal(labels, np.round(labels)):
        return "real"
    return "classes"


def _targets(labels: Array) -> Floats:
    if labels.dtype.kind not in "biuf":
        raise DataError(f"Real targets must be numbers, not {labels.dtype}.")
    targets = labels.astype(np.float64).reshape(len(labels), -1)
    if labels.dtype.kind in "iu" and np.abs(targets).max() > _LARGEST_INTEGER:
        raise DataError("Integer targets must lie within 2^53, where float64 holds them exactly.")
    return targets


def _encode(labels: Array) -> tuple[Array, Codes]:
    if labels.ndim == 2:
        if labels.shape[1] != 1:
            raise DataError(f"Class labels must have shape (n,), not {labels.shape}.")
        labels = labels[:, 0]
    if labels.dtype.kind == "O":
        return _encode_objects(labels)
    if labels.dtype.kind not in "biufUS":
        raise DataError(f"Class labels must be numbers or strings, not {labels.dtype}.")
    distinct, codes = np.unique(labels, return_inverse=True)
    return _read_only(distinct), codes.astype(np.int64)


def _encode_objects(labels: Array) -> tuple[Array, Codes]:
    values = labels.tolist()
    for row, value in enumerate(values):
        if value is None or value != value:
            raise DataError(f"Row {row}: the label is missing. Drop the row or name the label.")
    try:
        position: dict[Any, int] = dict.fromkeys(values, 0)
    except TypeError as error:
        raise DataError(f"Class labels must be hashable: {error}.") from None
    try:
        distinct = sorted(position)
    except TypeError:  # labels of several types have no order of their own
        distinct = sorted(position, key=lambda v: (type(v).__name__, repr(v)))
    for code, value in enumerate(distinct):
        position[value] = code
    array = np.empty(len(distinct), dtype=object)
    array[:] = distinct
    if all(type(v) is str for v in distinct):
        array = array.astype(np.str_)
    return _read_only(array), np.array([position[v] for v in values], dtype=np.int64)


def _contradiction(a: int, b: int, labels: Array) -> ContradictionError:
    one, other = (labels[i].tolist() if labels.ndim == 2 else _plain(labels[i]) for i in (a, b))
    return ContradictionError(
        f"Equal points must have equal labels; rows {a} and {b} are equal, but labelled {one!r} "
        f"and {other!r}. Correct or drop one of them.",
        (a, b),
        (one, other),
    )


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _read_only(array: Array) -> Array:
    if array.flags.writeable:
        array = array.view()
        array.flags.writeable = False
    return array
