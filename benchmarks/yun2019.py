"""What the constructions of Yun, Sra and Jadbabaie reach, with certificates.

Three tables: class labels and real targets in float64, the most points in float32 that are still
certified as portable, and build times over the floor of one product and one sort.

    python benchmarks/yun2019.py --letters letters.npz --docs docs
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from rich.console import Console
from threadpoolctl import threadpool_limits

from common import RESULTS, fastest, report
from rote.certify import verify
from rote.constructions import Construction, make
from rote.constructions._gadgets.targets import RELATIVE_TOLERANCE
from rote.data import DataSet
from rote.data.read import read
from rote.errors import RoteError
from rote.network import Network
from rote.typing import DType, Floats

SIZES = {
    "variant": "variant",
    "data": "data",
    "n": "n",
    "widths": "widths",
    "tight": "= promise",
    "largest_weight": "largest weight",
    "error": "measured error",
    "portable": "portable",
    "margin": "margin",
    "build_s": "build s",
    "verify_s": "verify s",
    "reason": "reason",
}
FLOAT32 = {"variant": "variant", "classes": "classes", "n": "most points", "reason": "next fails"}
TIMES = {
    "variant": "variant",
    "n": "n",
    "floor_s": "floor s",
    "over_floor": "build / floor",
    "least_over_floor": "least / least",
}

VARIANTS: dict[str, Construction] = {
    "three-layer, hard-tanh": make("yun2019-three-layer"),
    "three-layer, relu": make("yun2019-three-layer", activation="relu"),
    "three-layer, relu, paper": make("yun2019-three-layer", activation="relu", condition="paper"),
    "three-layer, leaky": make("yun2019-three-layer", activation="leaky"),
    "three-layer, relu composed": make("yun2019-three-layer", activation="relu", composition=True),
    "classifier, hard-tanh": make("yun2019-classifier"),
    "classifier, relu": make("yun2019-classifier", activation="relu"),
    "classifier, relu composed": make("yun2019-classifier", activation="relu", composition=True),
    "deep, hard-tanh": make("yun2019-deep"),
    "deep, relu": make("yun2019-deep", activation="relu"),
    "residual, hard-tanh": make("yun2019-residual"),
    "residual, relu": make("yun2019-residual", activation="relu"),
    "residual, relu composed": make("yun2019-residual", activation="relu", composition=True),
}
WIDE = "classifier, relu, fewer groups"
"""Half of the default's groups, twice their points."""
QUADRATIC = 20_000
"""Most points for residual networks, which compare every plane with every point."""
REFUSALS = 3
"""Where the search in float32 stops."""


