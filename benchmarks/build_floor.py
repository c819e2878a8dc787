"""How close building comes to the floor: one product of X with a vector, and one sort.

Every construction of the catalogue sorts the points along a direction at least once, so none can
be faster than the floor. Ratios to it can be compared between machines; seconds cannot.

    python benchmarks/build_floor.py --sizes 10000 100000 --constructions zhang2017
"""

from __future__ import annotations

import argparse

import numpy as np
from rich.console import Console
from threadpoolctl import threadpool_limits

from common import fastest, peak_bytes, report
from rote.constructions import CATALOGUE, make
from rote.data import DataSet
from rote.errors import RoteError

COLUMNS = {
    "construction": "construction",
    "n": "n",
    "floor_s": "floor s",
    "data_over_floor": "check / floor",
    "build_over_floor": "build / floor",
    "peak_over_data": "memory / data",
    "refused": "refused",
}


def arguments() -> argparse.Namespace:
    """The options of the script."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[10**4, 10**5, 10**6])
    parser.add_argument("--constructions", nargs="+", choices=CATALOGUE)
    parser.add_argument("--features", type=int, default=32)
    parser.add_argument("--classes", type=int, default=2)
    parser.add_argument("--dtype", default="float64", choices=["float32", "float64", "exact"])
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def in_near_linear_time(n: int) -> list[str]:
    """The constructions that ``auto`` would try on n points; the slower ones have to be named."""
    limits = {key: construction.theorem.most_points for key, construction in CATALOGUE.items()}
    return [key for key, most in limits.items() if most is None or n <= most]


def measure(key: str, n: int, options: argparse.Namespace) -> dict[str, object]:
    """One row: Gaussian points with random labels, from arrays to layers."""
    rng = np.random.default_rng(n)
    X = rng.standard_normal((n, options.features))
    y = rng.integers(0, options.classes, n)
    u = rng.standard_normal(options.features)
    repeats = 7 if n <= 10**5 else 3

    floor = fastest(lambda: np.sort(X @ u), repeats=repeats)
    checking = fastest(lambda: DataSet.from_arrays(X, y), repeats=repeats)
    data = DataSet.from_arrays(X, y)
    construction = make(key)
    row: dict[str, object] = {
        "construction": key,
        "n": n,
        "features": options.features,
        "classes": options.classes,
        "dtype": options.dtype,
        "floor_s": floor,
        "data_over_floor": checking / floor,
    }
    try:
        build = fastest(lambda: construction.build(data, dtype=options.dtype), repeats=3)
        peak = peak_bytes(lambda: construction.build(data, dtype=options.dtype))
    except RoteError as error:
        return row | {"refused": str(error)}
    return row | {"build_over_floor": build / floor, "peak_over_data": 1 + peak / X.nbytes}


def main() -> None:
    """Measure each construction at each size."""
    options = arguments()
    console = Console(stderr=True)
    rows = []
    with threadpool_limits(options.threads):
        for n in options.sizes:
            for key in options.constructions or in_near_linear_time(n):
                most = CATALOGUE[key].theorem.most_points
                if most is not None and n > most:
                    continue
                console.print(f"{key}, n = {n} ...")
                rows.append(measure(key, n, options))
    report("build_floor", COLUMNS, rows)


if __name__ == "__main__":
    main()
