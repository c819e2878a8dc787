"""Steps: a layer written unit by unit, as affine expressions in the named units before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from rote.network import Affine
from rote.network.activation import RELU, Activation
from rote.typing import DType, Floats

__all__ = ["Step", "size_of"]

Terms = Mapping[str, float]
"""Coefficients of the units before, by name."""


@dataclass
class Step:
    """Collects the units of one layer.

    Attributes:
        inputs: Names of the units before.
        names: Names of the units so far.
    """

    inputs: list[str]
    names: list[str] = field(default_factory=list)
    _rows: list[Floats] = field(default_factory=list)
    _biases: list[float] = field(default_factory=list)

    def unit(self, name: str, terms: Terms, bias: float = 0.0) -> None:
        """Add relu(terms + bias)."""
        row = np.zeros(len(self.inputs))
        for source, coefficient in terms.items():
            row[self.inputs.index(source)] += coefficient
        self.names.append(name)
        self._rows.append(row)
        self._biases.append(bias)

    def pair(self, name: str, terms: Terms, bias: float = 0.0) -> None:
        """Add the positive and the negative part of terms + bias."""
        self.unit(f"{name}+", terms, bias)
        self.unit(f"{name}-", {s: -c for s, c in terms.items()}, -bias)

    def layer(self, dtype: DType, activation: Activation = RELU) -> Affine:
        """The layer."""
        weight = np.stack(self._rows).astype(dtype)
        return Affine(weight, np.array(self._biases, dtype) + 0, activation)


def size_of(name: str, factor: float = 1.0) -> dict[str, float]:
    """The terms of factor times |t|."""
    return {f"{name}+": factor, f"{name}-": factor}
