"""Verification: a network and data in, a certificate out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from rote.certify.certificate import Certificate, Claim, Failures
from rote.certify.exact import prove_exact
from rote.certify.interval import prove_portable, unavailable
from rote.certify.verdict import Verdict
from rote.data import DataSet
from rote.errors import DataError, OptionError
from rote.network import Network
from rote.network.serial import digest
from rote.typing import Array, Progress, no_progress

__all__ = ["check_fit", "verify", "wanted"]

_CLAIMS = ("exact", "portable")
_ALL = (*_CLAIMS, "exists")

Mask: TypeAlias = npt.NDArray[np.bool_]


def verify(
    network: Network,
    data: DataSet,
    *,
    claims: Sequence[str] | None = None,
    progress: Progress = no_progress,
) -> Certificate:
    """Prove, or fail to prove, that a network decides every point of a data set right.

    The network's origin plays no part. A claim that fails is a value, not an error; points whose
    label the network does not know, or that its dtype cannot hold, are among its failures.

    Args:
        network: The network.
        data: The points with their labels or targets.
        claims: Some of ``exact``, ``portable`` and ``exists``; by default the first two.
        progress: Called as ``progress(claim, points done, n)``.

    Returns:
        The certificate.

    Raises:
        DataError: The data have another number of features or targets than the network.
        OptionError: The network decides labels and the data hold real targets, or the reverse; or
            a claim is unknown.
    """
    names = _CLAIMS if claims is None else tuple(claims)
    for name in names:
        if name not in _ALL:
            raise OptionError(f"A claim to prove must be one of {', '.join(_ALL)}, not {name!r}.")
    check_fit(network, data)
    points, rounded = _as_received(network, data)
    target, known = wanted(network, data)
    finite: Mask = np.asarray(np.isfinite(points).all(axis=1))
    task = _Task(network, data, points, target, known & finite, _exclusions(data, known, finite))
    return Certificate(
        network=digest(network),
        data=data.digest,
        n=data.n,
        d=data.d,
        merged=data.merged,
        information_bits=None if data.labels is None else data.information_bits,
        dtype=network.dtype,
        inputs_rounded=rounded,
        claims={name: task.prove(name, progress) for name in names},
    )


@dataclass(frozen=True, eq=False)
class _Task:
    """What is to be proved: each point is decided as its target.

    Attributes:
        network: The network.
        data: The data, for their row numbers.
        points: Shape (n, d), as the network receives them.
        target: Codes of the network's labels, (n,) or (n, k), or real targets, (n, k).
        open: Points that can be right at all, (n,).
        exclusion: Why the others cannot be.
    """

    network: Network
    data: DataSet
    points: Array
    target: Array
    open: Mask
    exclusion: str

    def prove(self, name: str, progress: Progress) -> Claim:
        """One claim."""
        missing = self._missing(name)
        if missing:
            return Claim(name, holds=False, available=False, reason=missing)
        right = np.zeros(self.data.n, np.bool_)
        if not self.open.any():
            return Claim(name, holds=False, failures=self._failures(right), reason=self.exclusion)
        verdict = self._verdict(name, progress)
        right[self.open] = verdict.right
        return Claim(
            name=name,
            holds=bool(right.all()),
            margin=verdict.margin if self.open.all() else None,
            failures=self._failures(right),
            reason=" ".join(filter(None, (self.exclusion, verdict.reason))),
            arithmetic=verdict.arithmetic,
            audit=verdict.audit,
        )

    def _missing(self, name: str) -> str:
        """Why a claim is not available; empty if it is."""
        if name == "portable":
            return unavailable(self.network)
        if name == "exact":
            return ""
        from rote.certify.existence import no_existence

        return no_existence(self.network, self.target.size)

    def _verdict(self, name: str, progress: Progress) -> Verdict:
        points, target = self.points, self.target
        if not self.open.all():
            points, target = points[self.open], target[self.open]
        if name == "portable":
            return prove_portable(self.network, points, target, progress)
        if name == "exists":
            from rote.certify.existence import prove_existence

            return prove_existence(self.network, points, target, progress)
        if self.network.piecewise_linear:
            return prove_exact(self.network, points, target, progress)
        from rote.certify.ball import prove_ball  # FLINT is loaded for smooth networks only

        return prove_ball(self.network, points, target, progress)

    def _failures(self, right: Mask) -> Failures:
        return Failures.of(self.data.rows[~right].tolist())


def check_fit(network: Network, data: DataSet) -> None:
    """Raise unless the data can be put to the network at all.

    Args:
        network: The network.
        data: The data set.

    Raises:
        DataError: They have another number of features, labels or targets than the network.
        OptionError: The network decides labels and they hold real targets, or the reverse.
    """
    if data.d != network.inputs:
        raise DataError(f"The network takes {network.inputs} features, but the data have {data.d}.")
    if (network.decision.labels is None) != (data.task == "real"):
        decided, wanted = (
            ("real values", "real") if data.task == "classes" else ("labels", "classes")
        )
        raise OptionError(f"The network decides {decided}. Read the data with task={wanted!r}.")
    if data.labels is not None and data.columns != network.decision.columns:
        columns = network.decision.columns
        raise DataError(
            f"The network decides {columns} label column{'s' if columns > 1 else ''}, but the data "
            f"have {data.columns}. Name the columns that it was built for."
        )
    if data.task == "real" and data.outputs != network.outputs:
        raise DataError(
            f"The network has {network.outputs} outputs, but the data have {data.outputs} targets."
        )


def _as_received(network: Network, data: DataSet) -> tuple[Array, int]:
    """Points rounded to the network's dtype, and how many values that changes."""
    if network.dtype == "exact":
        return data.points, 0
    with np.errstate(over="ignore"):
        points = data.points.astype(network.dtype)
    # Every data set's values fit float64, so that the comparison is exact.
    changed = points.astype(np.float64) != data.points.astype(np.float64)
    return points, int(np.count_nonzero(changed))


def wanted(network: Network, data: DataSet) -> tuple[Array, Mask]:
    """What the network must decide, and for which points that is one of its labels.

    Args:
        network: The network, whose labels may come in any order.
        data: The data set.

    Returns:
        Codes of the network's labels as it decides them, or real targets (n, k); and a mask, (n,).
    """
    if network.decision.labels is None or data.labels is None:
        return data.target, np.ones(data.n, np.bool_)
    codes = network.decision.codes_of(data.labels)
    known: Mask = np.all(codes.reshape(len(codes), -1) >= 0, axis=1)
    return np.maximum(codes, 0)[data.codes], known[data.codes]


def _exclusions(data: DataSet, known: Mask, finite: Mask) -> str:
    """Why some points cannot be right, naming the first of each kind."""
    reasons = []
    if not known.all():
        assert data.labels is not None
        assert data.codes is not None
        first = int(np.flatnonzero(~known)[0])
        label = data.labels[data.codes[first] : data.codes[first] + 1].tolist()[0]
        reasons.append(f"Row {data.rows[first]}: the network knows no label {label!r}.")
    if not finite.all():
        first = int(np.flatnonzero(~finite)[0])
        reasons.append(f"Row {data.rows[first]}: a value overflows the network's dtype.")
    return " ".join(reasons)
