"""How many inputs that were never seen the compact memory answers, by bits of its fingerprint.

python benchmarks/compact_unknown.py --fresh 1000000
"""

from __future__ import annotations

import argparse

import numpy as np

from common import report
from rote.constructions.compact import Compact
from rote.data import DataSet
from rote.export.onnx import to_bytes

COLUMNS = {
    "bits": "bits",
    "classes": "classes",
    "n": "n",
    "fresh": "fresh inputs",
    "answered": "answered",
    "expected": "2^-bits",
    "deviations": "standard deviations off",
    "bytes": "bytes",
    "ratio": "bytes x 8 / n (H + bits)",
}


def measure(bits: int, classes: int, n: int, fresh: int) -> dict[str, object]:
    """One row: a memory of random points, asked about other random points."""
    rng = np.random.default_rng(bits)
    X = rng.integers(0, 256, (n, 16)).astype(np.uint8)
    data = DataSet.from_arrays(X, rng.integers(0, classes, n))
    network = Compact(reject_unknown=bits).build(data, dtype="float32")
    assert np.array_equal(network.predict(X), data.codes)
    # No one of these is among the n points but with probability 10^12 / 2^128.
    answered = int(np.sum(network.predict(rng.integers(0, 256, (fresh, 16))) != -1))
    expected = 2.0**-bits
    size = len(to_bytes(network))
    return {
        "bits": bits,
        "classes": classes,
        "n": n,
        "fresh": fresh,
        "answered": answered / fresh,
        "expected": expected,
        "deviations": round((answered / fresh - expected) / (expected / fresh) ** 0.5, 1),
        "bytes": size,
        "ratio": round(8 * size / (data.information_bits + n * bits), 3),
    }


def main() -> None:
    """Measure some fingerprints."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--fresh", type=int, default=10**6)
    parser.add_argument("--points", type=int, default=20_000)
    options = parser.parse_args()
    cases = [(2, 10), (4, 10), (7, 2), (8, 1)]
    report(
        "compact_unknown",
        COLUMNS,
        [measure(bits, c, options.points, options.fresh) for bits, c in cases],
    )


if __name__ == "__main__":
    main()
