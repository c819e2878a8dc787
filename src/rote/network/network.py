"""The immutable network: layers, an arithmetic, a decision and where it came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from operator import index
from typing import final, get_args

import numpy as np
import numpy.typing as npt

from rote.errors import OptionError, PrecisionError
from rote.network.decision import Decision
from rote.network.layer import Affine, Layer, Residual, check_chain
from rote.network.size import Size, measure
from rote.typing import Array, DType

__all__ = ["Network", "Provenance"]

_BATCH_NUMBERS = 1 << 20
"""Most numbers held in one layer of one batch: 8 MB of float64, which stays in cache and in memory
that is used again; 16 times more is half as fast for a wide hidden layer. Ours."""

_FIRST_ROWS = 10
"""Rows that an error names."""


@dataclass(frozen=True)
class Provenance:
    """Where a network came from; carried in its file, trusted by nothing.

    Attributes:
        construction: Catalogue key, or an empty string.
        seed: Seed of the construction.
        data: Digest of the data set that it was built for, or an empty string.
    """

    construction: str = ""
    seed: int = 0
    data: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "seed", index(self.seed))  # numpy's integers have no JSON form


@final
@dataclass(frozen=True, eq=False)
class Network:
    """A feed-forward network.

    Attributes:
        layers: Affine layers and residual blocks, at least one.
        decision: How the output becomes a label.
        dtype: ``float32``, ``float64`` or ``exact``; that of every layer.
        provenance: Where the network came from.
    """

    layers: tuple[Layer, ...]
    decision: Decision
    dtype: DType = field(default="float64")
    provenance: Provenance = field(default_factory=Provenance)

    def __post_init__(self) -> None:
        object.__setattr__(self, "layers", tuple(self.layers))
        if not self.layers or not all(isinstance(k, Affine | Residual) for k in self.layers):
            raise OptionError("A network needs affine layers or residual blocks, at least one.")
        if self.dtype not in get_args(DType):
            raise OptionError(
                f"dtype must be one of {', '.join(get_args(DType))}, not {self.dtype!r}."
            )
        check_chain(self.layers)
        stored = np.dtype(object if self.dtype == "exact" else self.dtype)
        for k, layer in enumerate(self.layers):
            for affine in layer.body if isinstance(layer, Residual) else (layer,):
                if affine.weight.dtype != stored:
                    raise OptionError(
                        f"Layer {k} has dtype {affine.weight.dtype}, not the network's {stored}."
                    )
        self.decision.check(self.outputs)

    @property
    def inputs(self) -> int:
        """Number of inputs d."""
        return self.layers[0].inputs

    @property
    def outputs(self) -> int:
        """Number of raw outputs k."""
        return self.layers[-1].outputs

    @property
    def affine_layers(self) -> tuple[Affine, ...]:
        """All affine layers in order, those inside residual blocks included."""
        return tuple(
            affine
            for layer in self.layers
            for affine in (layer.body if isinstance(layer, Residual) else (layer,))
        )

    @property
    def piecewise_linear(self) -> bool:
        """Whether every activation is piecewise linear, so that exact evaluation exists."""
        return all(a.piecewise_linear for f in self.affine_layers for a, _ in f.runs())

    @cached_property
    def size(self) -> Size:
        """The measured size."""
        return measure(self.layers, self.dtype)

    @property
    def batch(self) -> int:
        """How many points to evaluate at once, so that a layer's values stay within 8 MB."""
        widest = max(self.inputs, *(layer.outputs for layer in self.affine_layers))
        return max(1, _BATCH_NUMBERS // widest)

    def raw(self, points: npt.ArrayLike) -> Array:
        """Raw outputs in the network's float arithmetic; an overflow gives infinity or NaN.

        Args:
            points: Shape (n, d); rounded to the network's dtype first.

        Returns:
            Shape (n, k), in the network's dtype.

        Raises:
            OptionError: If the network is exact, or the points have another width or no numbers.
        """
        if self.dtype == "exact":
            raise OptionError("An exact network has no float outputs; use rote.network.exact.")
        points = np.asarray(points)
        if points.ndim != 2 or points.shape[1] != self.inputs:
            raise OptionError(f"Points must have shape (n, {self.inputs}), not {points.shape}.")
        if points.dtype.kind not in "biuf":
            raise OptionError(f"Points must be numbers, not {points.dtype}.")
        out = np.empty((len(points), self.outputs), self.dtype)
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            for start in range(0, len(points), self.batch):
                h = points[start : start + self.batch].astype(self.dtype)
                for layer in self.layers:
                    h = layer(h)
                out[start : start + self.batch] = h
        return out

    def predict(self, points: npt.ArrayLike) -> Array:
        """Decided labels of shape (n,), several of each point and real targets of shape (n, k).

        Args:
            points: Shape (n, d); rounded to the network's dtype first.

        Returns:
            Labels or outputs.

        Raises:
            OptionError: If the network is exact, or the points have another width or no numbers.
            PrecisionError: If an output overflows.
        """
        raw = self.raw(points)
        overflowing = np.flatnonzero(~np.isfinite(raw).all(axis=1))
        if overflowing.size:
            wider = "float64" if self.dtype == "float32" else "exact"
            raise PrecisionError(
                f"The network's outputs must be finite; that of row {overflowing[0]} is not in "
                f"{self.dtype}. Check that point, or build with dtype={wider!r}.",
                overflowing[:_FIRST_ROWS].tolist(),
            )
        return self.decision.label(raw)
