"""How near the compact memory comes to the information limit: its file's bytes against n H(y).

Each case is built, written as ONNX and replayed in onnxruntime on every point at batch 4096 and on
some at batch 1. The cases on images and letters need ``--data FOLDER`` with ``mnist10k.npz`` and
``letters.npz`` (arrays X and y); they are left out without it.

    python benchmarks/compact_table.py --cases small gauss --data ~/data
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnxruntime
from threadpoolctl import threadpool_limits

from common import report
from rote.certify import verify
from rote.constructions.compact import Compact
from rote.data import DataSet
from rote.export.onnx import to_bytes
from rote.network import Affine, Network
from rote.network.activation import IDENTITY, RELU
from rote.typing import Array

COLUMNS = {
    "case": "case",
    "n": "n",
    "classes": "classes",
    "bytes": "ONNX bytes",
    "ratio": "bytes x 8 / n H",
    "target": "target",
    "table": "table bytes",
    "bits_per_parameter": "label bits / parameter",
    "depth": "layers",
    "build_s": "build s",
    "wrong": "wrong",
    "portable": "portable",
    "batch_4096": "points/s, batch 4096",
    "batch_1": "points/s, batch 1",
    "plain_4096": "plain MLP, batch 4096",
    "plain_1": "plain MLP, batch 1",
}
_BATCH = 4096
_SINGLE = 1000
_ROUNDS = 9
_CERTIFIED = 10**5
"""Most points for which the claim ``portable`` is proved here, too."""

Points = Callable[[Path | None, np.random.Generator], tuple[Array, Array]]


def _random_labels(X: Array, classes: int, rng: np.random.Generator) -> tuple[Array, Array]:
    return X, rng.integers(0, classes, len(X))


def _integers(n: int, classes: int) -> Points:
    def make(_: Path | None, rng: np.random.Generator) -> tuple[Array, Array]:
        return _random_labels(rng.integers(0, 256, (n, 16)).astype(np.uint8), classes, rng)

    return make


def _gauss(_: Path | None, rng: np.random.Generator) -> tuple[Array, Array]:
    return _random_labels(rng.standard_normal((10_000, 32)).astype(np.float32), 2, rng)


def _skewed(_: Path | None, rng: np.random.Generator) -> tuple[Array, Array]:
    X = rng.integers(0, 256, (10**6, 16)).astype(np.uint8)
    return X, (rng.random(10**6) < 0.01).astype(np.int64)


def _images(classes: int) -> Points:
    def make(folder: Path | None, rng: np.random.Generator) -> tuple[Array, Array]:
        assert folder is not None
        images = np.load(folder / "mnist10k.npz")["X"].reshape(-1, 28, 28)
        shifts = [(0, 0), (2, 0), (-2, 0), (0, 2), (0, -2), (1, 1)]
        moved = [np.roll(images, shift, axis=(2, 1)) for shift in shifts]
        return _random_labels(np.concatenate(moved).reshape(-1, 784), classes, rng)

    return make


def _letters(folder: Path | None, _: np.random.Generator) -> tuple[Array, Array]:
    assert folder is not None
    file = np.load(folder / "letters.npz")
    return file["X"], file["y"]


CASES: dict[str, tuple[Points, float | None, bool]] = {
    "small": (_integers(10_000, 2), None, False),
    "long": (_integers(100_000, 2), None, False),
    "gauss": (_gauss, 5.0, False),
    "letters": (_letters, 1.6, True),
    "images-2": (_images(2), 1.7, True),
    "images-10": (_images(10), 1.35, True),
    "shallow": (_integers(60_000, 2), None, False),
    "skewed-million": (_skewed, None, False),
    "million-2": (_integers(10**6, 2), 1.12, False),
    "long-million": (_integers(10**6, 2), None, False),
    "million-16": (_integers(10**6, 16), 1.08, False),
}
"""Points, the ratio to reach, and whether files are needed; names that begin with long or shallow
stand for these forms. One point in a hundred of the skewed ones has the other label."""


def arguments() -> argparse.Namespace:
    """The options of the script."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", nargs="+", default=list(CASES), choices=CASES)
    parser.add_argument("--data", type=Path)
    return parser.parse_args()


