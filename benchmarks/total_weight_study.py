"""Neurons against total weight of two-layer ReLU networks, on uniform points of the sphere.

Which construction fits n labels to a relative squared error epsilon with few neurons, and which
with little total weight sum |a| sqrt(|w|^2 + b^2)? For random signs no network has less than a
constant times sqrt(n). Constructions that fit exactly have one size for all epsilon.

    python benchmarks/total_weight_study.py                # two to three minutes on one core
    python benchmarks/total_weight_study.py --docs docs    # also writes the page's figure and table
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import track
from threadpoolctl import threadpool_limits

from common import RESULTS, fastest, report
from rote.bounds.bubeck2020_total_weight import least_total_weight
from rote.constructions import CATALOGUE, make
from rote.constructions._gadgets.residual import squared_error
from rote.data import DataSet
from rote.errors import RoteError
from rote.network import Network

COLUMNS = {
    "method": "method",
    "n": "n",
    "d": "d",
    "labels": "labels",
    "epsilon": "epsilon",
    "neurons": "neurons",
    "load": "neurons d / n",
    "weight": "total weight / sqrt n",
    "error": "squared error",
    "error32": "float32",
    "seconds": "s",
}

EXACT: dict[str, tuple[str, dict[str, Any]]] = {
    "relu": ("bubeck2020-relu", {}),
    "slabs": ("bubeck2020-slabs", {}),
    "slabs, fill 0.7": ("bubeck2020-slabs", {"fill": 0.7}),
    "ntk, refit": ("bubeck2020-ntk", {"refit": True, "tolerance": 1e-6}),
}
APPROXIMATE: dict[str, tuple[str, dict[str, Any]]] = {
    "ntk, exact step": ("bubeck2020-ntk", {"step": "exact", "refit": False}),
    "ntk, step 0.5": ("bubeck2020-ntk", {"step": 0.5, "refit": False}),
    "ntk, step 1": ("bubeck2020-ntk", {"step": 1.0, "refit": False}),
    "harmonic 2, step 1": ("bubeck2020-harmonic", {"degree": 2, "step": 1.0, "refit": False}),
    "harmonic 2, step 2": ("bubeck2020-harmonic", {"degree": 2, "step": 2.0, "refit": False}),
    "harmonic 4, step 1": ("bubeck2020-harmonic", {"degree": 4, "step": 1.0, "refit": False}),
}
LOOSE = 1e9
"""A tolerance that refuses no rounding error: the study measures it instead."""


def arguments() -> argparse.Namespace:
    """The options of the script."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--sizes",
        nargs="+",
        default=["500x20", "2000x20", "500x100", "2000x100", "4000x400"],
        help="NxD",
    )
    parser.add_argument("--epsilons", type=float, nargs="+", default=[1e-1, 1e-3, 1e-6, 1e-10])
    parser.add_argument("--labels", nargs="+", default=["signs", "real"], choices=["signs", "real"])
    parser.add_argument("--rounds", type=int, default=8_000, help="most rounds of a fit")
    parser.add_argument("--operations", type=float, default=8e9, help="most of a fit")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--docs", type=Path, help="folder of the documentation to write into")
    return parser.parse_args()


def sphere(n: int, d: int, labels: str) -> DataSet:
    """Uniform points of the sphere with random signs or normal labels."""
    rng = np.random.default_rng([n, d])
    X = rng.standard_normal((n, d))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    y = rng.choice([-1.0, 1.0], n) if labels == "signs" else rng.standard_normal(n)
    return DataSet.from_arrays(X, y, task="real")


def measure(
    method: str, key: str, options: Mapping[str, Any], data: DataSet, epsilon: float | None
) -> dict[str, Any]:
    """One row: what a construction builds, or why it does not."""
    row: dict[str, Any] = {"method": method, "n": data.n, "d": data.d, "epsilon": epsilon}
    construction = make(key, **options)
    built: list[Network] = []
    try:
        row["seconds"] = fastest(lambda: built.append(construction.build(data)), repeats=1)
    except RoteError as error:
        row["refused"] = str(error)
        return row
    size = built[0].size
    neurons, weight = size.neurons or 0, size.total_weight or 0.0
    return row | {
        "neurons": neurons,
        "load": neurons * data.d / data.n,
        "total_weight": weight,
        "weight": weight / data.n**0.5,
        "error": squared_error(built[0], data),
        "error32": squared_error(_in_float32(built[0]), data),
    }


def _in_float32(network: Network) -> Network:
    layers = []
    for layer in network.affine_layers:
        weight, bias = layer.weight.astype(np.float32), layer.bias.astype(np.float32)
        layers.append(type(layer)(weight, bias, layer.activation))
    return Network(tuple(layers), network.decision, "float32")


