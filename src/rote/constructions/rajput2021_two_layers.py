r"""Two hidden layers of threshold units, about 2.1 sqrt(n) in all.

**Last stage of Theorem 1** [rajput2021]. Random threshold units map n points to $\{0, 1\}^m$ with
m of the order of $\sqrt n$, such that sets of $\sqrt n$ images are linearly independent; then units
of a second layer take about $\sqrt n$ points each.

*Hypotheses.* Distinct points; nothing else. Images in general position take fewest units.

*Idea.* In m dimensions a pair of threshold units takes m points [baum1988]. So m units in the first
layer and n/m in the second suffice, and $m = \sqrt n$ makes the sum least.

*Ours:* without the paper's compression, in two layers. For the B bits of the class codes,
$m = 1.1 \sqrt{B n}$, of which a few units are chosen so that no differently labelled points have
one image (gadget ``patterns``); bands around blocks of 0.9 m images (gadget ``bands``), and around
smaller blocks where the images are not in general position (gadget ``dealing``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from rote.constructions._base import Construction, Context, Theorem
from rote.constructions._gadgets.band_network import best_band_network
from rote.constructions._gadgets.class_bits import bits_of_codes
from rote.constructions._gadgets.cuts import Cuts, Points, joined
from rote.constructions._gadgets.patterns import parting_cuts
from rote.data import DataSet, Problem
from rote.errors import OptionError
from rote.network import Affine, Decision, Layer, Size

__all__ = ["Rajput2021TwoLayers"]

_WINDOW = 0.02


@final
@dataclass(frozen=True)
class Rajput2021TwoLayers(Construction):
    """Threshold features, then pairs of threshold units around blocks of them.

    Attributes:
        features: Units of the first layer over the square root of n times the bits of a code.
        fill: Share of the m places of a block that is used at first, in (0, 1].
        groupings: Most rounds of exchanges between blocks.
    """

    features: float = 1.1
    fill: float = 0.9
    groupings: int = 20

    theorem: ClassVar[Theorem] = Theorem(
        key="rajput2021-two-layers",
        title="Threshold features and pairs around blocks of them",
        statement="Two hidden layers of about 2.1 sqrt(n) threshold units compute any two-valued "
        "labels of n points.",
        source="rajput2021",
        number="ours",
        tasks=("classes",),
        activations=("threshold",),
        most_points=1_000,
    )

    def __post_init__(self) -> None:
        if not 0 < self.features < math.inf:
            raise OptionError(f"Option 'features' must be positive, not {self.features}.")
        if not 0 < self.fill <= 1:
            raise OptionError(f"Option 'fill' must lie in (0, 1], not {self.fill}.")
        if self.groupings < 0:
            raise OptionError(f"Option 'groupings' must be at least 0, not {self.groupings}.")

    def promise(self, problem: Problem) -> Size:
        """Two hidden layers; how many features part the points depends on them."""
        del problem  # the theorem's constants are not explicit
        return Size(depth=2)

    def layers(self, data: DataSet, context: Context) -> tuple[tuple[Layer, ...], Decision]:
        """Features that part the points, then a band for every block of images."""
        bits, decision = bits_of_codes(data)
        dtype = context.dtype
        if not bits.any():
            width = bits.shape[1]
            return (Affine(np.zeros((width, data.d), dtype), np.zeros(width, dtype)),), decision
        cuts = parting_cuts(data, context)
        points = Points.of(data.points, dtype)
        wanted = self.features * math.sqrt(data.n * bits.shape[1])
        cuts = _extended(cuts, points, math.ceil(wanted), context)
        images, first = np.unique(cuts.on, axis=0, return_index=True)
        bands = best_band_network(
            images,
            bits[first],
            max(1, int(self.fill * images.shape[1])),
            self.groupings,
            dtype,
            context.rng,
            context.progress,
        )
        bands.check(data, dtype)
        return (cuts.layer(dtype), *bands.layers(len(cuts), dtype)), decision


def _extended(cuts: Cuts, points: Points, count: int, context: Context) -> Cuts:
    """At least ``count`` cuts: these and random ones; some may be unsafe and left out."""
    missing = count - len(cuts)
    if missing <= 0:
        return cuts
    rng = context.rng
    share = rng.uniform(0.3, 0.7, missing)
    return joined(cuts, points.cut_near_ranks(points.directions(missing, rng), share, _WINDOW))
