"""Comparing constructions: build all that apply, certify, and put the sizes side by side."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import numpy.typing as npt

from rote.api.build import memorize_data
from rote.api.memo import Memo
from rote.constructions import CATALOGUE, make
from rote.data import DataSet
from rote.errors import AssumptionError, OptionError, PrecisionError
from rote.network import Size
from rote.typing import DType, Progress, Task, no_progress

__all__ = ["Compared", "compare", "compare_data"]


@dataclass(frozen=True)
class Compared:
    """What became of one construction.

    Attributes:
        construction: Catalogue key.
        refused: Why there is no certified network, in words; None if there is one.
        seconds: Time for building and certifying.
        dtype: Arithmetic of the network.
        claim: The strongest claim that was proved: ``portable``, or ``exact``.
        margin: Distance of the worst point from a wrong decision, under that claim.
        promised: The size that the theorem promises.
        size: The measured size.
        bits_per_parameter: Bits of the labels' information for each stored parameter; None for
            real labels.
        bytes_over_limit: Stored bytes over the information limit; None for real labels.
    """

    construction: str
    refused: str | None
    seconds: float
    dtype: DType | None = None
    claim: str | None = None
    margin: float | None = None
    promised: Size | None = None
    size: Size | None = None
    bits_per_parameter: float | None = None
    bytes_over_limit: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Everything as plain values."""
        return asdict(self)


def compare(
    X: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    constructions: Sequence[str] | None = None,
    dtype: DType | None = None,
    task: Task | None = None,
    seed: int = 0,
    time_limit: float | None = None,
    progress: Progress = no_progress,
) -> list[Compared]:
    """Build and certify a network by every construction, and compare their sizes.

    Args:
        X: Points, shape (n, d).
        y: Class labels or real targets, shape (n,), or (n, k) for several of each point.
        constructions: Catalogue keys; by default all, the slow ones for few points only.
        dtype: Arithmetic of the networks; by default the shortest that can be certified.
        task: ``classes`` or ``real``; by default as in :meth:`rote.data.DataSet.from_arrays`.
        seed: Seed of all randomness.
        time_limit: Seconds after which a construction is given up; none by default. It is kept in
            the main thread; in others only where a construction reports progress.
        progress: Called as ``progress(stage, done, total)``.

    Returns:
        One entry for each construction, failures with their reasons among them.

    Raises:
        DataError: The data cannot be used.
        OptionError: An argument is not understood.
    """
    data = DataSet.from_arrays(X, y, task=task)
    return list(
        compare_data(
            data,
            constructions=constructions,
            dtype=dtype,
            seed=seed,
            time_limit=time_limit,
            progress=progress,
        )
    )


def compare_data(
    data: DataSet,
    *,
    constructions: Sequence[str] | None = None,
    dtype: DType | None = None,
    seed: int = 0,
    time_limit: float | None = None,
    progress: Progress = no_progress,
) -> Iterator[Compared]:
    """:func:`compare` for a checked data set, one construction at a time.

    Args:
        data: The data set.
        constructions: As for :func:`compare`.
        dtype: As for :func:`compare`.
        seed: As for :func:`compare`.
        time_limit: As for :func:`compare`.
        progress: As for :func:`compare`.

    Yields:
        What became of each construction, as soon as it is known.

    Raises:
        OptionError: An argument is not understood.
    """
    if time_limit is not None and not time_limit > 0:
        raise OptionError(f"time_limit must be positive, not {time_limit}.")
    for key in constructions or ():
        make(key)
    for key in constructions or CATALOGUE:
        most = CATALOGUE[key].theorem.most_points
        if constructions is None and most is not None and data.n > most:
            yield Compared(key, f"slow beyond {most} points; it is built if it is named", 0.0)
            continue
        start = time.perf_counter()
        try:
            with _limited(time_limit, progress) as watched:
                memo = memorize_data(
                    data, construction=key, dtype=dtype, seed=seed, progress=watched
                )
        except (AssumptionError, PrecisionError, OptionError, _OutOfTimeError) as error:
            yield Compared(key, str(error), time.perf_counter() - start)
            continue
        yield _compared(memo, time.perf_counter() - start)


def _compared(memo: Memo, seconds: float) -> Compared:
    claims = memo.certificate.claims
    name = "portable" if memo.certificate.holds("portable") else "exact"
    bits, parameters = memo.data.information_bits, memo.size.parameters
    stored = memo.size.stored_bytes
    known = 0 < bits < math.inf
    return Compared(
        memo.construction,
        None,
        seconds,
        memo.network.dtype,
        name,
        claims[name].margin,
        memo.promised,
        memo.size,
        bits / parameters if known and parameters else None,
        8 * stored / bits if known and stored is not None else None,
    )


class _OutOfTimeError(Exception):
    """The time for one construction is over."""


@contextmanager
def _limited(seconds: float | None, progress: Progress) -> Iterator[Progress]:
    """Progress that raises once the time is over; in the main thread a timer raises as well."""
    if seconds is None:
        yield progress
        return
    message, end = f"given up after {seconds:g} s", time.monotonic() + seconds

    def watched(stage: str, done: int, total: int) -> None:
        if time.monotonic() > end:
            raise _OutOfTimeError(message)
        progress(stage, done, total)

    def ring(*_: object) -> None:
        raise _OutOfTimeError(message)

    if threading.current_thread() is not threading.main_thread() or not hasattr(
        signal, "setitimer"
    ):
        yield watched
        return
    with _alarm(ring, seconds):
        yield watched


@contextmanager
def _alarm(ring: Callable[..., None], seconds: float) -> Iterator[None]:
    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
