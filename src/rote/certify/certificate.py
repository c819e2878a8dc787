"""Certificates: what was claimed about a network on a data set, and whether it was proved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, TypeAlias, final

from rote.certify.stored import FORMAT, checked_certificate
from rote.errors import FormatError
from rote.typing import DType

__all__ = ["DEFINITIONS", "Audit", "Certificate", "Claim", "Failures"]

DEFINITIONS: Final = {
    "exact": (
        "The stored weights, evaluated without rounding on the points as the network's dtype holds "
        "them, decide every point right."
    ),
    "portable": (
        "Every evaluation in the network's dtype by IEEE 754, rounded to nearest, decides every "
        "point right: whatever the order of the summands (the bias among them) of each unit, with "
        "or without fused multiply-add, in this or a wider format between the operations, with "
        "subnormal numbers kept or flushed to zero. A residual block adds in one more operation. "
        "Products that replace these sums by others "
        "(Strassen, Winograd) and operands rounded to fewer bits (TF32, bfloat16) are excluded."
    ),
    "exists": (
        "Some network with the same shape and real weights, of which only the last two layers' "
        "differ from the stored ones, by the stated radius at most, has exactly the given targets "
        "at all points."
    ),
    "replayed": (
        "The named runtimes, run on as many points as the audit says at each batch size, decided "
        "all of them right; fewer than all are those of smallest margin. An observation, not a "
        "proof."
    ),
}
"""What each claim asserts."""

_FIRST = 10
"""Rows that a claim names."""

Audit: TypeAlias = Mapping[str, bool | int | float | str | None]


@final
@dataclass(frozen=True)
class Failures:
    """Points for which a claim was not proved.

    Attributes:
        total: How many.
        rows: Row numbers (from 0, in the data as given) of the first ten.
    """

    total: int = 0
    rows: tuple[int, ...] = ()

    @classmethod
    def of(cls, rows: list[int]) -> Failures:
        """The failures at all these rows."""
        return cls(len(rows), tuple(sorted(rows)[:_FIRST]))

    def describe(self) -> str:
        """In words: ``no point``, ``1 point (row 3)``, ``12 points (rows 3, 5, ...)``."""
        if not self.total:
            return "no point"
        more = ", ..." if self.total > len(self.rows) else ""
        listed = ", ".join(map(str, self.rows)) + more
        return (
            f"1 point (row {listed})" if self.total == 1 else f"{self.total} points (rows {listed})"
        )


@final
@dataclass(frozen=True)
class Claim:
    """One claim and what became of it.

    Attributes:
        name: ``exact``, ``portable``, ``exists`` or ``replayed``; see :data:`DEFINITIONS`.
        holds: Whether it was proved for every point.
        available: Whether it has a meaning for this network; if not, it does not hold.
        margin: How far every raw output of every point may still move, in the largest single
            change, before a decision may be wrong; for ``portable`` what is left of that after
            subtracting the error bound. Rounded down; negative where a point is wrong; None where
            there is no number (every output decides right, or no bound exists).
        failures: The points for which it was not proved.
        reason: Why it does not hold, in words; empty if it holds.
        arithmetic: What it was proved with.
        audit: Further findings by name.
    """

    name: str
    holds: bool
    available: bool = True
    margin: float | None = None
    failures: Failures = field(default_factory=Failures)
    reason: str = ""
    arithmetic: str = ""
    audit: Audit = field(default_factory=dict)

    @property
    def rows(self) -> tuple[int, ...]:
        """Row numbers of the first failures."""
        return self.failures.rows

    def describe(self) -> str:
        """One line: the name, the verdict, and the margin or the reason."""
        if self.holds:
            margin = "" if self.margin is None else f", margin {self.margin:.3g}"
            runs = "; ".join(f"{run} {points}" for run, points in self.audit.items())
            seen = f" ({runs})" if self.name == "replayed" else ""
            if self.name == "exists":
                seen = f" within {self.audit['radius']:.1e}"
            return f"{self.name}: holds{margin}{seen}"
        if not self.available:
            return f"{self.name}: not available. {self.reason}"
        return f"{self.name}: fails for {self.failures.describe()}. {self.reason}"


@final
@dataclass(frozen=True)
class Certificate:
    """Claims about one network on one data set.

    Attributes:
        network: Digest of the network.
        data: Digest of the data.
        n: Number of distinct points.
        d: Number of features.
        merged: How many further rows equalled one of them, labels included.
        information_bits: The information limit n H(y) of the labels in bits: no lossless store of
            arbitrary labels is smaller. None for real targets.
        dtype: Arithmetic of the network.
        inputs_rounded: How many values of the points that dtype does not hold: the claims are about
            the points with these values rounded to nearest.
        claims: The claims by name.
    """

    network: str
    data: str
    n: int
    d: int
    merged: int
    information_bits: float | None
    dtype: DType
    inputs_rounded: int
    claims: dict[str, Claim]

    def holds(self, name: str) -> bool:
        """Whether the claim was made and proved."""
        return name in self.claims and self.claims[name].holds

    @property
    def certified(self) -> bool:
        """Whether all claims that are available hold, at least one of them."""
        available = [claim for claim in self.claims.values() if claim.available]
        return bool(available) and all(claim.holds for claim in available)

    def summary(self) -> str:
        """One line: the points and what became of each claim."""
        points = f"{self.n} point{'' if self.n == 1 else 's'} in {self.dtype}"
        return f"{points}; " + "; ".join(claim.describe() for claim in self.claims.values())

    def to_json(self) -> dict[str, Any]:
        """The certificate as JSON values."""
        fields = asdict(self)
        for claim in fields["claims"].values():
            claim["failures"]["rows"] = list(claim["failures"]["rows"])
            claim["audit"] = dict(claim["audit"])
        return {"format": FORMAT, **fields}

    @classmethod
    def from_json(cls, source: str | bytes | Mapping[str, Any]) -> Certificate:
        """Read a certificate, which proves nothing by itself: anyone can write one.

        Args:
            source: JSON text, or its value.

        Returns:
            The certificate.

        Raises:
            FormatError: Something is missing, unknown or of another type.
        """
        fields = checked_certificate(source)
        claims = {}
        for name, claim in fields.pop("claims").items():
            failures = claim.pop("failures")
            claims[name] = Claim(
                **claim, failures=Failures(failures["total"], tuple(failures["rows"]))
            )
            if name not in DEFINITIONS:
                raise FormatError(f"A claim must be one of {', '.join(DEFINITIONS)}, not {name!r}.")
        return cls(**fields, claims=claims)
