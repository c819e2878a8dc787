"""Columns: a decision of several labels of each point, each by an output of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from rote.data.joint import beside
from rote.errors import OptionError
from rote.network.decision import Boxes, checked
from rote.typing import Array, Codes, Floats, Integers

__all__ = ["Columns"]


@final
@dataclass(frozen=True, eq=False)
class Columns(Boxes):
    """Output j decides label j as ``Nearest`` does: class c within 1/2 of the integer c.

    Attributes:
        labels: For each of the k > 1 columns its original labels in the order of their codes.
    """

    labels: tuple[Array, ...]

    def __post_init__(self) -> None:
        if len(self.labels) < 2:
            raise OptionError("Decision 'columns' needs the labels of two columns or more.")
        labels = tuple(checked(column) for column in self.labels)
        if any(column.ndim > 1 for column in labels):
            raise OptionError("Decision 'columns' needs one list of labels for each column.")
        object.__setattr__(self, "labels", labels)

    def __reduce__(self) -> tuple[Any, ...]:
        return Columns, (self.labels,)

    @property
    def columns(self) -> int:
        """Number of labels of each point."""
        return len(self.labels)

    @property
    def listed(self) -> list[list[Any]]:
        """The labels of each column as a list."""
        return [labels.tolist() for labels in self.labels]

    def decide(self, raw: Array) -> Codes:
        """The code nearest to each output, shape (n, k)."""
        edges = [np.arange(len(labels) - 1) + 0.5 for labels in self.labels]
        codes = [np.searchsorted(e, raw[:, j]) for j, e in enumerate(edges)]
        return np.stack(codes, axis=1).astype(np.int64)

    def named(self, codes: Codes) -> Array:
        """The labels of codes, shape (n, k), of dtype object where the columns' types differ."""
        return beside([labels[codes[:, j]] for j, labels in enumerate(self.labels)])

    def codes_of(self, labels: Array) -> Codes:
        """The code of each label in its column, shape (m, k), -1 for one that is not there."""
        codes = np.empty(labels.shape, np.int64)
        for j, own in enumerate(self.labels):
            code_of = {label: code for code, label in enumerate(own.tolist())}
            codes[:, j] = [code_of.get(label, -1) for label in labels[:, j].tolist()]
        return codes

    def _box(self, target: Array) -> tuple[Integers, Integers, Floats]:
        # As for Nearest; a column of a single class is decided by every output.
        last = np.array([len(labels) - 1 for labels in self.labels])
        open_ = np.flatnonzero(last)
        codes, last = target[:, open_], last[open_]
        sign = np.stack([np.where(codes > 0, 1, -1), np.where(codes < last, -1, 1)], axis=2)
        constant = 0.5 - sign * codes[:, :, None]
        shape = (len(target), 2 * len(open_))
        column = np.broadcast_to(np.repeat(open_, 2), shape)
        return column, sign.reshape(shape).astype(np.int64), constant.reshape(shape)

    def check(self, outputs: int) -> None:
        """As many outputs as columns."""
        if outputs != len(self.labels):
            raise OptionError(
                f"Decision 'columns' needs {len(self.labels)} outputs, not {outputs}."
            )
