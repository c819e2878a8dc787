"""Expressions of ONNX operators: written into a graph by a builder, found in one by a matcher."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["ARGUMENT", "Argument", "Constant", "Expression", "Hole", "Op", "op"]


@dataclass(frozen=True)
class Argument:
    """The value that a whole expression is applied to; a matcher finds it."""


@dataclass(frozen=True)
class Hole:
    """A constant, or a number among the attributes, that is given to write and found to read.

    Attributes:
        name: What it stands for.
    """

    name: str


@dataclass(frozen=True)
class Constant:
    """A known constant.

    Attributes:
        value: A number, stored as a scalar, or a vector.
        kind: ``float`` for the network's dtype, ``int`` for int64.
    """

    value: float | tuple[float, ...]
    kind: Literal["float", "int"] = "float"


@dataclass(frozen=True)
class Op:
    """An operator applied to expressions. Attributes that are not named have their defaults."""

    name: str
    inputs: tuple[Expression, ...]
    attributes: tuple[tuple[str, float | str | Hole], ...] = ()

    @property
    def size(self) -> int:
        """Number of operators; one that occurs twice counts twice."""
        return 1 + sum(e.size for e in self.inputs if isinstance(e, Op))


Expression: TypeAlias = Argument | Hole | Constant | Op

ARGUMENT = Argument()


def op(name: str, *inputs: Expression | float, **attributes: float | str | Hole) -> Op:
    """An operator applied to expressions, where a bare number stands for a scalar constant."""
    return Op(
        name,
        tuple(Constant(float(e)) if isinstance(e, int | float) else e for e in inputs),
        tuple(attributes.items()),
    )
