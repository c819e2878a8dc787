"""The main job: from labelled points to a certified network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from rote.api.files import file_bytes
from rote.api.memo import Attempt, Memo
from rote.certify import Certificate, Claim, Failures
from rote.certify import verify as certify
from rote.certify.verify import wanted
from rote.constructions import CATALOGUE, Construction, Theorem, make
from rote.data import DataSet
from rote.errors import AssumptionError, OptionError, PrecisionError
from rote.network import Network, Value
from rote.suggest import did_you_mean
from rote.typing import DType, Progress, Task, no_progress

__all__ = ["Objective", "constructions", "memorize", "memorize_data"]

Objective: TypeAlias = Literal["bytes", "parameters", "neurons", "depth", "total-weight", "latency"]
ClaimName: TypeAlias = Literal["exact", "portable"]


_LAYER_TIME, _WEIGHT_TIME = 800.0, 0.2
"""Nanoseconds that onnxruntime takes for a layer and for a weight of one input, on one core of the
machine that the benchmarks ran on. Ours, measured; only their quotient matters."""


def constructions() -> dict[str, Theorem]:
    """The catalogue: each construction's theorem by its key."""
    return {key: construction.theorem for key, construction in CATALOGUE.items()}


def memorize(
    X: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    construction: str = "auto",
    dtype: DType | None = None,
    objective: Objective = "bytes",
    claim: ClaimName | None = None,
    task: Task | None = None,
    seed: int = 0,
    progress: Progress = no_progress,
    **options: Any,
) -> Memo:
    """Build a network that knows the data by heart, and prove it.

    Args:
        X: Points, shape (n, d).
        y: Class labels or real targets, shape (n,), or (n, k) for several of each point.
        construction: A catalogue key, or ``auto`` for the smallest certified network of all.
        dtype: Arithmetic of the network; by default float32 if that can be certified, else float64.
        objective: What ``auto`` makes smallest: bytes of the ONNX file, parameters, neurons, depth,
            total weight, or an estimate of the time that one input takes.
        claim: What must hold: ``portable`` (the default wherever it can be had) or ``exact``.
        task: ``classes`` or ``real``; by default as in :meth:`rote.data.DataSet.from_arrays`.
        seed: Seed of all randomness.
        progress: Called as ``progress(stage, done, total)``; may raise to stop the work.
        **options: The construction's own options.

    Returns:
        The network with its promised size and its certificate.

    Raises:
        DataError: The data cannot be used.
        AssumptionError: They break a hypothesis of the construction.
        PrecisionError: No arithmetic that was tried can hold the network.
        OptionError: An argument is not understood.
    """
    data = DataSet.from_arrays(X, y, task=task)
    return memorize_data(
        data,
        construction=construction,
        dtype=dtype,
        objective=objective,
        claim=claim,
        seed=seed,
        progress=progress,
        options=options,
    )


def memorize_data(
    data: DataSet,
    *,
    construction: str = "auto",
    dtype: DType | None = None,
    objective: Objective = "bytes",
    claim: ClaimName | None = None,
    seed: int = 0,
    progress: Progress = no_progress,
    options: Mapping[str, Any] | None = None,
) -> Memo:
    """:func:`memorize` for a data set that has been checked; arguments and errors as there."""
    for name, value, known in (
        ("objective", objective, get_args(Objective)),
        ("claim", claim, (None, *get_args(ClaimName))),
        ("dtype", dtype, (None, *get_args(DType))),
    ):
        if value not in known:
            names = [k for k in known if k is not None]
            raise OptionError(f"{name} {value!r} is unknown. {did_you_mean(str(value), names)}")
    if construction == "auto":
        if options:
            raise OptionError(
                f"Option {next(iter(options))!r} belongs to a construction; name one with "
                "construction=KEY, since 'auto' chooses among all."
            )
        candidates = [
            make(key)
            for key, kind in CATALOGUE.items()
            if kind.theorem.most_points is None or data.n <= kind.theorem.most_points
        ]
        if objective == "latency":
            candidates.append(make("compact", shallow=True))
    else:
        candidates = [make(construction, **(options or {}))]
    return _smallest(data, candidates, dtype, objective, claim, seed, progress)


