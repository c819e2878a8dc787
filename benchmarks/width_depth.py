"""Width against depth: networks from wide to deep, built, verified, measured and drawn.

For each S (``--sides``) the group size is the one of least W L; for each width (``--widths``) the
network is as shallow as it can be. A row gives the network's W and L, the constant
W^2 L^2 / (n log2 R) of the rate, with R = 10 n^2 sqrt(pi d) over the separation of the points in
the unit ball, the longest weight, and the CPU seconds that building and verifying cost.
``--others`` measures constructions of other shapes. Rows of earlier runs are kept, so that the long
ones can be run one by one; ``--docs`` writes the tables and the figure of all rows.

    python benchmarks/width_depth.py --points 1000 10000
    python benchmarks/width_depth.py --data letters.npz --dtype float32 --sides 8 16 32
    python benchmarks/width_depth.py --points 1000 10000 --sides --widths 11 21 --others
    python benchmarks/width_depth.py --sides --docs docs
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from math import isqrt, log2, pi
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import Progress as Bars
from threadpoolctl import threadpool_limits

from common import RESULTS, report
from rote.certify import verify
from rote.constructions import make
from rote.constructions._gadgets.levels import LIMIT
from rote.constructions._gadgets.shape import Demand, Shape, usual_bits
from rote.data import DataSet
from rote.data.geometry import separation
from rote.data.read import read
from rote.errors import RoteError
from width_depth_docs import write

COLUMNS = {
    "data": "data",
    "n": "n",
    "key": "construction",
    "dtype": "dtype",
    "S": "S",
    "T": "T",
    "W": "W",
    "L": "L",
    "constant": "W²L²/(n log R)",
    "bits": "weight bits",
    "parameters": "parameters",
    "nonzero": "nonzero",
    "build_s": "build s",
    "verify_s": "verify s",
    "points": "verified",
    "holds": "holds",
    "refused": "refused",
}
_OTHERS = (
    ("zhang2017", "float64", {}),
    ("yun2019-three-layer", "float64", {"activation": "relu"}),
    ("hernandez2024", "exact", {}),
    ("vardi2022", "exact", {}),
    ("vardi2022", "exact", {"form": "triangle-wave"}),
    *(("park2021", "exact", {"width": W}) for W in (3, 6, 12, 24)),
)
_KEY = ("data", "n", "key", "dtype", "S", "budget", "form")
"""What tells rows apart."""


def arguments() -> argparse.Namespace:
    """The options of the script."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", nargs="*", default=[], help="files with labels")
    parser.add_argument("--points", type=int, nargs="*", default=[], help="random normal points")
    parser.add_argument("--features", type=int, default=10)
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--sides", type=int, nargs="*", default=[2, 4, 8, 16, 32, 64])
    parser.add_argument("--widths", type=int, nargs="*", default=[])
    parser.add_argument("--dtype", default="exact", choices=["exact", "float64", "float32"])
    parser.add_argument("--verify", type=int, help="verify so many points at most, 0 for none")
    parser.add_argument("--others", action="store_true", help="other constructions as well")
    parser.add_argument("--docs", type=Path, help="folder of the documentation, for the figure")
    return parser.parse_args()


def data_sets(options: argparse.Namespace) -> Iterator[tuple[str, DataSet]]:
    """Those of the files, and random ones."""
    for path in options.data:
        yield Path(path).stem, read(path)
    for n in options.points:
        rng = np.random.default_rng(n)
        X = rng.standard_normal((n, options.features))
        yield "normal", DataSet.from_arrays(X, rng.integers(0, options.classes, n))


def best_group(demand: Demand, side: int) -> Shape | None:
    """The shape of least area with a side, and as wide as that makes the lookup."""
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


def log_ratio(data: DataSet) -> float:
    """The logarithm in the rate: of 10 n^2 sqrt(pi d) over the separation in the unit ball."""
    points = data.points.astype(np.float64)
    radius = float(np.linalg.norm(points - points.mean(axis=0), axis=1).max())
    delta = separation(data.points).distance / radius
    return log2(10 * data.n**2 * (pi * data.d) ** 0.5 / delta)


def measure(
    data: DataSet, row: dict[str, Any], chosen: dict[str, Any], most: int | None
) -> dict[str, Any]:
    """One row of the table, verified on so many points at most."""
    start = time.process_time()
    try:
        network = make(row["key"], **chosen).build(data, dtype=row["dtype"])
    except RoteError as error:
        return {**row, "refused": str(error)}
    row["build_s"] = time.process_time() - start
    size = network.size
    W, L = max(size.widths or ()), size.depth or 0
    row |= {"W": W, "L": L, "bits": size.weight_bits, "parameters": size.parameters}
    row["constant"] = W**2 * L**2 / (data.n * row["log_R"])
    row["nonzero"] = size.nonzero
    m = data.n if most is None else min(most, data.n)
    if m:
        some = np.random.default_rng(0).permutation(data.n)[:m]
        part = data if m == data.n else DataSet.from_arrays(data.points[some], data.codes[some])
        start = time.process_time()
        with Bars(transient=True) as bars:
            task = bars.add_task(f"verify {data.n}, W {W}, L {L}", total=None)
            certificate = verify(
                network,
                part,
                claims=("exact",) if row["dtype"] == "exact" else ("exact", "portable"),
                progress=lambda _, done, total: bars.update(task, completed=done, total=total),
            )
        row["verify_s"] = time.process_time() - start
        row["points"] = m
        row["holds"] = all(claim.holds for claim in certificate.claims.values())
        row["margin"] = min(claim.margin or 0 for claim in certificate.claims.values())
    return row


def jobs(
    data: DataSet, options: argparse.Namespace
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """What to measure for a data set: how rows begin, and the options of the construction."""
    for side in options.sides:
        planned = best_group(demand_of(data, options.dtype), side)
        if planned is not None:
            row = {"key": "yang2026", "dtype": options.dtype, "S": side, "T": planned.words}
            yield row, {"side": side, "group": planned.words}
    for width in options.widths:
        yield {"key": "yang2026", "dtype": options.dtype, "budget": width}, {"width": width}
    for key, dtype, chosen in _OTHERS if options.others else ():
        row = {"key": key, "dtype": dtype, "budget": chosen.get("width")}
        yield row | ({"form": chosen["form"]} if "form" in chosen else {}), chosen


def main() -> None:
    """Measure, print, and write what was asked for."""
    options = arguments()
    path = RESULTS / "width_depth.json"
    kept: list[dict[str, Any]] = json.loads(path.read_text())["rows"] if path.exists() else []
    with threadpool_limits(1):
        for name, data in data_sets(options):
            start = {"data": name, "n": data.n, "d": data.d, "log_R": log_ratio(data)}
            for row, chosen in jobs(data, options):
                found = measure(data, {**start, **row}, chosen, options.verify)
                here = [found.get(part) for part in _KEY]
                kept = [old for old in kept if [old.get(part) for part in _KEY] != here]
                kept.append(found)
    kept.sort(key=lambda row: [row.get(part) or 0 for part in ("n", "S", "budget")])
    kept.sort(key=lambda row: [row[part] for part in ("key", "data", "dtype")])
    report("width_depth", COLUMNS, kept)
    if options.docs:
        write(kept, options.docs)


if __name__ == "__main__":
    main()
