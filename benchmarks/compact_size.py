"""How well a formula predicts the bytes of the compact memory, and how full its systems can be.

The formula knows the number of points, features and classes only, and takes the shape from the
same search as the construction. Labels are uniformly random, points are 8-bit integers.

    python benchmarks/compact_size.py --largest 100000
"""

from __future__ import annotations

import argparse
import math

import numpy as np
from threadpoolctl import threadpool_limits

from common import report
from rote.constructions._compact.codes import LONGEST, PLANES, Code
from rote.constructions._compact.encoder import IntegerEncoder
from rote.constructions._compact.fold import smallest_sizes
from rote.constructions._compact.layout import Layout, choose_layout
from rote.constructions._compact.memory import equations_of
from rote.constructions._compact.output import bounded
from rote.constructions._compact.reader import point_gap
from rote.constructions._compact.retrieval import solve
from rote.constructions._compact.search import choose_projections
from rote.constructions._compact.words import Word
from rote.constructions.compact import Compact
from rote.data import DataSet
from rote.export.onnx import to_bytes

_LOADS = (0.97, 0.98, 0.985, 0.99, 0.995, 0.9975)

COLUMNS = {
    "n": "n",
    "d": "d",
    "classes": "classes",
    "bytes": "bytes",
    "predicted": "predicted",
    "error": "error",
    "ratio": "bytes x 8 / n H",
}
_LOAD_COLUMNS = {
    "groups": "groups of columns",
    "unknowns": "unknowns",
    **{f"{load:g}": f"solved at load {load:g}" for load in _LOADS},
}
_SHAPES = (
    (11, (13, 14, 15)),
    (24, (21, 22, 23)),
    (40, (32, 33, 35)),
    (14, (9, 10, 11, 13)),
    (24, (15, 16, 17, 19)),
    (40, (23, 25, 26, 27)),
)
"""Rows of the first block and columns of each group."""

_SYSTEMS = 20
"""Random systems for each load."""

_GRID = [
    (n, d, c)
    for n in (3000, 10_000, 30_000, 100_000, 300_000)
    for d, c in ((16, 2), (16, 16), (64, 4), (16, 100), (16, 256))
]


def predicted(n: int, d: int, classes: int) -> float:
    """Bytes of the ONNX file, from the sizes of the data alone."""
    code = Code.for_counts(np.full(classes, n))
    load = code.load(np.full(classes, n))
    agreeing = (1 / classes + 2.0 ** (1 - code.lengths.mean())) / 2
    layout = choose_layout(
        n * load, 1 - load, n * n / 2 * (1 - agreeing), 1, PLANES, 1.0, selected=False
    )
    return sum(parts(n, d, classes, layout, code).values())


def parts(n: int, d: int, classes: int, layout: Layout, code: Code) -> dict[str, float]:
    """The formula, part by part."""
    digits, groups = 2 + (layout.shards > 1), len(layout.columns)
    projections, levels, width = _projections(n, d, layout)
    folded, square = 2 * len(layout.ranges) + 2, 3 * digits + groups + 5
    features = digits + groups + 5
    rows, columns = layout.stored_rows + groups + 2, layout.word_columns + 1
    edges = classes - 1 if classes > 2 else 0
    deep = code.depth > 1
    counting = Word(np.arange(classes), code, np.argsort(code.intervals[1])[:, None])
    appended = deep and not bounded((counting,), point_gap(LONGEST, True, PLANES))
    layers = levels + layout.squarings + layout.sum_bits / 2 + 12 + deep + 2 * appended
    # Two units per edge with their biases; where whole words are not appended, two for each bit of
    # the class, and two for each value of the leading bits.
    stairs = edges * (12 + code.depth if appended else 16) + 210 * deep
    leading = (15 if code.depth == LONGEST else 9.4) * 2**code.depth if appended else 0.0
    # Matrices of four bits, if these spare a fiftieth.
    hashed = folded * (projections + folded + square) + square * (square + features)
    read = 2 * columns + (300 if deep else 360)
    weights = projections * d * width
    spared = (hashed + read + (weights if width < 1 else 0)) / 2
    total = rows * (columns + features) + weights + hashed + read + stairs + leading
    half = 0.5 if spared > 0.02 * total else 1.0
    return {
        "encoder": projections * (d * (width if half < 1 else 1.0) + 4),
        "hash": half * hashed + 4 * (folded + features),
        "one-hot": rows * features,
        "table": rows * columns,
        "reader": half * read + 45 + stairs + leading,
        "container": 36 * layers + 815 + 110 * deep + 9 * classes * (classes > 2),
    }


def _projections(n: int, d: int, layout: Layout) -> tuple[int, int, float]:
    """How many projections, folds, and bytes per weight: the construction's choice for bytes."""
    rng = np.random.default_rng(0)
    encoder = IntegerEncoder(rng.integers(0, 256, (2000, d)).astype(np.uint8), "float32")
    count, deviation = choose_projections(n, layout, encoder, False, 1.0)
    # Twice the largest of n normal halves on either side; combinations add several up.
    highest = 4 * math.sqrt(2 * math.log(n)) * deviation
    sizes = smallest_sizes(len(layout.ranges), count)
    turns = max(
        math.log2(highest * s / p) for s, p in zip(sizes, sorted(layout.ranges), strict=True)
    )
    return count, max(1, math.ceil(turns) - 1), 0.5 if deviation <= encoder.small_deviation else 1.0


def measure(n: int, d: int, classes: int) -> dict[str, object]:
    """One row of the table."""
    rng = np.random.default_rng(0)
    points = rng.integers(0, 256, (n, d)).astype(np.uint8)
    data = DataSet.from_arrays(points, rng.permutation(np.arange(n) % classes))
    size = len(to_bytes(Compact().build(data, dtype="float32")))
    guess = predicted(n, d, classes)
    return {
        "n": n,
        "d": d,
        "classes": classes,
        "bytes": size,
        "predicted": round(guess),
        "error": round(guess / size - 1, 4),
        "ratio": round(8 * size / data.information_bits, 3),
    }


def loads(rows: int, columns: tuple[int, ...]) -> dict[str, object]:
    """How many random systems have a solution, by equations per unknown."""
    rng = np.random.default_rng(rows)
    layout = Layout(1, (rows, rows + 1), columns)
    result: dict[str, object] = {"groups": len(columns), "unknowns": layout.unknowns}
    for load in _LOADS:
        solved = 0
        for _ in range(_SYSTEMS):
            m = int(load * layout.unknowns)
            ranges = np.array((*layout.rows, *layout.columns))
            address = rng.integers(0, ranges, (2 * m, len(ranges)))
            # Conflicts of equal addresses are counted apart: these are all different.
            address = rng.permutation(np.unique(address, axis=0))[:m].T
            values = rng.integers(0, 2, m).astype(np.uint8)
            free = np.zeros(layout.unknowns, np.uint8)
            solution = solve(equations_of(address[:2], address[2:], layout), values, free)
            solved += solution.contradictions == 0
        result[f"{load:g}"] = solved / _SYSTEMS
    return result


def main() -> None:
    """Measure the grid up to the largest number of points, then the loads."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--largest", type=int, default=300_000)
    options = parser.parse_args()
    with threadpool_limits(1):
        rows = [measure(*case) for case in _GRID if case[0] <= options.largest]
        systems = [loads(*shape) for shape in _SHAPES]
    report("compact_size", COLUMNS, rows)
    report("compact_loads", _LOAD_COLUMNS, systems)


if __name__ == "__main__":
    main()