def _smallest(
    data: DataSet,
    candidates: list[Construction],
    dtype: DType | None,
    objective: Objective,
    claim: ClaimName | None,
    seed: int,
    progress: Progress,
) -> Memo:
    """Build all candidates, then certify them from the smallest on until one holds."""
    built: list[tuple[float, Construction, Network]] = []
    attempts: list[Attempt] = []
    errors: list[Exception] = []
    for candidate in candidates:
        for arithmetic in _arithmetics(candidate.theorem, dtype):
            try:
                network = candidate.build(data, dtype=arithmetic, seed=seed, progress=progress)
            except (AssumptionError, OptionError, PrecisionError) as error:
                attempts.append(Attempt(candidate.theorem.key, arithmetic, str(error)))
                errors.append(error)
                continue
            built.append((_price(network, objective), candidate, network))
    # Smooth networks come last unless a claim is named: ``portable`` is not available for them.
    built.sort(key=lambda b: (claim is None and not b[2].piecewise_linear, b[0]))
    for _, candidate, network in built:
        key = candidate.theorem.key
        wrong = [] if claim == "exact" else _wrong_rows(network, data)
        if wrong:  # one evaluation refutes the claim for all; no need to bound them
            errors.append(_precision_error(candidate, network, "portable", Failures.of(wrong)))
            attempts.append(Attempt(key, network.dtype, str(errors[-1])))
            continue
        certificate = certify(network, data, progress=progress)
        if _holds(certificate, claim):
            attempts.append(Attempt(key, network.dtype, "chosen"))
            promised = candidate.promise(data.problem)
            return Memo(network, promised, certificate, data, tuple(attempts))
        failed = _first_failure(certificate, claim)
        errors.append(_precision_error(candidate, network, failed.name, failed.failures))
        attempts.append(Attempt(key, network.dtype, str(errors[-1])))
    if len(candidates) == 1:
        raise errors[-1]
    raise _none_certified(attempts, errors)


def _none_certified(attempts: list[Attempt], errors: list[Exception]) -> PrecisionError:
    """One line for all: what is left to try, and the reason of one."""
    tried = sorted({a.dtype for a in attempts}, key=get_args(DType).index)
    pairs = [p for p in zip(attempts, errors, strict=True) if p[0].dtype == tried[-1]]
    named = [p for p in pairs if getattr(p[1], "rows", ())]
    nearest, error = min(named or pairs, key=lambda pair: len(getattr(pair[1], "rows", ())))
    repair = "" if "exact" in tried else "; use dtype='exact'"
    return PrecisionError(
        f"None of {len({a.construction for a in attempts})} constructions could be certified in "
        f"{' or '.join(tried)}{repair}. For one, {nearest.construction!r}: {error}",
        getattr(error, "rows", ()),
    )


def _arithmetics(theorem: Theorem, dtype: DType | None) -> Iterator[DType]:
    if dtype is not None:
        yield dtype
    else:
        floats = [name for name in theorem.dtypes if name != "exact"]
        yield from floats or theorem.dtypes


def _price(network: Network, objective: Objective) -> float:
    """What the objective asks to be small; infinite where it has no meaning."""
    size = network.size
    if objective == "bytes":
        return file_bytes(network)
    if objective == "latency":
        return _LAYER_TIME * len(network.affine_layers) + _WEIGHT_TIME * (size.parameters or 0)
    price = {
        "parameters": size.parameters,
        "neurons": size.neurons,
        "depth": size.depth,
        "total-weight": size.total_weight,
    }[objective]
    return float("inf") if price is None else price


def _holds(certificate: Certificate, claim: ClaimName | None) -> bool:
    """Whether the certificate is enough: the claim asked for, or the strongest there is."""
    if claim is not None:
        return certificate.holds(claim)
    return certificate.holds("exact") and (
        certificate.holds("portable") or not certificate.claims["portable"].available
    )


def _first_failure(certificate: Certificate, claim: ClaimName | None) -> Claim:
    """The claim that should hold and does not."""
    if claim is not None:
        return certificate.claims[claim]
    return next(c for c in certificate.claims.values() if c.available and not c.holds)


def _wrong_rows(network: Network, data: DataSet) -> list[int]:
    """Rows that one float evaluation decides wrongly."""
    if network.dtype == "exact":
        return []
    raw = network.raw(data.points)
    if isinstance(network.decision, Value):
        right = np.abs(raw - data.target).max(axis=1) < network.decision.tolerance
    else:
        target, known = wanted(network, data)
        equal = network.decision.decide(raw) == target
        right = known & equal.reshape(data.n, -1).all(axis=1)
    return [int(row) for row in data.rows[~right]]


def _precision_error(
    construction: Construction, network: Network, claim: str, failures: Failures
) -> PrecisionError:
    theorem = construction.theorem
    later = theorem.dtypes[theorem.dtypes.index(network.dtype) + 1 :]
    repair = f"Use dtype={later[0]!r}." if later else construction.advice
    return PrecisionError(
        f"{network.dtype} cannot hold construction {theorem.key!r} on these data: the claim "
        f"{claim!r} fails for {failures.describe()}. {repair or 'Use another construction.'}",
        failures.rows,
    )
