"""Replay: run a network in real runtimes on the points, and see what they decide."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from rote.certify.certificate import Claim, Failures
from rote.certify.verify import check_fit, wanted
from rote.data import DataSet
from rote.errors import OptionError, PrecisionError
from rote.export import onnx
from rote.export.floats import to_float64
from rote.export.runtimes import Outputs, RuntimeRefusal, start
from rote.network import serial
from rote.network.network import Network
from rote.typing import Floats, Integers, Progress, no_progress

__all__ = ["replay"]


def replay(
    source: Network | str | os.PathLike[str],
    data: DataSet,
    *,
    network: Network | None = None,
    runtimes: Sequence[str] = ("onnxruntime",),
    batches: Sequence[int] = (1, 4096),
    limit_batch_1: int | None = 1000,
    progress: Progress = no_progress,
) -> Claim:
    """Run a network in runtimes and compare what they decide with the data.

    Args:
        source: A network, a safetensors file, or an ONNX file, whose own bytes are run.
        data: The points with their labels.
        network: What the file was read as, if it was read with arguments.
        runtimes: Some of :data:`rote.export.runtimes.RUNTIMES`.
        batches: Batch sizes, each in every runtime; a file that allows one batch size only is run
            at that one.
        limit_batch_1: Most points to run at batch size 1: those that came out with the smallest
            margins before. None for all.
        progress: Called as ``progress("replayed", points done, points to do)``.

    Returns:
        The claim ``replayed``, which holds if each runtime decided each point that it ran right.
        Its audit says how many these were, and its margin is the smallest one seen.

    Raises:
        FormatError: The file is not read.
        DataError: The data do not fit the network.
        OptionError: A runtime or a batch size is unknown, or the data are of another task.
        DependencyError: A runtime is not installed.
    """
    if not runtimes or not batches or min(batches) < 1:
        raise OptionError("A replay needs at least one runtime, and batch sizes from 1.")
    try:
        network, content = _opened(source, network)
    except PrecisionError as error:  # there is no file that a runtime could run
        return Claim("replayed", holds=False, available=False, reason=str(error))
    # Large batches first: the smallest margins are then known when batch size 1 comes.
    counts = dict.fromkeys(sorted(set(batches), reverse=True), data.n)
    if 1 in counts and limit_batch_1 is not None:
        counts[1] = max(1, min(limit_batch_1, data.n))
    replayed = _Replay(network, data, progress, len(runtimes) * sum(counts.values()))
    for name in runtimes:
        try:
            replayed.run(name, content, counts)
        except RuntimeRefusal as refusal:
            replayed.reasons.append(f"{name} does not run the network: {refusal}")
    return replayed.claim()


def _opened(
    source: Network | str | os.PathLike[str], network: Network | None
) -> tuple[Network, bytes]:
    """The network, and the file to run."""
    if not isinstance(source, Network) and Path(source).suffix == ".safetensors":
        source = serial.load(source)
    if isinstance(source, Network):
        network = to_float64(source)
        return network, onnx.to_bytes(network)
    network = onnx.load(source) if network is None else network
    return network, Path(source).read_bytes()


class _Replay:
    """Runs the points and collects what was decided."""

    def __init__(self, network: Network, data: DataSet, progress: Progress, total: int) -> None:
        check_fit(network, data)
        self.network = network
        self.data = data
        self.target, self.known = wanted(network, data)
        self.right = np.ones(data.n, np.bool_)
        self.margins = np.full(data.n, np.inf)
        self.audit: dict[str, int] = {}
        self.versions: list[str] = []
        self.reasons: list[str] = []
        self.progress = progress
        self.done = 0
        self.total = total

    def run(self, name: str, content: bytes, counts: dict[int, int]) -> None:
        """Run the points in one runtime, so many of them at each batch size."""
        runtime = start(name, self.network, content)
        self.versions.append(runtime.version)
        points = runtime.points(self.data)
        for size, count in (
            {runtime.batch: self.data.n}.items() if runtime.batch else counts.items()
        ):
            rows = np.sort(np.argsort(self.margins, kind="stable")[:count])
            wrong = 0
            for begin in range(0, count, size):
                batch = rows[begin : begin + size]
                # A file of one batch size gets a point repeated where too few are left.
                filled = np.resize(batch, size) if runtime.batch else batch
                outputs = runtime.run(points[filled])
                wrong += self.note(batch, outputs.first(len(batch)))
                self.done += len(batch)
                self.progress("replayed", min(self.done, self.total), self.total)
            self.audit[f"{name}, batch {size}, points"] = count
            if wrong:
                self.reasons.append(f"{name} at batch size {size} decides {wrong} points wrongly.")

    def note(self, rows: Integers, outputs: Outputs) -> int:
        """Take down what was decided for some points; returns how many are wrong."""
        target, right = self.target[rows], self.known[rows]
        if outputs.codes is not None:
            right &= (outputs.codes == target).reshape(len(rows), -1).all(axis=1)
        if outputs.raw is not None:
            decision = self.network.decision
            values = _Values(outputs.raw.astype(np.float64))
            with np.errstate(over="ignore", invalid="ignore"):  # an output may be infinite
                slack = decision.slack(values, target)
            right &= (slack.entries > 0).all(axis=1)
            least = slack.entries.min(axis=1, initial=np.inf) / decision.slack_per_distance
            least = np.nan_to_num(least, nan=-np.inf, posinf=np.inf, neginf=-np.inf)
            self.margins[rows] = np.minimum(self.margins[rows], least)
        self.right[rows] &= right
        return int(np.count_nonzero(~right))

    def claim(self) -> Claim:
        """What became of the claim."""
        margin = float(self.margins.min())
        return Claim(
            name="replayed",
            holds=bool(self.right.all()) and not self.reasons,
            margin=margin if np.isfinite(margin) else None,
            failures=Failures.of(self.data.rows[~self.right].tolist()),
            reason=" ".join(self.reasons),
            arithmetic=", ".join(self.versions),
            audit=self.audit,
        )


@dataclass(frozen=True, eq=False)
class _Values:
    """Float outputs of shape (n, k) as a decision's vectors; the sign of each sum is exact."""

    entries: Floats

    def take(self, columns: Integers) -> Self:
        return type(self)(np.take_along_axis(self.entries, columns, axis=1))

    def signed(self, sign: Integers) -> Self:
        return type(self)(self.entries * sign)

    def minus(self, other: Self) -> Self:
        return type(self)(self.entries - other.entries)

    def plus_constant(self, constant: Floats) -> Self:
        return type(self)(self.entries + constant)
