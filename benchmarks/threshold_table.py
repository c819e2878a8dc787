"""Networks of threshold units on the same data: size, depth, margin and time of each construction.

Built with the default options, certified in float32; rows named "ReLU form" after every threshold
unit has been replaced. Where a construction refuses the data the last column says by which kind of
error. A second table has the most points that prescribed widths store. The cases on images and
letters need ``--data FOLDER`` with ``mnist10k.npz`` and ``letters.npz`` (arrays X and y); they are
left out without it.

    python benchmarks/threshold_table.py                             # generated points
    python benchmarks/threshold_table.py --data ~/data --docs docs   # all, and the page's tables
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
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
    "data": "data",
    "n": "points",
    "method": "method",
    "depth": "depth",
    "neurons": "neurons",
    "connections": "connections",
    "nonzero": "not zero",
    "table_bits": "table bits / label bit",
    "margin": "output margin",
    "safety": "least t / sum",
    "portable": "portable",
    "build": "build s",
    "certify": "certify s",
    "refused": "refused",
}
"""Margins: of the certificate; and the least |t| of the first layer over the size of its sums."""

STORED = {
    "widths": "widths",
    "connections": "connections",
    "theorem": "n ln^5 n",
    "ridge": "ridge",
    "mixed": "ridge, mixed",
    "hebbian": "Hebbian",
    "bands": "bands",
}

MIXED = {"activations": ("tr", "threshold")}
METHODS: dict[str, tuple[str, dict[str, Any]]] = {
    "baum1988": ("baum1988", {}),
    "rajput2021": ("rajput2021", {}),
    "rajput2021-two-layers": ("rajput2021-two-layers", {}),
    "dirksen2024": ("dirksen2024", {}),
    "vershynin2020": ("vershynin2020", {}),
    "vershynin2020, mixed": ("vershynin2020", MIXED),
    "vershynin2020, Hebbian": ("vershynin2020", {"perception": "hebbian"}),
}
FEW = 2000
"""Points up to which Hebbian perception and the ReLU forms have rows of their own."""
PYRAMIDS = ((256, 64), (200, 120, 120, 120))
LADDER = (100, 150, 250, 400, 600, 900, 1300, 1800, 2500, 5000, 7500, 10000, 12500, 15000)


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


def cases(folder: Path | None) -> Iterator[tuple[str, Callable[[], DataSet]]]:
    """Data sets by name."""
    yield "normal, d = 20", lambda: normal(1000, 20)
    yield "ten clusters, d = 20", lambda: clusters(2000)
    yield "normal, d = 20", lambda: normal(20_000, 20)
    yield "normal, d = 100", lambda: normal(10_000, 100)
    yield "normal, d = 784", lambda: normal(10_000, 784)
    if folder is None:
        return
    letters = np.load(folder / "letters.npz", allow_pickle=False)
    x, y = letters["X"], letters["y"]
    yield "letters, one class", lambda: DataSet.from_arrays(x, y == y[0])
    yield "letters, 26 classes", lambda: DataSet.from_arrays(x, y)
    images = np.load(folder / "mnist10k.npz", allow_pickle=False)
    p, c = images["X"].reshape(len(images["X"]), -1), images["y"]
    yield "images, parity", lambda: DataSet.from_arrays(p, c % 2)
    yield "images, ten classes", lambda: DataSet.from_arrays(p, c)


def safety(network: Network, points: np.ndarray) -> float:
    """Least |t| of the first layer over the size of its sums, to which rounding is relative."""
    first = network.affine_layers[0]
    x, weight = points.astype(np.float64), first.weight.astype(np.float64)
    bias = first.bias.astype(np.float64)
    size = np.abs(x) @ np.abs(weight).T + np.abs(bias)
    return float((np.abs(x @ weight.T + bias) / size).min())


def table_bits(network: Network, data: DataSet) -> float:
    """Bits of the hash table for each bit of each label; a cell has one for every output."""
    rows = network.size.widths[3] // (3 * network.outputs)  # type: ignore[index]
    columns = network.size.widths[2] // 3 - rows + 2  # type: ignore[index]
    return 3 * rows * columns / data.n


def row(name: str, data: DataSet, method: str, network: Network, build: float) -> dict[str, Any]:
    """One line of the table."""
    start = time.process_time()
    certificate = verify(network, data)
    return {
        "data": name,
        "n": data.n,
        "method": method,
        "depth": network.size.depth,
        "neurons": network.size.neurons,
        "connections": network.size.parameters,
        "nonzero": network.size.nonzero,
        "table_bits": table_bits(network, data) if method == "rajput2021" else None,
        "margin": certificate.claims["portable"].margin,
        "safety": f"{safety(network, data.points):.0e}",
        "portable": "yes" if certificate.holds("portable") else "no",
        "build": build,
        "certify": time.process_time() - start,
    }


def measured(name: str, data: DataSet, method: str) -> list[dict[str, Any]]:
    """A method's line, and that of its ReLU form for few points."""
    key, options = METHODS[method]
    start = time.process_time()
    try:
        network = make(key, **options).build(data, dtype="float32")
    except RoteError as error:
        refused = {"portable": "refused", "refused": type(error).__name__}
        return [{"data": name, "n": data.n, "method": method, **refused}]
    seconds = time.process_time() - start
    rows = [row(name, data, method, network, seconds)]
    if data.n <= FEW and not options:
        start = time.process_time()
        form = relu_form(network, data.points)
        seconds += time.process_time() - start
        rows.append(row(name, data, f"{method}, ReLU form", form, seconds))
    return rows


