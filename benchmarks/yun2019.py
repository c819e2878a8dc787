"""What the constructions of Yun, Sra and Jadbabaie reach, with certificates.

Three tables: class labels and real targets in float64, the most points in float32 that are still
certified as portable, and build times over the floor of one product and one sort.

    python benchmarks/yun2019.py --letters letters.npz
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from threadpoolctl import threadpool_limits

from common import fastest, report
from rote.certify import verify
from rote.constructions import Construction, make
from rote.data import DataSet
from rote.data.read import read
from rote.errors import RoteError
from rote.typing import DType

SIZES = {
    "variant": "variant",
    "data": "data",
    "n": "n",
    "widths": "widths",
    "tight": "= promise",
    "largest_weight": "largest weight",
    "portable": "portable",
    "margin": "margin",
    "build_s": "build s",
    "verify_s": "verify s",
    "reason": "reason",
}
FLOAT32 = {"variant": "variant", "classes": "classes", "n": "most points", "reason": "next fails"}
TIMES = {"variant": "variant", "n": "n", "floor_s": "floor s", "build_over_floor": "build / floor"}

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


def measure(variant: str, name: str, data: DataSet, dtype: DType) -> dict[str, Any]:
    """Build and certify once."""
    construction = VARIANTS[variant]
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
        "portable": claim.holds,
        "margin": claim.margin,
        "reason": "" if claim.holds else claim.reason,
    }


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
    """Build times over the floor."""
    rows = []
    for n in (10**5, 10**6):
        data = normal(n, 10)
        u = np.random.default_rng(1).standard_normal(data.d)
        floor = fastest(lambda data=data, u=u: np.sort(data.points @ u), repeats=5)
        for variant, construction in VARIANTS.items():
            if variant.startswith("residual"):
                continue
            console.print(f"{variant}, build time at n = {n} ...")
            seconds = fastest(lambda c=construction, data=data: c.build(data), repeats=3)
            rows.append(
                {"variant": variant, "n": n, "floor_s": floor, "build_over_floor": seconds / floor}
            )
    return rows


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--letters", type=Path, help="a file with the arrays X and y")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    console = Console(stderr=True)
    with threadpool_limits(options.threads):
        report("yun2019_times", TIMES, time_rows(console))
        report("yun2019_float32", FLOAT32, float32_rows(console))
        report("yun2019_float64", SIZES, float64_rows(options.letters, console))


if __name__ == "__main__":
    main()
