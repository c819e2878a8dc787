"""``rote show``: what is in a network file."""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.table import Table

from rote.api.files import load, own_certificate
from rote.api.parts import file_parts
from rote.certify import Certificate
from rote.certify.certificate import Audit
from rote.cli.options import Json
from rote.cli.output import (
    describe_bytes,
    out,
    print_json,
    print_parts,
    print_sizes,
    size_json,
)
from rote.network import Affine, Layer, Network, Residual

__all__ = ["show_command"]


def show_command(network: Path, /, *, json: Json = False) -> int:
    """Describe NETWORK: its layers, size, bytes and decision, and what its certificate says.

    Args:
        network: An ONNX or safetensors file.
        json: Print one JSON object.

    Returns:
        The exit code.
    """
    net = load(network)
    certificate = own_certificate(network, net)
    rows = [row for layer in net.layers for row in _rows(layer)]
    decision: dict[str, Any] = {
        "kind": type(net.decision).__name__.lower(),
        "labels": net.decision.listed,
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
                "file_parts": file_parts(net, network.stat().st_size),
                "certificate": None if certificate is None else certificate.to_json(),
            }
        )
        return 0
    out.print(_headline(network, net, certificate))
    if network.suffix == ".onnx":
        print_parts(net, network.stat().st_size)
    _print_layers(rows)
    print_sizes(net.size)
    out.print(_decision_line(decision))
    if certificate is not None:
        _print_certificate(certificate)
    return 0


def _headline(path: Path, net: Network, certificate: Certificate | None) -> str:
    origin = net.provenance.construction or "another tool"
    limit = None if certificate is None else certificate.information_bits
    return (
        f"{path}: {net.inputs} inputs, {net.outputs} outputs, {net.dtype}, from {origin}, "
        f"{describe_bytes(path.stat().st_size, limit)}"
    )


def _print_certificate(certificate: Certificate) -> None:
    """What the certificate beside the file says; it is not checked here."""
    out.print(f"certificate for {certificate.n} points (rote verify proves it):")
    for claim in certificate.claims.values():
        out.print(f"  {claim.describe()}")
        if "largest_partial_sum" in claim.audit:
            out.print(f"  {_audit_line(claim.audit)}")


def _audit_line(audit: Audit) -> str:
    limit, largest = audit["partial_sum_limit"], audit["largest_partial_sum"]
    exact = f"the largest exact sum takes {largest:g} of 2^{math.log2(float(limit or 1)):g} steps"
    rounded = audit["rounded_sums"]
    if not rounded:
        return f"audit of every point and layer: no sum rounds; {exact}"
    return (
        f"audit of every point and layer: {rounded} sums may round, which moves an output by at "
        f"most {audit['largest_error']:.2g}" + (f"; {exact}" if largest else "")
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
    if decision["kind"] == "columns":
        return "\n".join(
            f"decision: output {j}, nearest among {_shown(labels)}"
            for j, labels in enumerate(decision["labels"])
        )
    return f"decision: {decision['kind']} among {_shown(decision['labels'])}"


def _shown(labels: list[Any]) -> str:
    """The first labels, a row of several in brackets, and how many there are."""
    shown = [f"({', '.join(map(str, v))})" if isinstance(v, list) else str(v) for v in labels]
    more = f", … ({len(labels)} in all)" if len(labels) > _MOST_LABELS else ""
    return ", ".join(shown[:_MOST_LABELS]) + more
