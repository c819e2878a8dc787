"""Width against depth: networks from wide to deep for one data set, measured and drawn.

For each S the group size is the one of least depth. A row gives the network's W and L, the constant
W^2 L^2 / (n log2 n), the longest weight, and what building and verifying cost. ``--figure`` draws
the built networks, the planned shapes, two other constructions, and the order of the lower bound.

    python benchmarks/width_depth.py --points 1000 10000 --dtype exact --figure frontier.svg
    python benchmarks/width_depth.py --data letters.npz --dtype float32 --sides 8 16 32
"""

from __future__ import annotations

import argparse
import time
from math import isqrt, log2
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from common import report
from rote.certify import verify
from rote.constructions import make
from rote.constructions._gadgets.levels import LIMIT
from rote.constructions._gadgets.shape import Demand, Shape, shallowest, usual_bits
from rote.data import DataSet, Problem
from rote.data.read import read
from rote.errors import RoteError

COLUMNS = {
    "n": "n",
    "dtype": "dtype",
    "S": "S",
    "T": "T",
    "W": "W",
    "L": "L",
    "constant": "W²L²/(n log n)",
    "bits": "weight bits",
    "parameters": "parameters",
    "nonzero": "nonzero",
    "build_s": "build s",
    "verify_s": "verify s",
    "certified": "certified",
    "refused": "refused",
}


def arguments() -> argparse.Namespace:
    """The options of the script."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", nargs="*", default=[], help="files with labels")
    parser.add_argument("--points", type=int, nargs="*", default=[], help="random normal points")
    parser.add_argument("--features", type=int, default=10)
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--sides", type=int, nargs="+", default=[2, 4, 8, 16, 32, 64])
    parser.add_argument("--dtype", default="exact", choices=["exact", "float64", "float32"])
    parser.add_argument("--no-verify", action="store_true")
    parser.add_argument("--figure", help="draw the last data set's frontier into this file")
    return parser.parse_args()


def data_sets(options: argparse.Namespace) -> list[DataSet]:
    """Those of the files, and random ones."""
    sets = [read(path) for path in options.data]
    for n in options.points:
        rng = np.random.default_rng(n)
        X = rng.standard_normal((n, options.features))
        sets.append(DataSet.from_arrays(X, rng.integers(0, options.classes, n)))
    return sets


def best_group(demand: Demand, side: int) -> Shape | None:
    """The shape of least depth with a side, and as wide as that makes the lookup."""
    shapes = []
    longest = max(demand.key_bits(2), demand.label_bits)
    for words in range(1, isqrt(3 * demand.n) + 2):
        groups = -(-demand.n // words)
        key = demand.key_bits(words)
        deep = Shape(
            groups, side, words, longest, key, demand.label_bits, demand.outputs, demand.limit
        )
        if not deep.fits:
            continue
        rounds = (Shape(**{**vars(deep), "rounds": q}) for q in range(1, longest + 1))
        shapes.append(next(shape for shape in rounds if shape.width <= deep.width))
    # In floats the width grows with the registers: the least area counts, not the least depth.
    return min(shapes, key=lambda shape: shape.width * shape.depth, default=None)


def demand_of(data: DataSet, dtype: str) -> Demand:
    """What a network for the data must hold, with keys of the usual length."""
    n = data.n
    label_bits = max(1, (len(np.unique(data.target)) - 1).bit_length())
    return Demand(n, label_bits, 1, lambda size: usual_bits(n, size), LIMIT[dtype])


def measure(data: DataSet, side: int, options: argparse.Namespace) -> dict[str, object]:
    """One row of the table."""
    row: dict[str, object] = {"n": data.n, "dtype": options.dtype, "S": side}
    planned = best_group(demand_of(data, options.dtype), side)
    if planned is None:
        return {**row, "refused": "no register is long enough"}
    start = time.perf_counter()
    try:
        construction = make("yang2026", side=side, group=planned.words)
        network = construction.build(data, dtype=options.dtype)
    except RoteError as error:
        return {**row, "refused": str(error)}
    row["build_s"] = time.perf_counter() - start
    size = network.size
    W, L = max(size.widths or ()), size.depth or 0
    row |= {"T": planned.words, "W": W, "L": L, "bits": size.weight_bits}
    row |= {"constant": W**2 * L**2 / (data.n * log2(data.n)), "parameters": size.parameters}
    row["nonzero"] = size.nonzero
    if not options.no_verify:
        start = time.perf_counter()
        claim = "exact" if options.dtype == "exact" else "portable"
        row["certified"] = verify(network, data, claims=(claim,)).certified
        row["verify_s"] = time.perf_counter() - start
    return row


def draw(rows: list[dict[str, object]], data: DataSet, path: str) -> None:
    """Built networks on the planned frontier, and other constructions, in the (W, L) plane."""
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot as plt

    demand = demand_of(data, "exact")
    figure, axes = plt.subplots(figsize=(6.4, 4.4), layout="constrained")
    widths = np.unique(np.geomspace(9, 4 * data.n, 60).astype(int)).tolist()
    planned = [shape for w in widths if (shape := shallowest(demand, w)) is not None]
    axes.plot([s.width for s in planned], [s.depth for s in planned], "-", label="planned, exact")
    built = [row for row in rows if "W" in row]
    axes.plot([r["W"] for r in built], [r["L"] for r in built], "o", label="built and measured")
    span = np.array([2.0, 4.0 * data.n])
    order = np.sqrt(data.n / log2(data.n))
    axes.plot(span, order / span, ":", label="order of the lower bound, n / log n")
    problem = Problem(n=data.n, d=data.d, classes=len(np.unique(data.target)))
    for key in ("zhang2017", "yun2019-three-layer", "hernandez2024"):
        size = make(key).promise(problem)
        axes.plot(max(size.widths or ()), size.depth, "s", label=key)
    axes.set(xscale="log", yscale="log", xlabel="width W", ylabel="depth L", ylim=(0.8, None))
    axes.set_title(f"{data.n} points, {data.d} features")
    axes.legend(fontsize="small")
    figure.savefig(Path(path))


def main() -> None:
    """Measure, print, and draw where asked for."""
    options = arguments()
    rows: list[dict[str, object]] = []
    with threadpool_limits(1):
        for data in data_sets(options):
            own = [measure(data, side, options) for side in options.sides]
            rows += own
            if options.figure:
                draw(own, data, options.figure)
    report(f"width_depth_{options.dtype}", COLUMNS, rows)


if __name__ == "__main__":
    main()