def study(options: argparse.Namespace) -> list[dict[str, Any]]:
    """All rows."""
    rows = []
    jobs = []
    for size in options.sizes:
        n, d = (int(part) for part in size.split("x"))
        for labels in options.labels:
            data = sphere(n, d, labels)
            for method, (key, extra) in EXACT.items():
                if "refit" in extra and n > 4000:  # it solves an n x n system
                    continue
                # A refit takes somewhat more units than there are points.
                rounds = {"rounds": 6 * n // 10} if "refit" in extra else {}
                chosen = {"tolerance": LOOSE} | extra | rounds
                jobs.append((labels, method, key, chosen, data, None))
            for method, (key, extra) in APPROXIMATE.items():
                per_round = (60 if "degree" in extra else 24) * n * d
                limit = min(options.rounds, int(options.operations / per_round))
                for epsilon in options.epsilons:
                    chosen = extra | {"epsilon": epsilon, "rounds": limit}
                    jobs.append((labels, method, key, chosen, data, epsilon))
            # The Gauss-Newton construction, where there is one.
            rivals = [key for key in CATALOGUE if key.startswith("madden2024") and n <= 2000]
            jobs += [(labels, key, key, {}, data, None) for key in rivals]
    failed: set[tuple[Any, ...]] = set()
    for labels, method, key, extra, data, epsilon in track(jobs, "measuring", transient=True):
        if (labels, method, data.n, data.d) in failed:
            continue  # what missed a larger epsilon within the limit misses a smaller one
        row = measure(method, key, extra, data, epsilon) | {"labels": labels}
        if "refused" in row:
            failed.add((labels, method, data.n, data.d))
        rows.append(row)
    return rows


def draw(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Neurons against total weight, one panel per size, one curve over epsilon per method."""
    from matplotlib.figure import Figure

    sizes = sorted({(row["d"], row["n"]) for row in rows})
    methods = list(dict.fromkeys(row["method"] for row in rows))
    columns = min(3, len(sizes))
    lines = -(-len(sizes) // columns)
    figure = Figure(figsize=(4 * columns, 3.4 * lines), layout="constrained")
    axes = figure.subplots(lines, columns, squeeze=False)
    for axis, (d, n) in zip(axes.flat, sizes, strict=False):
        for color, method in enumerate(methods):
            points = sorted(
                (row["load"], row["weight"])
                for row in rows
                if (row["d"], row["n"], row["method"], row["labels"]) == (d, n, method, "signs")
                and row.get("neurons")
            )
            if points:
                axis.plot(*zip(*points, strict=True), "o-", ms=3, color=f"C{color}", label=method)
        axis.axhline(least_total_weight(n, epsilon=0.1) / n**0.5, color="k", ls=":", lw=1)
        axis.set(xscale="log", yscale="log", title=f"n = {n}, d = {d}")
    for axis in axes.flat[len(sizes) :]:
        axis.set_axis_off()
    figure.supxlabel("neurons · d / n")
    figure.supylabel("total weight / √n")
    handles = {
        label: handle
        for axis in axes.flat
        for handle, label in zip(*axis.get_legend_handles_labels(), strict=True)
    }
    figure.legend(handles.values(), handles.keys(), loc="outside upper center", ncols=4)
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, metadata={"Date": None})


def write_table(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """The rows for random signs as a table in Markdown."""
    lines = [
        "| n, d | method | ε | neurons | neurons · d/n | total weight / √n | error | float32 |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        if row["labels"] != "signs":
            continue
        start = f"| {row['n']}, {row['d']} | {row['method']} | "
        start += "exact | " if row["epsilon"] is None else f"{row['epsilon']:.0e} | "
        if "refused" in row:
            lines.append(start + "not within the limit | | | | |")
            continue
        lines.append(
            start + f"{row['neurons']} | {row['load']:.1f} | {row['weight']:.3g} | "
            f"{row['error']:.0e} | {row['error32']:.0e} |"
        )
    path.write_text("\n".join(lines) + "\n")


def main() -> None:
    """Run the study and write what was found."""
    options = arguments()
    with threadpool_limits(options.threads):
        rows = study(options)
    report("total_weight_study", COLUMNS, rows)
    draw(rows, RESULTS / "total_weight_study.svg")
    if options.docs:
        draw(rows, options.docs / "figures" / "total-weight.svg")
        write_table(rows, options.docs / "figures" / "total-weight.md")


if __name__ == "__main__":
    main()
