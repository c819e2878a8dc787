"""Bands for every bit of the class code, as a hidden layer of threshold units and an output layer.

The hidden units of a band are 1[w . x > low] and 1[w . x > high]; the output of a bit is the sum of
the first less that of the second. Behind the hidden layer everything is a small integer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rote.constructions._gadgets.bands import Band
from rote.constructions._gadgets.dealing import deal_bands
from rote.constructions._gadgets.flat import Flat
from rote.data import DataSet
from rote.errors import PrecisionError
from rote.network import Affine, Layer
from rote.network.activation import THRESHOLD
from rote.typing import Array, DType, Integers, Progress

__all__ = ["BandNetwork", "best_band_network"]


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

    def check(self, data: DataSet, dtype: DType) -> None:
        """Raise unless every band is safe.

        Args:
            data: The data, for their row numbers.
            dtype: The network's arithmetic.

        Raises:
            PrecisionError: Some hyperplane through a single point is too close to another.
        """
        for block, band in zip(self.blocks, self.bands, strict=True):
            if band.safety > 1:
                continue
            a, b = data.rows[[block[0], band.closest]].tolist()
            repair = "Use dtype='float64'." if dtype == "float32" else "Rescale the features."
            raise PrecisionError(
                f"{dtype} cannot tell row {b} from a hyperplane through row {a}. {repair}", [a, b]
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
        size: Most points in a block.
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
            for block, band in deal_bands(flat, inside, size, sweeps, rng, progress)
        ]
    blocks, bands, output = zip(*found, strict=True) if found else ((), (), ())
    return BandNetwork(blocks, bands, output, flipped)
