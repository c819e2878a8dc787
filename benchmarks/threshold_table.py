"""Networks of threshold units on the same data: size, depth, margin and time of each construction.

Certified in float32; rows named "ReLU form" after every threshold unit has been replaced. Where a
construction refuses the data the last column says for which kind of error.

    python benchmarks/threshold_table.py                     # normal points, about two minutes
    python benchmarks/threshold_table.py letters=letters.npz # npz files with arrays X and y as well
"""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np
from rich.progress import track
from threadpoolctl import threadpool_limits

from common import report
from rote.certify import verify
from rote.constructions import make
from rote.data import DataSet
from rote.errors import RoteError
from rote.network import Network
from rote.network.relu_form import relu_form

COLUMNS = {
    "method": "method",
    "data": "data",
    "n": "n",
    "depth": "depth",
    "neurons": "neurons",
    "connections": "connections",
    "nonzero": "nonzero",
    "margin": "margin 1",
    "portable": "portable",
    "build": "build s",
    "certify": "certify s",
    "refused": "refused",
}

METHODS: dict[str, tuple[str, dict[str, Any]]] = {
    "baum1988": ("baum1988", {}),
    "baum1988, fill 0.4": ("baum1988", {"fill": 0.4}),
    "rajput2021": ("rajput2021", {}),
    "rajput2021-two-layers": ("rajput2021-two-layers", {}),
    "dirksen2024": ("dirksen2024", {}),
    "vershynin2020": ("vershynin2020", {}),
    "vershynin2020, Hebbian": ("vershynin2020", {"perception": "hebbian"}),
    "vershynin2020, mixed": (
        "vershynin2020",
        {"widths": (400, 200, 200), "activations": ("tr", "relu", "threshold")},
    ),
}
RELU_FORMS = ("baum1988", "rajput2021-two-layers")


def normal(n: int, d: int) -> DataSet:
    """Normal points with random labels."""
    rng = np.random.default_rng(0)
    return DataSet.from_arrays(
        rng.standard_normal((n, d)).astype(np.float32), rng.integers(0, 2, n)
    )


def clusters(n: int) -> DataSet:
    """Ten clusters in 20 dimensions, five of each class."""
    rng = np.random.default_rng(0)
    member = rng.integers(0, 10, n)
    points = 2 * rng.standard_normal((10, 20))[member] + 0.3 * rng.standard_normal((n, 20))
    return DataSet.from_arrays(points.astype(np.float32), member % 2)


def given(argument: str) -> tuple[str, DataSet]:
    """The data of an argument NAME=FILE."""
    name, _, path = argument.partition("=")
    arrays = np.load(path, allow_pickle=False)
    return name, DataSet.from_arrays(arrays["X"], arrays["y"])


def safety(network: Network, points: np.ndarray) -> float:
    """Least |t| of the first layer over the size of its sums, to which rounding is relative."""
    first = network.affine_layers[0]
    x, weight = points.astype(np.float64), first.weight.astype(np.float64)
    bias = first.bias.astype(np.float64)
    size = np.abs(x) @ np.abs(weight).T + np.abs(bias)
    return float((np.abs(x @ weight.T + bias) / size).min())


def row(name: str, data: DataSet, method: str, network: Network, build: float) -> dict[str, Any]:
    """One line of the table."""
    start = time.perf_counter()
    certificate = verify(network, data)
    return {
        "data": name,
        "n": data.n,
        "method": method,
        "depth": network.size.depth,
        "neurons": network.size.neurons,
        "connections": network.size.parameters,
        "nonzero": network.size.nonzero,
        "margin": f"{safety(network, data.points):.0e}",
        "portable": "yes" if certificate.holds("portable") else "no",
        "build": build,
        "certify": time.perf_counter() - start,
    }


def measured(name: str, data: DataSet, method: str) -> list[dict[str, Any]]:
    """A method's line, and that of its ReLU form where one is asked for."""
    key, options = METHODS[method]
    start = time.perf_counter()
    try:
        network = make(key, **options).build(data, dtype="float32")
    except RoteError as error:
        return [{"data": name, "n": data.n, "method": method, "refused": type(error).__name__}]
    seconds = time.perf_counter() - start
    rows = [row(name, data, method, network, seconds)]
    if method in RELU_FORMS:
        start = time.perf_counter()
        form = relu_form(network, data.points)
        seconds += time.perf_counter() - start
        rows.append(row(name, data, f"{method}, ReLU form", form, seconds))
    return rows


def main() -> None:
    """Measure and report."""
    sets = {"normal, d = 20": normal(1000, 20), "clusters": clusters(2000)}
    sets |= dict(given(argument) for argument in sys.argv[1:])
    jobs = [(name, data, method) for name, data in sets.items() for method in METHODS]
    with threadpool_limits(1):
        rows = [line for job in track(jobs, transient=True) for line in measured(*job)]
    report("threshold_table", COLUMNS, rows)


if __name__ == "__main__":
    main()
