"""ONNX files that PyTorch exports."""

from __future__ import annotations

import io
import warnings

import numpy as np
import pytest
import torch
from torch import nn

from foreign import outputs, random
from rote.export.onnx import from_bytes
from rote.export.torch import from_torch
from rote.network.serial import digest


class Shifted(nn.Module):
    """x + body(x)."""

    def __init__(self, *body: nn.Module) -> None:
        super().__init__()
        self.body = nn.Sequential(*body)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.body(x)


class Viewed(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.view(-1, 12)


def exported(module: nn.Module, x: torch.Tensor) -> bytes:
    """What PyTorch's exporter makes of a module."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(),
            (x,),
            buffer,
            dynamo=False,
            input_names=["x"],
            dynamic_axes={"x": {0: "n"}},
        )
    return buffer.getvalue()


ACTIVATIONS = [
    nn.ReLU(), nn.LeakyReLU(0.1), nn.Hardtanh(), nn.Tanh(), nn.Sigmoid(), nn.GELU(), nn.SiLU(),
    nn.Softplus(),
]  # fmt: skip


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=lambda m: type(m).__name__)
def test_what_pytorch_exports_is_read_with_the_same_bits(activation: nn.Module) -> None:
    torch.manual_seed(0)
    module = nn.Sequential(
        nn.Flatten(),
        nn.Linear(3, 5),
        activation,
        nn.Dropout(0.3),
        nn.Linear(5, 4, bias=False),
        activation,
        nn.Identity(),
        nn.Linear(4, 2),
    ).eval()
    content = exported(module, torch.zeros(2, 3))
    network = from_bytes(content)
    assert digest(network) == digest(from_torch(module))
    x = random(50, 3)
    expected = module(torch.tensor(x)).detach().numpy()
    np.testing.assert_allclose(network.raw(x), expected, rtol=0, atol=1e-6)
    np.testing.assert_allclose(outputs(content, x)[0], expected, rtol=0, atol=1e-6)


def test_pytorch_blocks_and_images_are_read() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(
        nn.Flatten(),
        nn.Linear(12, 4),
        Shifted(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 4)),
        nn.ReLU(),
        Shifted(nn.ReLU(), nn.Linear(4, 4)),
        nn.Linear(4, 3),
    )
    x = torch.randn(9, 1, 3, 4)
    content = exported(module, x)
    network = from_bytes(content)
    kinds = [type(layer).__name__ for layer in network.layers]
    # An activation right after a block, or at the start of one, gets a layer of its own.
    assert kinds == ["Affine", "Residual", "Affine", "Residual", "Affine"]
    assert network.inputs == 12
    raw = network.raw(x.numpy().reshape(9, 12))
    np.testing.assert_allclose(raw, module(x).detach().numpy(), rtol=0, atol=1e-6)


def test_a_view_is_read() -> None:
    module = nn.Sequential(Viewed(), nn.Linear(12, 2))
    network = from_bytes(exported(module, torch.zeros(5, 3, 4)))
    assert (network.inputs, network.outputs) == (12, 2)


def test_exported_float64_is_read() -> None:
    module = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)).double()
    network = from_bytes(exported(module, torch.zeros(2, 3, dtype=torch.float64)))
    assert network.dtype == "float64"
    assert digest(network) == digest(from_torch(module))
