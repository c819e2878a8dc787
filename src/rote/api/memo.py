"""The result of the main job: a certified network with its promised and measured sizes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from rote.api.files import save
from rote.certify import Certificate
from rote.data import DataSet
from rote.network import Network, Size
from rote.typing import Array, DType, Opset, Progress, no_progress

if TYPE_CHECKING:
    from torch import nn

__all__ = ["Attempt", "Memo"]


@dataclass(frozen=True)
class Attempt:
    """One network that was considered, and what became of it.

    Attributes:
        construction: Catalogue key.
        dtype: Arithmetic tried.
        outcome: Why it was passed over, in words, or ``chosen``.
    """

    construction: str
    dtype: DType
    outcome: str


@dataclass(frozen=True, eq=False)
class Memo:
    """A certified network that knows a data set by heart.

    Attributes:
        network: The network.
        promised: The size that the theorem promises.
        certificate: What was proved of it.
        data: The data set, checked and merged.
        attempts: What was tried, in order; the last entry is the network itself.
    """

    network: Network
    promised: Size
    certificate: Certificate
    data: DataSet
    attempts: tuple[Attempt, ...]

    @property
    def size(self) -> Size:
        """The measured size."""
        return self.network.size

    @property
    def construction(self) -> str:
        """Catalogue key of the construction."""
        return self.network.provenance.construction

    def predict(self, X: npt.ArrayLike) -> Array:
        """Decided labels or real targets, shape (n,), or (n, k) for k > 1 of each point.

        Args:
            X: Points, shape (n, d).

        Returns:
            Labels in their original type (dtype object where columns have different ones), or
            float targets.
        """
        points = np.asarray(X)
        if self.network.dtype == "exact":
            from rote.network.exact import predict_exact

            decided = predict_exact(self.network, points)
        else:
            decided = self.network.predict(points)
        return decided[:, 0] if decided.ndim == 2 and decided.shape[1] == 1 else decided

    def replayed(self, *, progress: Progress = no_progress) -> Memo:
        """This memo with the claim ``replayed`` added: the ONNX file run in onnxruntime.

        Args:
            progress: Called as ``progress(stage, done, total)``.

        Returns:
            The same network with a longer certificate.
        """
        from rote.export.replay import replay

        claim = replay(self.network, self.data, progress=progress)
        claims = self.certificate.claims | {claim.name: claim}
        return replace(self, certificate=replace(self.certificate, claims=claims))

    def save(self, path: str | Path, *, opset: Opset | None = None) -> Path:
        """Write the network, and its certificate beside it as ``NAME.cert.json``.

        Args:
            path: Ends in ``.onnx``, or in ``.safetensors`` for Rote's own form.
            opset: Version of the operators of an ``.onnx`` file: 13 for any runtime, 21 for weights
                of four bits; by default 21 where that makes the file smaller by a fiftieth.

        Returns:
            The network file written: ``.safetensors`` instead of ``.onnx`` where the network's
            integers do not fit float64.
        """
        return save(self.network, self.certificate, Path(path), opset)

    def to_torch(self) -> nn.Module:
        """The network as a PyTorch module with the same weights; needs the extra ``torch``."""
        from rote.export.torch import to_torch

        return to_torch(self.network)
