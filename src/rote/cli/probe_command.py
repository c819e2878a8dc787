"""``rote probe``: how many labels a network can reach near its own weights."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from rote.api.probe import probe
from rote.cli.options import Json, Label, read_data
from rote.cli.output import out, print_json
from rote.cli.progress import progress_bar

__all__ = ["probe_command"]


def probe_command(network: Path, data: Path, /, *, label: Label = None, json: Json = False) -> int:
    """Count how many labels NETWORK can reach at the points of DATA.

    Args:
        network: An ONNX or safetensors file.
        data: A csv, parquet, arrow, npy or npz file; its labels play no part.
        label: Label column, by name or number; by default the last.
        json: Print one JSON object.

    Returns:
        The exit code.
    """
    points = read_data(data, label, "auto").floats()
    with progress_bar() as progress:
        found = probe(network, points, progress=progress)
    if json:
        print_json({**asdict(found), "capacity": found.capacity, "lost": found.lost})
    else:
        out.print(found.describe())
    return 0
