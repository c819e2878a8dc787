"""Options that several commands share, and reading the data that they name."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from cyclopts import Parameter

from rote.data import DataSet
from rote.data.read import read

__all__ = ["Json", "Label", "TaskName", "read_data"]

TaskName: TypeAlias = Literal["classes", "real", "auto"]
Label: TypeAlias = Annotated[str | None, Parameter(name="--label")]
Json: TypeAlias = Annotated[bool, Parameter(name="--json", negative="")]


def read_data(path: Path, label: str | None, task: TaskName) -> DataSet:
    """Read a data file; a label that is a number and no column's name is a column number."""
    return read(path, label=label, task=task)
