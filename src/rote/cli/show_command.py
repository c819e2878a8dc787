"""``rote show``: what is in a network file."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.table import Table

from rote.api.files import load
from rote.cli.options import Json
from rote.cli.output import out, print_json, print_sizes, size_json
from rote.network import Affine, Layer, Network, Residual

__all__ = ["show_command"]


def show_command(network: Path, /, *, json: Json = False) -> int:
    """Describe NETWORK: its layers, its size, its decision, and where it came from.

    Args:
        network: An ONNX or safetensors file.
        json: Print one JSON object.

    Returns:
        The exit code.
    """
    net = load(network)
    rows = [row for layer in net.layers for row in _rows(layer)]
    labels = net.decision.labels
    decision: dict[str, Any] = {
        "kind": type(net.decision).__name__.lower(),
        "labels": None if labels is None else labels.tolist(),
        "tolerance": getattr(net.decision, "tolerance", None),
    }
    if json:
        print_json(
            {
                "inputs": net.inputs,
                "outputs": net.outputs,
                "dtype": net.dtype,
                "layers": rows,
                "size": size_json(net.size),
                "decision": decision,
                "provenance": asdict(net.provenance),
                "file_bytes": network.stat().st_size,
            }
        )
        return 0
    out.print(_headline(network, net))
    _print_layers(rows)
    print_sizes(net.size)
    out.print(_decision_line(decision))
    return 0


def _headline(path: Path, net: Network) -> str:
    origin = net.provenance.construction or "another tool"
    return (
        f"{path}: {net.inputs} inputs, {net.outputs} outputs, {net.dtype}, "
        f"{path.stat().st_size} bytes, from {origin}"
    )


def _rows(layer: Layer, place: str = "") -> list[dict[str, Any]]:
    if isinstance(layer, Residual):
        return [row for part in layer.body for row in _rows(part, "residual ")]
    kind = "shared row" if layer.shared else "affine"
    return [
        {
            "layer": place + kind,
            "inputs": layer.inputs,
            "units": layer.outputs,
            "activation": _activations(layer),
        }
    ]


def _activations(layer: Affine) -> str:
    names = dict.fromkeys(str(a) for a, _ in layer.runs())
    return " + ".join(names)


_MOST_LAYERS = 40


def _print_layers(rows: list[dict[str, Any]]) -> None:
    table = Table(box=None, pad_edge=False)
    for column in ("layer", "inputs", "units", "activation"):
        table.add_column(column, justify="right" if column in ("inputs", "units") else "left")
    for row in rows[:_MOST_LAYERS]:
        table.add_row(*(str(v) for v in row.values()))
    out.print(table)
    if len(rows) > _MOST_LAYERS:
        out.print(f"and {len(rows) - _MOST_LAYERS} more layers; --json lists all")


_MOST_LABELS = 12


def _decision_line(decision: dict[str, Any]) -> str:
    if decision["labels"] is None:
        return f"decision: value within {decision['tolerance']:g}"
    labels = decision["labels"]
    shown = ", ".join(map(str, labels[:_MOST_LABELS])) + (
        f", … ({len(labels)} in all)" if len(labels) > _MOST_LABELS else ""
    )
    return f"decision: {decision['kind']} among {shown}"
