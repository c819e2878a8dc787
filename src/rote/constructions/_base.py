"""What every construction is: a theorem, its options, a promised size and a builder."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from rote.data import DataSet, Problem
from rote.errors import AssumptionError, OptionError
from rote.network import Decision, Layer, Network, Provenance, Size
from rote.typing import DType, Progress, Task, no_progress

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
        hypotheses: What the data must satisfy beyond distinct points, in words; empty if nothing.
        most_points: Number of points up to which ``auto`` tries the construction, where building
            takes more than linear time; None if it tries always.
        tight: Whether the measured size equals the promise in every promised quantity (else it is
            at most the promise).
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
        network.predict(data.points) == labels          # unless PrecisionError was raised
        a second build with the same seed gives the same bytes
    """

    theorem: ClassVar[Theorem]

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
        given = data if dtype == "exact" else data.rounded(dtype)
        layers, decision = self.layers(given, Context(dtype, np.random.default_rng(seed), progress))
        provenance = Provenance(self.theorem.key, seed, data.digest)
        return Network(layers, decision, dtype, provenance)

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
