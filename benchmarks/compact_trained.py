"""What trained networks hold, beside the compact memory: label bits per parameter and stored bit.

Networks with two hidden layers of ReLUs are trained on random labels of points of 16 8-bit integers
(standardised) by Adam on all points, with cosine decay, at several rates; a size counts if any of
them ends with every label right. Their weights are then rounded to as few bits as keep every label
right (one scale per layer). The compact memory is built on the same points.

    python benchmarks/compact_trained.py --points 1000 --steps 3000
"""

from __future__ import annotations

import argparse

import numpy as np
import torch
from torch import nn

from common import report
from rote.constructions.compact import Compact
from rote.data import DataSet
from rote.export.onnx import to_bytes

COLUMNS = {
    "network": "network",
    "n": "n",
    "parameters": "parameters",
    "wrong": "wrong",
    "bits": "bits per weight",
    "per_parameter": "label bits / parameter",
    "per_bit": "label bits / stored bit",
}
_RATES = (1e-2, 3e-3)
_WEIGHT_BITS = range(3, 17)


def train(X: torch.Tensor, y: torch.Tensor, width: int, rate: float, steps: int) -> nn.Sequential:
    """A network after full-batch training."""
    torch.manual_seed(0)
    d = X.shape[1]
    net = nn.Sequential(
        nn.Linear(d, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 1)
    )
    optimizer = torch.optim.Adam(net.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        optimizer.zero_grad()
        nn.functional.softplus(-y * net(X)[:, 0]).mean().backward()
        optimizer.step()
        schedule.step()
    return net


def wrong(net: nn.Sequential, X: torch.Tensor, y: torch.Tensor) -> int:
    """How many labels are wrong."""
    with torch.no_grad():
        return int((y * net(X)[:, 0] <= 0).sum())


def fewest_bits(net: nn.Sequential, X: torch.Tensor, y: torch.Tensor) -> int | None:
    """The fewest bits per weight that keep all labels right, None above 16."""
    kept = [p.detach().clone() for p in net.parameters()]
    for bits in _WEIGHT_BITS:
        with torch.no_grad():
            for parameter, value in zip(net.parameters(), kept, strict=True):
                scale = value.abs().max() / (2 ** (bits - 1) - 1)
                parameter.copy_(torch.round(value / scale) * scale)
        if not wrong(net, X, y):
            return bits
    return None


def trained(X: torch.Tensor, y: torch.Tensor, width: int, steps: int) -> dict[str, object]:
    """The best of the rates at one width."""
    nets = [train(X, y, width, rate, steps) for rate in _RATES]
    net = min(nets, key=lambda candidate: wrong(candidate, X, y))
    parameters = sum(p.numel() for p in net.parameters())
    row = {"network": f"trained, width {width}", "n": len(X), "parameters": parameters}
    errors = wrong(net, X, y)
    bits = None if errors else fewest_bits(net, X, y)
    if errors:
        return {**row, "wrong": errors}
    ratio = len(X) / parameters
    return {
        **row,
        "wrong": 0,
        "bits": bits,
        "per_parameter": ratio,
        "per_bit": None if bits is None else ratio / bits,
    }


def compact(data: DataSet, words: str) -> dict[str, object]:
    """The compact memory in one form; its bits are those of the whole ONNX file."""
    construction = Compact(words="float32" if words == "float32" else "bytes")
    network = construction.build(data, dtype="float32")
    parameters = network.size.parameters or 0
    stored = 8 * len(to_bytes(network))
    return {
        "network": f"compact, words={words}",
        "n": data.n,
        "parameters": parameters,
        "wrong": int(np.sum(network.predict(data.points) != (data.codes > 0))),
        "bits": stored / parameters,
        "per_parameter": data.information_bits / parameters,
        "per_bit": data.information_bits / stored,
    }


def main() -> None:
    """Train at several widths and build both forms."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--points", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--widths", type=int, nargs="+", default=[12, 14, 16, 20, 24])
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    points = rng.integers(0, 256, (options.points, 16))
    labels = rng.integers(0, 2, options.points)
    X = torch.tensor((points - 127.5) / 74, dtype=torch.float32)
    y = torch.tensor(2.0 * labels - 1, dtype=torch.float32)
    torch.set_num_threads(1)
    rows = [trained(X, y, width, options.steps) for width in options.widths]
    large = rng.integers(0, 256, (100_000, 16)).astype(np.uint8)
    for X_, y_ in ((points, labels), (large, rng.integers(0, 2, len(large)))):
        data = DataSet.from_arrays(X_, y_)
        rows += [compact(data, words) for words in ("bytes", "float32")]
    report("compact_trained", COLUMNS, rows)


if __name__ == "__main__":
    main()
