"""Several label columns in one compact memory, beside one for each, and one for their rows.

python benchmarks/compact_columns.py
"""

from __future__ import annotations

import numpy as np

from common import report
from rote.constructions.compact import Compact
from rote.data import DataSet
from rote.export.onnx import to_bytes
from rote.typing import Array

COLUMNS = {
    "kinds": "classes of each column",
    "n": "n",
    "rows": "different rows",
    "limit": "n H / 8",
    "bytes": "bytes",
    "ratio": "bytes x 8 / (n H)",
    "alone": "bytes of a file for each column",
    "joined": "bytes of a file with rows as one label",
}

CASES = (
    (3_000, (5, 12, 2)),
    (20_000, (5, 12, 2)),
    (100_000, (5, 12, 2)),
    (20_000, (40, 30)),
    (20_000, (300, 3, 2)),
    (20_000, (2,) * 10),
    (20_000, (10, 0)),
)
"""Points, and classes of each column; 0 for the parity of the column before."""


def measure(n: int, kinds: tuple[int, ...]) -> dict[str, object]:
    """One row: random points of ten integers."""
    rng = np.random.default_rng(n)
    X = rng.integers(0, 256, (n, 10)).astype(np.uint8)
    codes = np.zeros((n, len(kinds)), np.int64)
    for j, kind in enumerate(kinds):
        codes[:, j] = rng.integers(0, kind, n) if kind else codes[:, j - 1] % 2
    y = codes.astype(np.str_)
    data = DataSet.from_arrays(X, y)
    size = _bytes(X, y)
    return {
        "kinds": ", ".join(str(kind) if kind else "parity" for kind in kinds),
        "n": n,
        "rows": data.classes,
        "limit": round(data.information_bits / 8),
        "bytes": size,
        "ratio": round(8 * size / data.information_bits, 3),
        "alone": sum(_bytes(X, column) for column in y.T),
        "joined": _bytes(X, np.array(["|".join(row) for row in y.tolist()])),
    }


def _bytes(X: Array, y: Array) -> int:
    """Bytes of the ONNX file, which answers every point right."""
    network = Compact().build(DataSet.from_arrays(X, y), dtype="float32")
    assert np.array_equal(network.predict(X), y)
    return len(to_bytes(network))


def main() -> None:
    """Measure all cases."""
    report("compact_columns", COLUMNS, [measure(n, kinds) for n, kinds in CASES])


if __name__ == "__main__":
    main()
