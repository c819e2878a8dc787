"""What every construction is: a theorem, its options, a promised size and a builder."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from rote.data import DataSet, Problem
from rote.errors import AssumptionError, OptionError, PrecisionError
from rote.network import Decision, Layer, Network, Provenance, Size
from rote.network.rescale import for_scaled_inputs
from rote.typing import DType, Integers, Progress, Task, no_progress

__all__ = ["Construction", "Context", "Theorem"]


@dataclass(frozen=True, kw_only=True)
class Theorem:
    """The statement behind a construction, as the catalogue shows it.

    Attributes:
        key: Catalogue key: citation key and a noun, ``yun2019-three-layer``.
        title: A short name.
        statement: What is promised, in one or two sentences, with the paper's letters.
        source: Citation key in ``docs/refs.bib``; the same for our own forms of a result.
        number: Theorem number in the source, or ``ours``.
        tasks: The kinds of labels that it takes.
        activations: Names of the activations that it can use.
        dtypes: Arithmetics that it can be built in.
        hypotheses: What the data must satisfy beyond distinct points, or else be refused or take a
            network larger than promised, in words; empty if nothing.
        most_points: Number of points up to which ``auto`` tries the construction, where building
            takes more than linear time; None if it tries always.
        tight: Whether the measured size equals the promise in every promised quantity (else it is
            at most the promise).
        skips: Whether connections skip layers: then its widths do not make it a part of the fully
            connected network of the same widths.
    """

    key: str
    title: str
    statement: str
    source: str
    number: str
    tasks: tuple[Task, ...]
    activations: tuple[str, ...]
    dtypes: tuple[DType, ...] = ("float32", "float64")
    hypotheses: tuple[str, ...] = ()
    most_points: int | None = None
    tight: bool = False
    skips: bool = False


@dataclass(frozen=True)
class Context:
    """What a builder is given besides the data.

    Attributes:
        dtype: Arithmetic of the network; the points already hold values of it.
        rng: The only source of randomness.
        progress: Called as ``progress(stage, done, total)``.
    """

    dtype: DType
    rng: np.random.Generator
    progress: Progress


class Construction(ABC):
    """An algorithm from a data set to a network, with the theorem that promises its size.

    A subclass is a final frozen dataclass whose fields are the construction's options, each with a
    default. Laws, for every data set that satisfies the hypotheses::

        network = construction.build(data, dtype=dtype, seed=seed)
        not network.size.exceeds(construction.promise(data.problem))
        network.predict(data.points) == labels          # without rounding; floats need a proof
        a second build with the same seed gives the same bytes

    Data that break a hypothesis are refused by :class:`AssumptionError`, or take a network that may
    be larger than promised.
    """

    theorem: ClassVar[Theorem]

    @property
    def advice(self) -> str:
        """What other options to try where rounding is too much; a sentence, or empty."""
        return ""

    @abstractmethod
    def promise(self, problem: Problem) -> Size:
        """The size that the theorem promises with these options.

        Args:
            problem: Number of points, features, classes or outputs, separation if known.

        Returns:
            The promised quantities; ``None`` where the theorem is silent.

        Raises:
            AssumptionError: If the options cannot hold a problem of this size.
        """

    @abstractmethod
    def layers(self, data: DataSet, context: Context) -> tuple[tuple[Layer, ...], Decision]:
        """Build the layers.

        Args:
            data: Points in the dtype of the network.
            context: Arithmetic, randomness, progress.

        Returns:
            The layers, and the decision that reads their output.

        Raises:
            AssumptionError: If the data break a hypothesis; it names the witness.
            PrecisionError: If the arithmetic cannot hold the network.
        """

    @final
    def build(
        self,
        data: DataSet,
        *,
        dtype: DType = "float64",
        seed: int = 0,
        progress: Progress = no_progress,
    ) -> Network:
        """Build the network; nothing is certified yet.

        Args:
            data: The data set.
            dtype: Arithmetic of the network.
            seed: Seed of all randomness; the same seed gives the same network.
            progress: Called as ``progress(stage, done, total)``.

        Returns:
            The network.

        Raises:
            AssumptionError: If the construction does not apply to the data.
            PrecisionError: If the arithmetic cannot hold the data or the network.
            OptionError: If the arithmetic is not one of the theorem's.
        """
        self.check_applies(data.problem, dtype)
        context = Context(dtype, np.random.default_rng(seed), progress)
        if dtype == "exact":
            layers, decision = self.layers(data, context)
        else:
            layers, decision = self._float_layers(data.rounded(dtype), context)
        provenance = Provenance(self.theorem.key, seed, data.digest)
        return Network(layers, decision, dtype, provenance)

    def _float_layers(self, data: DataSet, context: Context) -> tuple[tuple[Layer, ...], Decision]:
        """Build on features of moderate size, whose powers of two then go into the weights."""
        exponents = _excess(data, context.dtype)
        try:
            with np.errstate(over="raise", divide="raise", invalid="raise"):
                if not exponents.any():
                    return self.layers(data, context)
                layers, decision = self.layers(data.scaled(-exponents), context)
        except (FloatingPointError, OverflowError) as error:
            raise PrecisionError(
                f"Construction {self.theorem.key!r} overflows on these data in {context.dtype}. "
                "Rescale the features and the targets."
            ) from error
        return for_scaled_inputs(layers, exponents), decision

    @final
    def check_applies(self, problem: Problem, dtype: DType) -> None:
        """Raise unless the theorem takes this kind of labels and this arithmetic."""
        theorem = self.theorem
        task: Task = "real" if problem.classes is None else "classes"
        if task not in theorem.tasks:
            wanted = " or ".join(
                {"classes": "class labels", "real": "real targets"}[t] for t in theorem.tasks
            )
            raise AssumptionError(f"Construction {theorem.key!r} takes {wanted} only.")
        if dtype not in theorem.dtypes:
            raise OptionError(
                f"Construction {theorem.key!r} builds {', '.join(theorem.dtypes)}, not {dtype}."
            )


_MODERATE = {"float32": 30, "float64": 250}
"""Powers of two up to which a construction may square and divide features freely. Ours."""


def _excess(data: DataSet, dtype: DType) -> Integers:
    """The power of two of each feature whose largest value is not moderate, shape (d,); else 0."""
    exponents: Integers = np.frexp(np.abs(data.points).max(axis=0).astype(np.float64))[1]
    exponents = exponents.astype(np.int64)
    exponents[np.abs(exponents) <= _MODERATE[dtype]] = 0
    if exponents.any():
        with np.errstate(under="ignore"):
            back = np.ldexp(np.ldexp(data.points, -exponents), exponents)
        exponents[(back != data.points).any(axis=0)] = 0  # so far apart that small ones underflow
    return exponents