def replay(content: bytes, data: DataSet, network: Network) -> dict[str, float]:
    """Errors at both batch sizes, and throughput on one thread, beside a plain network's."""
    session, plain = _session(content), _session(to_bytes(_plain(network)))
    wanted = network.decision.labels
    assert data.codes is not None
    assert data.labels is not None
    assert wanted is not None
    result: dict[str, float] = {"wrong": 0}
    for batch, count in ((_BATCH, data.n), (1, min(_SINGLE, data.n))):
        for first in range(0, count, batch):
            raw = session.run(["output"], {"x": _points(data, first, min(batch, count - first))})
            decided = wanted[network.decision.decide(raw[0])]
            right = data.labels[data.codes[first : first + len(decided)]]
            result["wrong"] += int(np.sum(decided != right))
        points = _points(data, 0, batch)
        rates = _rates([session, plain], points, max(1, _SINGLE // batch))
        result[f"batch_{batch}"], result[f"plain_{batch}"] = rates
    return result


def _rates(
    sessions: list[onnxruntime.InferenceSession], points: Array, repeats: int
) -> list[float]:
    """Points per second of each, the best of some rounds in which they take turns."""
    seconds = np.full(len(sessions), np.inf)
    for _ in range(_ROUNDS):
        for i, session in enumerate(sessions):
            start = time.process_time()  # one thread computes; others do not count
            for _ in range(repeats):
                session.run(["output"], {"x": points})
            seconds[i] = min(seconds[i], time.process_time() - start)
    return [round(repeats * len(points) / s) for s in seconds.tolist()]


def _session(content: bytes) -> onnxruntime.InferenceSession:
    """A session on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def _points(data: DataSet, first: int, batch: int) -> Array:
    return data.points[first : min(first + batch, data.n)].astype(np.float32)


def _plain(network: Network) -> Network:
    """Two hidden layers of equal width, with a network's parameters, outputs and decision."""
    d, outputs = network.inputs, network.outputs
    assert network.size.parameters is not None
    half = (d + outputs + 2) / 2
    width = max(1, round((half**2 + network.size.parameters) ** 0.5 - half))
    rng = np.random.default_rng(0)
    widths = [d, width, width, outputs]
    # Biases of zero would be left out of the file.
    layers = [
        Affine(
            rng.standard_normal((b, a)).astype(np.float32),
            rng.standard_normal(b).astype(np.float32),
            RELU,
        )
        for a, b in pairwise(widths)
    ]
    last = replace(layers[-1], activation=IDENTITY)
    return Network((*layers[:-1], last), network.decision, "float32")


def measure(name: str, folder: Path | None) -> dict[str, object]:
    """One row of the table."""
    points, target, _ = CASES[name]
    data = DataSet.from_arrays(*points(folder, np.random.default_rng(0)))
    start = time.perf_counter()
    construction = Compact(
        words="float32" if name.startswith("long") else "bytes",
        shallow=name.startswith("shallow"),
    )
    network = construction.build(data, dtype="float32")
    seconds = time.perf_counter() - start
    content = to_bytes(network)
    size = network.size
    assert size.parameters is not None
    return {
        "case": name,
        "n": data.n,
        "classes": data.classes,
        "bytes": len(content),
        "ratio": round(8 * len(content) / data.information_bits, 4),
        "target": target,
        "table": max(layer.weight.size for layer in network.affine_layers),
        "bits_per_parameter": round(data.information_bits / size.parameters, 2),
        "depth": size.depth,
        "build_s": round(seconds, 1),
        "portable": verify(network, data, claims=["portable"]).certified
        if data.n <= _CERTIFIED
        else None,
        **replay(content, data, network),
    }


def main() -> None:
    """Measure the chosen cases."""
    options = arguments()
    cases = [c for c in options.cases if options.data is not None or not CASES[c][2]]
    with threadpool_limits(1):
        rows = [measure(case, options.data) for case in cases]
    report("compact_table", COLUMNS, rows)


if __name__ == "__main__":
    main()
