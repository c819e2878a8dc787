"""What ``rote.probe`` finds and costs: full capacities, lower bounds, and models of several kinds.

python benchmarks/probe_models.py --models cnn transformer
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch
from torch import nn

import rote
from common import report

COLUMNS = {
    "model": "model",
    "parameters": "P",
    "points": "points",
    "rank": "rank",
    "complete": "complete",
    "clear": "clear",
    "lost": "lost",
    "bound": "bound",
    "cpu_s": "CPU s",
    "wall_s": "s",
}


class Blocks(nn.Module):
    """Ten GELU transformer blocks over a few tokens, and a linear head on their mean."""

    def __init__(self) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(
            8, 2, dim_feedforward=16, dropout=0.0, activation="gelu", batch_first=True
        )
        self.blocks = nn.TransformerEncoder(layer, 10, enable_nested_tensor=False)
        self.head = nn.Linear(8, 1)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """One number for tokens of shape (n, t, 8)."""
        value: torch.Tensor = self.head(self.blocks(tokens).mean(dim=1))
        return value


def _mlp(*widths: int) -> nn.Module:
    parts: list[nn.Module] = []
    for before, after in pairwise(widths):
        parts += [nn.Linear(before, after), nn.Tanh()]
    return nn.Sequential(*parts[:-1])


def _cnn() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 6, 3), nn.GELU(), nn.MaxPool2d(2), nn.Conv2d(6, 8, 3), nn.GELU(),
        nn.Flatten(), nn.Linear(8 * 4, 1),
    )  # fmt: skip


MODELS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "cnn": (_cnn, (700, 1, 10, 10)),
    "transformer": (Blocks, (1000, 6, 8)),
    "mlp-1k": (lambda: _mlp(20, 30, 12, 1), (1100, 20)),
    "mlp-10k": (lambda: _mlp(60, 100, 38, 1), (10_200, 60)),
    "mlp-1m": (lambda: _mlp(784, 1000, 250, 1), (10_000, 784)),
}


def measure(name: str) -> dict[str, Any]:
    """One row of the table."""
    torch.manual_seed(0)
    make, shape = MODELS[name]
    module, inputs = make(), torch.randn(*shape)
    start, cpu = time.perf_counter(), time.process_time()
    found = rote.probe(module, inputs)
    return {
        "model": name,
        "parameters": found.parameters,
        "points": found.points,
        "rank": found.rank,
        "complete": found.complete,
        "clear": found.clear,
        "lost": found.lost,
        "bound": found.bound,
        "cpu_s": round(time.process_time() - cpu, 1),
        "wall_s": round(time.perf_counter() - start, 1),
    }


def main() -> None:
    """Probe the models that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=MODELS)
    options = parser.parse_args()
    report("probe_models", COLUMNS, [measure(name) for name in options.models])


if __name__ == "__main__":
    main()
