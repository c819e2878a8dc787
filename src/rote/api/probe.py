"""Probing: how many labels a given model can reach near its own weights."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rote.api.files import load
from rote.network import Network
from rote.typing import Progress, no_progress

if TYPE_CHECKING:
    from torch import nn

    from rote.capacity.probe import Probe

__all__ = ["probe"]


def probe(
    module: nn.Module | Network | str | Path, inputs: Any, *, progress: Progress = no_progress
) -> Probe:
    """The rank of a model's Jacobian at its own weights: its local capacity.

    Where the rows of n points are independent, all real labels near the model's own outputs can be
    reached by a small change of its parameters. Where rows are left over, no choice of labels
    beyond the rank can. Needs the extra ``torch``.

    Args:
        module: A PyTorch module that treats the inputs of a batch independently; or a network, or a
            network file in ONNX or Rote's own form. A module is copied, to float64.
        inputs: Points, shape (n, ...), as an array or a tensor. Take more than the capacity
            expected; the work grows with the cube of n times the outputs.
        progress: Called as ``progress(stage, done, total)``.

    Returns:
        The rank, whether it is complete and clear, and a theorem's upper bound.

    Raises:
        OptionError: The module's outputs are not one row of floats for each input, or depend on no
            parameter.
        DependencyError: PyTorch is not installed.
        FormatError: The file cannot be read.
    """
    from rote.export.torch import to_torch  # says which extra is missing, if it is

    if isinstance(module, str | Path):
        module = load(Path(module))
    if isinstance(module, Network):
        module = to_torch(module)
    from rote.capacity.probe import probe_module

    return probe_module(module, inputs, progress)
