"""Runtimes: programs that run a network, loaded with one and asked for its outputs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from rote.data import DataSet
from rote.errors import OptionError
from rote.network.network import Network
from rote.suggest import did_you_mean
from rote.typing import Array, Codes

__all__ = ["RUNTIMES", "Outputs", "Runtime", "RuntimeRefusal", "start"]

RUNTIMES = ("onnxruntime", "torch")
"""Names of the runtimes."""


class RuntimeRefusal(Exception):  # noqa: N818 (an outcome to report, not an error of the caller's)
    """A runtime does not load or run a network; the message is its own, on one line."""


@dataclass(frozen=True, eq=False)
class Outputs:
    """What a runtime returns for n points.

    Attributes:
        raw: Raw outputs, shape (n, k), or None where it returns only what they decide.
        codes: Codes of the labels that it decides, as the network's decision has them, -1 for one
            that the network does not have; None where it returns raw outputs only.
    """

    raw: Array | None
    codes: Codes | None

    def first(self, count: int) -> Outputs:
        """The outputs for the first points."""
        return Outputs(
            None if self.raw is None else self.raw[:count],
            None if self.codes is None else self.codes[:count],
        )


class Runtime(ABC):
    """A program that has loaded a network.

    Attributes:
        version: Its name and version.
        batch: The only batch size at which it can run the network; None for any.
    """

    version: str
    batch: int | None = None

    @abstractmethod
    def points(self, data: DataSet) -> Array:
        """The points as the network receives them, shape (n, ...)."""

    @abstractmethod
    def run(self, points: Array) -> Outputs:
        """Run one batch.

        Args:
            points: Some of :meth:`points`.

        Returns:
            The outputs.

        Raises:
            RuntimeRefusal: The runtime cannot run the network.
        """


def start(name: str, network: Network, content: bytes) -> Runtime:
    """Load a network into a runtime.

    Args:
        name: One of :data:`RUNTIMES`.
        network: The network.
        content: Its ONNX file.

    Returns:
        The runtime.

    Raises:
        OptionError: There is no such runtime.
        DependencyError: It is not installed.
        RuntimeRefusal: It does not load the network.
    """
    match name:
        case "onnxruntime":
            return OnnxRuntime(network, content)
        case "torch":
            return Torch(network)
    raise OptionError(f"Runtime {name!r} is unknown. {did_you_mean(name, RUNTIMES)}")


@final
class OnnxRuntime(Runtime):
    """onnxruntime on its CPU provider, on one thread and without messages of its own."""

    def __init__(self, network: Network, content: bytes) -> None:
        import onnxruntime

        from rote.export.onnx.read import returned_decision

        self.version = f"onnxruntime {onnxruntime.__version__}"
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        self._run_options = onnxruntime.RunOptions()
        self._run_options.log_severity_level = 4
        try:
            self._session: Any = onnxruntime.InferenceSession(
                content, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # its exceptions have no base of their own
            raise _refusal(error) from None
        given = self._session.get_inputs()[0]
        self._input = given.name
        self._dtype = np.float64 if given.type == "tensor(double)" else np.float32
        self._axes = [size if isinstance(size, int) else -1 for size in given.shape[1:]]
        self.batch = given.shape[0] if isinstance(given.shape[0], int) else None
        labels = network.decision.labels
        self._returned = None if labels is None else returned_decision(content, len(labels))

    def points(self, data: DataSet) -> Array:
        """The points in the shape and type that the file declares."""
        with np.errstate(over="ignore"):
            return data.floats(self._dtype).reshape(data.n, *self._axes)

    def run(self, points: Array) -> Outputs:
        """Raw outputs and labels, as far as the file has them."""
        try:
            values = self._session.run(None, {self._input: points}, self._run_options)
        except Exception as error:
            raise _refusal(error) from None
        raw = codes = None
        for value in values:
            if value.dtype.kind == "f":
                raw = value
            elif self._returned is not None:
                codes = self._returned.codes_of(value)
        return Outputs(raw, codes)


@final
class Torch(Runtime):
    """PyTorch on the CPU, running the module of a network."""

    def __init__(self, network: Network) -> None:
        from rote.export.torch import to_torch

        self._module = to_torch(network)
        import torch

        self._torch = torch
        self.version = f"torch {torch.__version__}"
        self._dtype = np.dtype(network.dtype)
        self._labelled = network.decision.labels is not None

    def points(self, data: DataSet) -> Array:
        """The points in the network's arithmetic."""
        with np.errstate(over="ignore"):
            return data.floats(self._dtype)

    def run(self, points: Array) -> Outputs:
        """Raw outputs and, for classes, codes."""
        given = self._torch.tensor(points)
        with self._torch.no_grad():
            raw = self._module(given).numpy()
        return Outputs(raw, self._module.decide(given).numpy() if self._labelled else None)


def _refusal(error: Exception) -> RuntimeRefusal:
    return RuntimeRefusal(" ".join(str(error).split())[:300])
