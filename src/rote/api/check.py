"""Verification from outside: a network file and data, nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypeAlias

import numpy.typing as npt

from rote.api.files import load
from rote.certify import Certificate
from rote.certify import verify as certify
from rote.data import DataSet
from rote.errors import CertificationError
from rote.network import Network
from rote.typing import Progress, Task, no_progress

__all__ = ["DecisionName", "verify", "verify_data"]

ProvedClaim: TypeAlias = Literal["exact", "portable", "exists"]
DecisionName: TypeAlias = Literal["argmax", "sign", "nearest", "bits", "value"]


def verify(
    network: Network | str | Path,
    X: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    task: Task | None = None,
    decision: DecisionName | None = None,
    tolerance: float | None = None,
    claims: Sequence[ProvedClaim] | None = None,
    progress: Progress = no_progress,
) -> Certificate:
    """Prove that a network decides every point right, from the network and the data alone.

    Args:
        network: A network, or a file in ONNX or Rote's own form; from any tool.
        X: Points, shape (n, d).
        y: Class labels or real targets, shape (n,), or (n, k) for several of each point.
        task: ``classes`` or ``real``; by default as in :meth:`rote.data.DataSet.from_arrays`.
        decision: How the output of an ONNX file that has no ``label`` output is read.
        tolerance: Largest absolute error of real targets, where the file does not state it.
        claims: What to prove; by default ``exact`` and ``portable``. For real targets and smooth
            networks also ``exists``.
        progress: Called as ``progress(stage, done, total)``.

    Returns:
        The certificate; its claims hold as far as they are available.

    Raises:
        CertificationError: A claim fails; the error carries the certificate and the first rows.
        FormatError: The file cannot be read.
        DataError: The data cannot be used.
    """
    data = DataSet.from_arrays(X, y, task=task)
    certificate = verify_data(
        network, data, decision=decision, tolerance=tolerance, claims=claims, progress=progress
    )
    for claim in certificate.claims.values():
        if claim.available and not claim.holds:
            raise CertificationError(claim.describe(), claim.failures.rows, certificate)
    return certificate


def verify_data(
    network: Network | str | Path,
    data: DataSet,
    *,
    decision: DecisionName | None = None,
    tolerance: float | None = None,
    claims: Sequence[ProvedClaim] | None = None,
    progress: Progress = no_progress,
) -> Certificate:
    """As :func:`verify`, for a checked data set; a failed claim is returned, not raised."""
    if not isinstance(network, Network):
        network = load(Path(network), decision=decision, labels=data.labels, tolerance=tolerance)
    return certify(network, data, claims=claims, progress=progress)
