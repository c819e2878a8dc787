"""Bands for every bit of the class code, as a hidden layer of threshold units and an output layer.

The hidden units of a band are 1[w . x > low] and 1[w . x > high]; the output of a bit is the sum of
the first less that of the second. Behind the hidden layer everything is a small integer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rote.constructions._gadgets.bands import Band, Flat, best_bands
from rote.data import DataSet
from rote.errors import AssumptionError, PrecisionError
from rote.network import Affine, Layer
from rote.network.activation import THRESHOLD
from rote.typing import Array, DType, Integers, Progress

__all__ = ["BandNetwork", "best_band_network"]

_LISTED = 8


@dataclass(frozen=True, eq=False)
class BandNetwork:
    """Bands for each output.

    Attributes:
        blocks: Positions of the points of each block.
        bands: The band of each block.
        output: Which output each band belongs to.
        flipped: For each output whether bands stand for 0 instead of 1, shape (B,).
    """

    blocks: tuple[Integers, ...]
    bands: tuple[Band, ...]
    output: tuple[int, ...]
    flipped: Array

    def layers(self, d: int, dtype: DType) -> tuple[Layer, ...]:
        """A hidden layer of two units per band, and the output layer.

        Args:
            d: Number of inputs.
            dtype: float32 or float64.

        Returns:
            Two layers; or one, a constant, if there is no band.
        """
        bias = self.flipped.astype(dtype)
        if not self.bands:
            return (Affine(np.zeros((len(bias), d), dtype), bias),)
        normal = np.array([band.w for band in self.bands])
        edges = np.array([[band.low, band.high] for band in self.bands]).T
        k = len(self.bands)
        weight = np.zeros((len(bias), 2 * k), dtype)
        sign = np.where(self.flipped[list(self.output)], -1, 1)
        weight[self.output, range(k)] = sign
        weight[self.output, range(k, 2 * k)] = -sign
        hidden = Affine(
            np.concatenate([normal, normal]).astype(dtype),
            (-edges.ravel()).astype(dtype),
            THRESHOLD,
        )
        return hidden, Affine(weight, bias)

    def check(self, data: DataSet, dtype: DType, repair: str) -> None:
        """Raise unless every band is safe.

        Args:
            data: The data, for their row numbers.
            dtype: The network's arithmetic.
            repair: What to do where the points are not in general position.

        Raises:
            AssumptionError: A point lies on the hyperplane of a block, in every grouping tried.
            PrecisionError: A point is too close to it for the arithmetic.
        """
        for block, band in zip(self.blocks, self.bands, strict=True):
            if band.safety > 1:
                continue
            rows = data.rows[[*block, *([band.closest] if band.closest >= 0 else [])]]
            listed = ", ".join(map(str, rows[:_LISTED])) + (", ..." if len(rows) > _LISTED else "")
            if band.touching:
                raise AssumptionError(
                    "Points must be in general position (no hyperplane may hold more than d of "
                    f"them), to the precision of float64; rows {listed} lie on one. {repair}",
                    rows.tolist(),
                )
            wider = " or dtype='float64'" if dtype == "float32" else ""
            raise PrecisionError(
                f"{dtype} cannot tell row {rows[-1]} from the hyperplane through rows {listed}. "
                f"Use a smaller fill{wider}.",
                [int(rows[-1])],
            )


def best_band_network(
    points: Array,
    bits: Integers,
    size: int,
    sweeps: int,
    dtype: DType,
    rng: np.random.Generator,
    progress: Progress,
) -> BandNetwork:
    """Bands around the points of the rarer value of each bit.

    Args:
        points: Shape (n, d), values of the dtype.
        bits: What each output must be, 0 or 1, shape (n, B).
        size: Most points in a block, at most d.
        sweeps: Most rounds of exchanges between blocks.
        dtype: float32 or float64.
        rng: Deals the points and draws hyperplanes.
        progress: Passed on.

    Returns:
        The bands; check them before use.
    """
    flat = Flat.of(points, dtype)
    flipped = 2 * bits.sum(axis=0) > len(bits)
    found = []
    for column, flip in enumerate(flipped):
        inside = bits[:, column] != flip
        found += [
            (block, band, column)
            for block, band in best_bands(flat, inside, size, sweeps, rng, progress)
        ]
    blocks, bands, output = zip(*found, strict=True) if found else ((), (), ())
    return BandNetwork(blocks, bands, output, flipped)
