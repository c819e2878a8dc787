"""``rote verify``: a network file and data in, yes or no out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from rote.api.check import DecisionName, verify_data
from rote.cli.options import Json, Label, TaskName, read_data
from rote.cli.output import out, print_json
from rote.cli.progress import progress_bar

__all__ = ["verify_command"]


def verify_command(
    network: Path,
    data: Path,
    /,
    *,
    label: Label = None,
    task: TaskName = "auto",
    decision: DecisionName | None = None,
    tolerance: float | None = None,
    exists: Annotated[bool, Parameter(negative="")] = False,
    json: Json = False,
) -> int:
    """Check NETWORK against DATA, trusting nothing but these two files.

    Args:
        network: An ONNX or safetensors file.
        data: A csv, parquet, arrow, npy or npz file.
        label: Label column, by name or number; by default the last. Several columns: a,b,c.
        task: Kind of labels; by default, fractions and several columns of numbers are real targets.
        decision: How an ONNX file without a label output is read.
        tolerance: Largest absolute error of real targets, where the file does not state it.
        exists: Prove the claim ``exists`` as well: weights nearby meet every real target exactly.
        json: Print one JSON object.

    Returns:
        The exit code.
    """
    given = read_data(data, label, task)
    with progress_bar() as progress:
        certificate = verify_data(
            network,
            given,
            decision=decision,
            tolerance=tolerance,
            claims=("exact", "portable", "exists") if exists else None,
            progress=progress,
        )
    holds = certificate.certified
    if json:
        print_json({"certified": holds, **certificate.to_json()})
    elif holds:
        out.print(certificate.summary())
    else:
        for claim in certificate.claims.values():
            if not claim.holds:
                out.print(claim.describe())
    return 0 if holds else 1
