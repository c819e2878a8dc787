"""Packing tensors into eight bits, and their size."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rote.network.storage import integer_bytes, pack, stored_bytes
from strategies import FLOAT_DTYPES, finite_floats, tensors


@st.composite
def packable(draw: st.DrawFn) -> np.ndarray:
    """Small integers times a power of two, in a float dtype."""
    dtype = draw(st.sampled_from(FLOAT_DTYPES))
    lowest, highest = (-149, 120) if dtype == "float32" else (-1074, 1015)
    low, high = draw(st.sampled_from([(-128, 127), (0, 255), (-1, 1)]))
    integers = draw(st.lists(st.integers(low, high), min_size=1, max_size=6))
    exponent = draw(st.integers(lowest, highest))
    return np.ldexp(np.array(integers, np.float64), exponent).astype(dtype)


@given(packable())
def test_small_integers_times_a_power_of_two_are_packed(tensor: np.ndarray) -> None:
    packed = pack(tensor)
    assert packed is not None
    assert packed.values.dtype in (np.int8, np.uint8)
    assert packed.values.shape == tensor.shape
    back = (
        [int(v) * 2**packed.exponent for v in packed.values]
        if packed.exponent >= 0
        else [np.ldexp(float(v), packed.exponent) for v in packed.values]
    )
    assert back == tensor.tolist()
    assert stored_bytes(tensor) == tensor.size


@pytest.mark.parametrize("dtype", FLOAT_DTYPES)
@given(st.data())
def test_packing_loses_nothing(dtype: str, data: st.DataObject) -> None:
    entries = st.one_of(finite_floats(dtype), st.sampled_from([0.0, -0.0, 1.0, 127.0, 128.0, -1.0]))
    tensor = data.draw(tensors((4,), dtype, entries))
    packed = pack(tensor)
    if packed is None:
        assert stored_bytes(tensor) == tensor.nbytes
        return
    back = np.ldexp(packed.values.astype(np.float64), packed.exponent).astype(dtype)
    assert back.tobytes() == tensor.tobytes()


@pytest.mark.parametrize(
    "values",
    [
        [256.0, 1.0],
        [-129.0, 1.0],
        [-1.0, 128.0],
        [1.0, 2.0**-8],
        [-0.0],
        [0.0, -0.0],
        [1.0, -0.0],
        [1e308, 5e-324],
        [0.1],
    ],
)
def test_more_than_eight_bits_or_a_negative_zero_are_not_packed(values: list[float]) -> None:
    assert pack(np.array(values)) is None


def test_zeros() -> None:
    packed = pack(np.zeros((2, 3), np.float32))
    assert packed is not None
    assert (packed.values.tolist(), packed.exponent) == ([[0] * 3] * 2, 0)


@pytest.mark.parametrize("place", [0, 4095, 4096, 9999])
def test_one_entry_of_a_large_tensor_decides(place: int) -> None:
    tensor = np.resize(np.arange(-100.0, 100.0), 10000)
    packed = pack(tensor.reshape(100, 100))
    assert packed is not None
    assert np.array_equal(packed.values.ravel(), tensor)
    tensor[place] += 1e-9
    assert pack(tensor) is None


@given(st.lists(st.integers(-(2**70), 2**70), min_size=1, max_size=5))
def test_integer_bytes_is_the_least_width(values: list[int]) -> None:
    tensor = np.array(values, dtype=object)
    width = integer_bytes(tensor)
    for v in values:
        assert int.from_bytes(v.to_bytes(width, "little", signed=True), "little", signed=True) == v
    if width > 1:
        with pytest.raises(OverflowError):
            [v.to_bytes(width - 1, "little", signed=True) for v in values]
    assert stored_bytes(tensor) == len(values) * width


@pytest.mark.parametrize(("value", "width"), [(0, 1), (127, 1), (-128, 1), (128, 2), (-129, 2)])
def test_widths_of_integers(value: int, width: int) -> None:
    assert integer_bytes(np.array([value], dtype=object)) == width
