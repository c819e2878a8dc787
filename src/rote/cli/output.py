"""What the commands print: tables of sizes, claims, and JSON."""

from __future__ import annotations

import json
import math
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from rich.console import Console
from rich.table import Table

from rote.api.files import certificate_path
from rote.api.memo import Memo
from rote.api.parts import file_parts
from rote.constructions import CATALOGUE
from rote.data import DataSet
from rote.network import Network, Size

__all__ = [
    "describe_bytes",
    "describe_data",
    "memo_json",
    "origin",
    "out",
    "print_json",
    "print_memo",
    "print_parts",
    "print_sizes",
    "size_json",
]

_WIDE = 120
"""Columns of tables that are not printed on a terminal."""

out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else _WIDE)

_ROWS = {
    "depth": "hidden layers",
    "widths": "widths",
    "neurons": "neurons",
    "parameters": "parameters",
    "nonzero": "nonzero parameters",
    "weight_bits": "bits per weight",
    "largest_weight": "largest weight",
    "total_weight": "total weight",
    "stored_bytes": "stored bytes",
}


def print_json(value: dict[str, Any]) -> None:
    """Print one object on one line; numbers that JSON lacks become null."""
    print(json.dumps(_finite(value), ensure_ascii=False))


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def size_json(size: Size) -> dict[str, Any]:
    """A size without the quantities that are not known."""
    return {k: v for k, v in asdict(size).items() if v is not None}


def print_sizes(measured: Size, promised: Size | None = None) -> None:
    """A table of measured sizes, beside what the theorem promises."""
    table = Table(box=None, pad_edge=False)
    table.add_column("size")
    if promised is not None:
        table.add_column("promised", justify="right")
    table.add_column("measured", justify="right")
    for name, title in _ROWS.items():
        mine = getattr(measured, name)
        if mine is None:
            continue
        row = [title]
        if promised is not None:
            row.append(number(getattr(promised, name)))
        table.add_row(*row, number(mine))
    out.print(table)


def number(value: Any) -> str:
    """A count with spaces between thousands, a float in four digits, widths; - for None."""
    if value is None:
        return "-"
    if isinstance(value, tuple):
        return _widths(value)
    return f"{value:,}".replace(",", " ") if isinstance(value, int) else f"{value:.4g}"


def _widths(widths: tuple[int, ...]) -> str:
    if len(widths) > 8:
        return f"{len(widths)} layers of {min(widths)} to {max(widths)}"
    return " ".join(map(str, widths)) or "-"


def memo_json(memo: Memo, written: Path) -> dict[str, Any]:
    """All about a built network, for ``--json``."""
    data = memo.data
    return {
        "construction": memo.construction,
        "dtype": memo.network.dtype,
        "seed": memo.network.provenance.seed,
        "n": data.n,
        "d": data.d,
        "classes": data.classes,
        "outputs": data.outputs,
        "columns": data.columns,
        "merged": data.merged,
        "information_bits": data.information_bits,
        "promised": size_json(memo.promised),
        "size": size_json(memo.size),
        "certificate": memo.certificate.to_json(),
        "network": str(written),
        "certificate_file": str(certificate_path(written)),
        "file_bytes": written.stat().st_size,
        "file_parts": file_parts(memo.network, written.stat().st_size),
        "attempts": [asdict(attempt) for attempt in memo.attempts],
    }


def print_memo(memo: Memo, written: Path) -> None:
    """The data, the theorem, promised and measured size, claims, and the file."""
    theorem = CATALOGUE[memo.construction].theorem
    out.print(describe_data(memo.data))
    out.print(f"{theorem.key}, {origin(theorem)}, in {memo.network.dtype}")
    print_sizes(memo.size, memo.promised)
    if memo.size.exceeds(memo.promised):
        out.print(f"larger than promised for: {'; '.join(theorem.hypotheses)}")
    for claim in memo.certificate.claims.values():
        out.print(claim.describe())
    size, limit = written.stat().st_size, memo.certificate.information_bits
    out.print(f"{written}: {describe_bytes(size, limit)}")
    if written.suffix == ".onnx":
        print_parts(memo.network, size)


class _Sourced(Protocol):
    @property
    def number(self) -> str: ...
    @property
    def source(self) -> str: ...


def origin(theorem: _Sourced) -> str:
    """Where a theorem or a bound stands: ``Theorem 3.1 of yun2019``."""
    if theorem.number != "ours":
        return f"{theorem.number} of {theorem.source}"
    return "ours" if theorem.source == "rote" else f"ours, after {theorem.source}"


def describe_data(data: DataSet) -> str:
    """One line: points, features, labels, and how many equal rows were merged."""
    if data.classes is None:
        labels = f"{data.outputs} real target{'' if data.outputs == 1 else 's'} each"
    else:
        labels = f"{data.classes} class{'' if data.classes == 1 else 'es'}"
        labels += f" in {data.columns} columns" if data.columns > 1 else ""
    merged = f" ({data.merged} equal rows merged)" if data.merged else ""
    return f"{data.n} points, {data.d} features, {labels}{merged}"


def describe_bytes(size: int, information_bits: float | None) -> str:
    """The bytes of a file, against the information limit of class labels."""
    limit = (information_bits or 0.0) / 8
    if not limit > 0:
        return f"{size} bytes"
    return f"{size} bytes, {size / limit:.4g} times the information limit of {limit:.4g}"


def print_parts(network: Network, size: int) -> None:
    """One line: what the bytes of the network's ONNX file are spent on, if Rote wrote it."""
    parts = file_parts(network, size)
    if parts:
        out.print("of these " + ", ".join(f"{name} {count}" for name, count in parts.items()))