def fits(widths: tuple[int, ...], n: int, method: str) -> bool:
    """Whether normal points with random labels can be stored in prescribed widths."""
    choices: dict[str, dict[str, Any]] = {
        "ridge": {"widths": widths},
        "mixed": {"widths": widths, "activations": ("tr",)},
        "hebbian": {"widths": widths, "perception": "hebbian"},
        "bands": {"features": (widths[0] - 0.5) / math.sqrt(n)},
    }
    key = "rajput2021-two-layers" if method == "bands" else "vershynin2020"
    try:
        network = make(key, **choices[method]).build(normal(n, 20), dtype="float32")
    except RoteError:
        return False
    used = network.size.widths or ()
    return all(a <= b for a, b in zip(used, widths, strict=False))


def stored(widths: tuple[int, ...]) -> dict[str, Any]:
    """The most points of the ladder that each method stores in prescribed widths."""
    connections = sum(a * b for a, b in pairwise(widths))
    line: dict[str, Any] = {
        "widths": ", ".join(map(str, widths)),
        "connections": connections,
        "theorem": max(n for n in range(2, 10**4) if n * math.log(n) ** 5 <= connections),
    }
    for method in ("ridge", "mixed", "hebbian", "bands"):
        line[method] = 0
        for n in LADDER:
            if not fits(widths, n, method):
                break
            line[method] = n
    return line


def write_table(columns: Mapping[str, str], rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """The rows as a table in Markdown."""
    lines = ["| " + " | ".join(columns.values()) + " |", "| --- " * len(columns) + "|"]
    lines += ["| " + " | ".join(_text(line.get(name)) for name in columns) + " |" for line in rows]
    path.write_text("\n".join(lines) + "\n")


def _text(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, help="folder with mnist10k.npz and letters.npz")
    parser.add_argument("--docs", type=Path, help="folder of the documentation to write into")
    options = parser.parse_args()
    jobs = [(name, load, method) for name, load in cases(options.data) for method in METHODS]
    rows: list[dict[str, Any]] = []
    with threadpool_limits(1):
        for name, load, method in track(jobs, transient=True):
            data = load()
            if data.n > FEW and method.endswith("Hebbian"):
                continue
            rows += measured(name, data, method)
        pyramids = [stored(widths) for widths in PYRAMIDS]
    report("threshold_table", COLUMNS, rows)
    report("threshold_stored", STORED, pyramids)
    if options.docs:
        shown = {k: v for k, v in COLUMNS.items() if k not in ("nonzero", "refused")}
        write_table(shown, rows, options.docs / "figures" / "threshold-table.md")
        write_table(STORED, pyramids, options.docs / "figures" / "threshold-stored.md")


if __name__ == "__main__":
    main()
