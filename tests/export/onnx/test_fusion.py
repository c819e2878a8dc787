"""Small integers in files: runtimes must not fuse their widening into products that round."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest

from rote.export.onnx import to_bytes
from rote.network import Affine, Network, Value


@pytest.mark.parametrize("exponent", [-7, 0, 4])
def test_runtimes_do_not_round_packed_products(exponent: int) -> None:
    rng = np.random.default_rng(0)
    weight = np.ldexp(rng.integers(-128, 128, (100, 76)), exponent).astype(np.float32)
    network = Network((Affine(weight, np.zeros(100, np.float32)),), Value(1.0), "float32")
    session = onnxruntime.InferenceSession(to_bytes(network), providers=["CPUExecutionProvider"])
    x = rng.integers(0, 200, (30, 76)).astype(np.float32)
    assert np.array_equal(session.run(["output"], {"x": x})[0], x @ weight.T)