def normal(n: int, classes: int | None, seed: int = 0) -> DataSet:
    """Normal points with 10 features."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, 10))
    if classes is None:
        return DataSet.from_arrays(X, rng.standard_normal(n), task="real")
    return DataSet.from_arrays(X, rng.integers(0, classes, n))


def measure(
    variant: str, name: str, data: DataSet, dtype: DType, construction: Construction | None = None
) -> dict[str, Any]:
    """Build, evaluate and certify once."""
    construction = construction or VARIANTS[variant]
    row: dict[str, Any] = {"variant": variant, "data": name, "n": data.n}
    try:
        construction.check_applies(data.problem, dtype)
        built = []
        row["build_s"] = fastest(
            lambda: built.append(construction.build(data, dtype=dtype)), repeats=1
        )
        network = built[0]
    except RoteError as error:
        return row | {"portable": False, "reason": str(error)}
    promise, size = construction.promise(data.problem), network.size
    certificates = []
    row["verify_s"] = fastest(
        lambda: certificates.append(verify(network, data, claims=("portable",))), repeats=1
    )
    claim = certificates[0].claims["portable"]
    return row | {
        "widths": "-".join(map(str, size.widths or ())),
        "tight": (promise.neurons, promise.parameters) == (size.neurons, size.parameters),
        "largest_weight": size.largest_weight,
        "error": error_of(network, data),
        "portable": claim.holds,
        "margin": claim.margin,
        "reason": "" if claim.holds else claim.reason,
    }


def error_of(network: Network, data: DataSet) -> float:
    """The largest error of an output in NumPy, over the largest target."""
    raw = network.raw(data.points)
    wanted = data.target if raw.shape[1] == 1 else np.eye(raw.shape[1])[data.target]
    wanted = wanted.reshape(raw.shape)
    return float(np.abs(raw - wanted).max() / np.abs(wanted).max())


def halved(data: DataSet) -> Construction:
    """The classifier of ReLU pairs with half as many groups as by default."""
    first, _, third = make("yun2019-classifier", activation="relu").promise(data.problem).widths
    groups = -(-first // 2)
    widths = (groups, 2 * -(-data.n // groups), third)
    return make("yun2019-classifier", activation="relu", widths=widths)


def float64_rows(letters: Path | None, console: Console) -> list[dict[str, Any]]:
    """Class labels at three sizes and real targets at one."""
    cases: list[tuple[str, DataSet]] = [
        ("normal, 10 classes", normal(10**4, 10)),
        ("normal, 10 classes", normal(43_000, 10)),
        ("normal, 10 classes", normal(10**5, 10)),
        ("normal, real, 1e-6", normal(10**4, None)),
    ]
    if letters is not None:
        cases.insert(0, ("letters, 26 classes", read(letters)))
    rows = []
    for name, data in cases:
        for variant, construction in VARIANTS.items():
            real = data.targets is not None
            if real and "real" not in construction.theorem.tasks:
                continue
            if variant.startswith("residual") and data.n > QUADRATIC:
                continue
            console.print(f"{variant}, {name}, n = {data.n} ...")
            rows.append(measure(variant, name, data, "float64"))
        if data.targets is None:
            console.print(f"{WIDE}, {name}, n = {data.n} ...")
            rows.append(measure(WIDE, name, data, "float64", halved(data)))
    return rows


def float32_rows(console: Console) -> list[dict[str, Any]]:
    """The most points that are certified, in steps of a tenth, up to three refusals in a row."""
    rows = []
    for classes in (2, 10):
        for variant in VARIANTS:
            console.print(f"{variant}, float32, {classes} classes ...")
            most, n, reasons = 0, 20, []
            while len(reasons) < REFUSALS:
                row = measure(variant, "normal", normal(n, classes), "float32")
                if row["portable"]:
                    most, reasons = n, []
                else:
                    reasons.append(row["reason"])
                n += max(1, n // 10)
            rows.append({"variant": variant, "classes": classes, "n": most, "reason": reasons[0]})
    return rows


def time_rows(console: Console) -> list[dict[str, Any]]:
    """Build times over the floor: the median of the ratios, and the ratio of the least of both."""
    # A build is divided by the floor just before it, and CPU time is taken, so that other work on
    # the machine slows both alike.
    rows = []
    for n, repeats in ((10**5, 15), (10**6, 7)):
        data = normal(n, 10)
        u = np.random.default_rng(1).standard_normal(data.d)

        def floor(data: DataSet = data, u: Floats = u) -> object:
            return np.sort(data.points @ u)

        for variant, construction in VARIANTS.items():
            if variant.startswith("residual"):
                continue
            console.print(f"{variant}, build time at n = {n} ...")
            construction.build(data)  # the digest of the data is computed once
            floors, builds = [], []
            for _ in range(repeats):
                floors.append(fastest(floor, repeats=3, clock=process_time))
                builds.append(
                    fastest(
                        lambda c=construction, data=data: c.build(data),
                        repeats=1,
                        clock=process_time,
                    )
                )
            ratios = np.divide(builds, floors)
            rows.append(
                {
                    "variant": variant,
                    "n": n,
                    "floor_s": float(np.median(floors)),
                    "over_floor": float(np.median(ratios)),
                    "least_over_floor": min(builds) / min(floors),
                }
            )
    return rows


def results(name: str) -> list[dict[str, Any]]:
    """The rows that a table had when it was last measured."""
    return json.loads((RESULTS / f"{name}.json").read_text())["rows"]


def write_tables(path: Path) -> None:
    """The tables of the documentation, from the results."""
    float64, float32 = results("yun2019_float64"), results("yun2019_float32")
    times = results("yun2019_times")
    largest = float(np.abs(normal(10**4, None).target).max())
    sections = [
        pivot(
            [row for row in float64 if "real" not in row["data"]],
            lambda row: f"{row['data'].split(',')[0]}, n = {row['n']}",
            lambda row: f"{row['margin']:.3g}" if row["portable"] else "no",
            "margin of `portable` in float64",
        ),
        pivot(
            [row for row in float64 if "real" in row["data"]],
            lambda _: "measured in NumPy",
            lambda row: f"{row['error']:.1e}",
            "relative error of real targets, n = 10000",
            (
                "proved for every order of summation",  # twice the error is kept from the tolerance
                lambda row: f"{(RELATIVE_TOLERANCE['float64'] - row['margin'] / largest) / 2:.1e}",
            ),
            ("`portable` within $10^{-6}$", lambda row: "yes" if row["portable"] else "no"),
        ),
        pivot(
            float32,
            lambda row: f"{row['classes']} classes",
            lambda row: str(row["n"]),
            "most points with `portable` in float32",
        ),
        pivot(
            times,
            lambda row: f"n = {row['n']}",
            lambda row: f"{row['over_floor']:.0f}",
            "time to build, over one product and one sort",
        ),
    ]
    path.write_text("\n".join(sections))


def pivot(
    rows: Sequence[dict[str, Any]],
    column: Callable[[dict[str, Any]], str],
    cell: Callable[[dict[str, Any]], str],
    heading: str,
    *more: tuple[str, Callable[[dict[str, Any]], str]],
) -> str:
    """A Markdown table of variants against cases."""
    entries = [(row, column(row), cell(row)) for row in rows]
    entries += [(row, name, own(row)) for name, own in more for row in rows]
    columns = list(dict.fromkeys(name for _, name, _ in entries))
    variants = list(dict.fromkeys(row["variant"] for row in rows))
    cells = {(row["variant"], name): text for row, name, text in entries}
    lines = [f"| {heading} | " + " | ".join(columns) + " |", "| --- " * (len(columns) + 1) + "|"]
    for variant in variants:
        own = (cells.get((variant, name), "not run") for name in columns)
        lines.append(f"| {variant} | " + " | ".join(own) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--letters", type=Path, help="a file with the arrays X and y")
    parser.add_argument("--tables", nargs="*", default=["times", "float32", "float64"])
    parser.add_argument("--docs", type=Path, help="folder of the documentation, for the tables")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    console = Console(stderr=True)
    with threadpool_limits(options.threads):
        if "times" in options.tables:
            report("yun2019_times", TIMES, time_rows(console))
        if "float32" in options.tables:
            report("yun2019_float32", FLOAT32, float32_rows(console))
        if "float64" in options.tables:
            report("yun2019_float64", SIZES, float64_rows(options.letters, console))
    if options.docs is not None:
        write_tables(options.docs / "figures" / "yun2019.md")


if __name__ == "__main__":
    main()
