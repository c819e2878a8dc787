"""What a claim costs per point, on a ReLU network with layers 784-500-500-10, on one core.

The weights are random; the labels are the network's own answers, so that the claims can hold. Two
kinds of points: images of small integers, and normal float32 numbers with full significands.

    python benchmarks/certify_cost.py --points 1000
"""

from __future__ import annotations

import argparse
from itertools import pairwise

import numpy as np
from threadpoolctl import threadpool_limits

from common import fastest, report
from rote.certify import verify
from rote.data import DataSet
from rote.network import Affine, ArgMax, Network
from rote.network.activation import IDENTITY, RELU
from rote.typing import Array

WIDTHS = (784, 500, 500, 10)
COLUMNS = {
    "points": "points",
    "dtype": "dtype",
    "claim": "claim",
    "ms_per_point": "ms / point",
    "over_forward": "/ float evaluation",
    "holds": "holds",
    "failures": "failing rows",
}


def arguments() -> argparse.Namespace:
    """The options of the script."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--points", type=int, default=2000)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def random_network(dtype: str, rng: np.random.Generator) -> Network:
    """Normal weights of variance 2 / inputs, and small biases."""
    layers = []
    for inputs, outputs in pairwise(WIDTHS):
        weight = rng.normal(0.0, np.sqrt(2 / inputs), (outputs, inputs)).astype(dtype)
        bias = rng.normal(0.0, 0.1, outputs).astype(dtype)
        layers.append(Affine(weight, bias, IDENTITY if outputs == WIDTHS[-1] else RELU))
    return Network(tuple(layers), ArgMax(np.arange(WIDTHS[-1])), dtype)


def points(kind: str, n: int, rng: np.random.Generator) -> Array:
    """Images with a fifth of their pixels set, or normal numbers."""
    if kind == "normal":
        return rng.standard_normal((n, WIDTHS[0]), dtype=np.float32)
    pixels = rng.integers(0, 256, (n, WIDTHS[0]), dtype=np.uint8)
    return np.where(rng.random(pixels.shape) < 0.2, pixels, 0).astype(np.uint8)


def main() -> None:
    """Measure both claims for both types and both kinds of points."""
    options = arguments()
    rows = []
    with threadpool_limits(options.threads):
        for kind in ("images", "normal"):
            for dtype in ("float32", "float64"):
                rng = np.random.default_rng(0)
                network = random_network(dtype, rng)
                X = points(kind, options.points, rng)
                data = DataSet.from_arrays(X, network.predict(X))
                forward = fastest(lambda: network.raw(X), repeats=5)  # noqa: B023 - used at once
                for claim in ("portable", "exact"):
                    seconds = fastest(
                        lambda: verify(network, data, claims=(claim,)),  # noqa: B023
                        repeats=3,
                    )
                    result = verify(network, data, claims=(claim,)).claims[claim]
                    rows.append(
                        {
                            "points": kind,
                            "n": options.points,
                            "dtype": dtype,
                            "claim": claim,
                            "ms_per_point": 1e3 * seconds / options.points,
                            "over_forward": seconds / forward,
                            "holds": result.holds,
                            "failures": result.failures.total,
                        }
                    )
    report("certify_cost", COLUMNS, rows)


if __name__ == "__main__":
    main()
