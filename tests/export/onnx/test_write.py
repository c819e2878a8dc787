"""ONNX files of Rote's: nothing is lost, any runtime runs them, and they are small."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import scipy.special
from hypothesis import assume, given, reject
from hypothesis import strategies as st
from onnx.reference import ReferenceEvaluator

from foreign import outputs as run
from foreign import returned
from oracles import outputs as exact_outputs
from rote.certify.interval import prove_portable
from rote.errors import FormatError, PrecisionError
from rote.export.onnx import from_bytes, save, to_bytes
from rote.export.onnx.labels import file_labels
from rote.network import (
    Affine,
    ArgMax,
    Bits,
    Columns,
    Decision,
    Nearest,
    Network,
    Provenance,
    Residual,
    Sign,
    Value,
)
from rote.network.activation import (
    GELU,
    HARD_TANH,
    IDENTITY,
    RELU,
    SIGMOID,
    SILU,
    SIN,
    SOFTPLUS,
    TANH,
    THRESHOLD,
    Activation,
    leaky,
    power,
)
from rote.network.serial import digest
from rote.typing import DType, no_progress
from strategies import (
    ALL_ACTIVATIONS,
    FLOAT_DTYPES,
    PIECEWISE_LINEAR,
    decisions,
    finite_floats,
    layer_chains,
    networks,
    points,
    tensors,
)

UNIT = {"float32": 2.0**-24, "float64": 2.0**-53}

SMOOTH_UNITS = 16
"""Largest error of an activation at t in units of max(1, |t|) or of its value. Those of onnxruntime
are within 7 (tanh in float64), those of numpy within 3."""


def written(network: Network) -> bytes:
    """The file of a drawn network, unless its labels look the same in ONNX."""
    try:
        return to_bytes(network)
    except FormatError:
        reject()


def one_unit(activation: Activation, dtype: DType) -> Network:
    layer = Affine(np.ones((1, 1), dtype), np.zeros(1, dtype), activation)
    return Network((layer,), Value(0.5), dtype)


@given(st.data())
def test_a_file_holds_every_bit(data: st.DataObject) -> None:
    dtype = data.draw(st.sampled_from(FLOAT_DTYPES))
    decision, outputs = data.draw(decisions())
    layers = data.draw(
        layer_chains(
            data.draw(st.integers(1, 4)),
            outputs,
            dtype,
            ALL_ACTIVATIONS,
            elements=st.one_of(st.integers(-9, 9).map(float), finite_floats(dtype)),
        )
    )
    network = Network(layers, decision, dtype, Provenance("zhang2017", 7, "d1" * 32))
    content = written(network)
    again = from_bytes(content)
    assert digest(again) == digest(network)
    assert again.provenance == network.provenance
    assert to_bytes(again) == content


@pytest.mark.parametrize("dtype", FLOAT_DTYPES)
@pytest.mark.parametrize("columns", [1, 31])
def test_weights_of_four_bits_take_half_a_byte(dtype: DType, columns: int) -> None:
    rng = np.random.default_rng(columns)
    weight = rng.integers(-8, 8, (columns, 501)).astype(dtype)
    weight[0, :2] = -8, 7
    network = Network((Affine(weight, np.zeros(columns, dtype)),), Value(0.5), dtype)
    content = to_bytes(network)
    assert len(content) < 0.5 * weight.size + 400
    assert onnx.load_from_string(content).opset_import[0].version == 21
    assert digest(from_bytes(content)) == digest(network)
    assert to_bytes(from_bytes(content)) == content
    x = rng.integers(-9, 9, (5, 501)).astype(dtype)
    assert np.array_equal(run(content, x)[0], network.raw(x))
    onnx.checker.check_model(onnx.load_from_string(content))


@pytest.mark.parametrize("dtype", FLOAT_DTYPES)
@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_a_constant_less_all_values_stores_no_matrix(dtype: DType, zero: float) -> None:
    first = Affine(np.ones((40, 3), dtype), np.arange(40).astype(dtype), RELU)
    minus = 0 - np.eye(40, dtype=dtype)
    minus[3, 4] = zero
    second = Affine(minus, np.full(40, 7, dtype), RELU)
    network = Network((first, second), Value(0.5), dtype)
    content = to_bytes(network)
    operators = [node.op_type for node in onnx.load_from_string(content).graph.node]
    assert ("Sub" in operators) == (str(zero) == "0.0")
    assert digest(from_bytes(content)) == digest(network)
    x = np.arange(6).reshape(2, 3).astype(dtype)
    assert np.array_equal(run(content, x)[0], network.raw(x))


@given(st.data())
def test_a_file_is_valid_and_states_its_form(data: st.DataObject) -> None:
    network = data.draw(networks(data.draw(st.sampled_from(FLOAT_DTYPES)), ALL_ACTIVATIONS))
    content = written(network)
    model = onnx.load_from_string(content)
    onnx.checker.check_model(model, full_check=True)
    assert (model.ir_version, model.opset_import[0].version) == (7, 13)
    (x,) = model.graph.input
    names = [value.name for value in model.graph.output]
    assert x.name == "x"
    assert [axis.dim_param or axis.dim_value for axis in x.type.tensor_type.shape.dim] == [
        "batch",
        network.inputs,
    ]
    element = onnx.helper.tensor_dtype_to_np_dtype(x.type.tensor_type.elem_type)
    assert element == network.dtype
    assert names == (["output"] if network.decision.labels is None else ["output", "label"])
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    assert metadata["construction"] == network.provenance.construction
    assert metadata["seed"] == str(network.provenance.seed)
    assert metadata["data"] == network.provenance.data


@given(st.data())
def test_integers_run_without_any_difference(data: st.DataObject) -> None:
    """Sums of small integers and quarters are exact, so every runtime finds the same numbers."""
    dtype = data.draw(st.sampled_from(FLOAT_DTYPES))
    decision, outputs = data.draw(decisions())
    kinds = (IDENTITY, RELU, HARD_TANH, THRESHOLD, leaky(0.25), leaky(0.0))
    small = st.integers(-3, 3).map(float)
    layers = data.draw(layer_chains(3, outputs, dtype, kinds, elements=small))
    network = Network(layers, decision, dtype)
    x = data.draw(tensors((6, 3), dtype, small))
    results = run(written(network), x)
    np.testing.assert_array_equal(results[0], network.raw(x))
    if decision.labels is not None:
        assert results[1].tolist() == returned(decision, decision.decide(network.raw(x)))


@given(st.data())
def test_outputs_lie_within_the_error_bound(data: st.DataObject) -> None:
    dtype = data.draw(st.sampled_from(FLOAT_DTYPES))
    network = data.draw(networks(dtype, PIECEWISE_LINEAR, decision=Value(0.5), outputs=2))
    x = data.draw(points(network.inputs, dtype))
    verdict = prove_portable(network, x, np.zeros((len(x), 2)), no_progress)
    bound = verdict.audit["largest_error"]
    assume(bound is not None)
    (raw,) = run(to_bytes(network), x)
    for point, found in zip(x.tolist(), raw.tolist(), strict=True):
        for exact, value in zip(exact_outputs(network, point), found, strict=True):
            assert abs(Fraction(value) - exact) <= Fraction(bound)


@pytest.mark.parametrize("dtype", FLOAT_DTYPES)
@pytest.mark.parametrize(
    "activation", [TANH, SIGMOID, GELU, SILU, SOFTPLUS, SIN, power(2), power(3)], ids=str
)
def test_smooth_activations_run_in_both_arithmetics(activation: Activation, dtype: DType) -> None:
    largest = 20 if activation.kind != "sin" else 3
    t = np.linspace(-largest, largest, 4001, dtype=dtype)[:, None]
    network = one_unit(activation, dtype)
    (found,) = run(to_bytes(network), t)
    assert found.dtype == dtype
    expected = network.raw(t)
    error = np.abs(found - expected) / np.maximum(np.maximum(1, np.abs(t)), np.abs(expected))
    assert error.max() <= SMOOTH_UNITS * UNIT[dtype]


@pytest.mark.parametrize("dtype", FLOAT_DTYPES)
@pytest.mark.parametrize("activation", ALL_ACTIVATIONS, ids=str)
def test_the_reference_runtime_agrees(activation: Activation, dtype: DType) -> None:
    """ONNX's own evaluator, which is plain numpy, in the place of any other runtime."""
    t = np.linspace(-3, 3, 301, dtype=dtype)[:, None]
    network = one_unit(activation, dtype)
    (found,) = ReferenceEvaluator(to_bytes(network)).run(None, {"x": t})
    assert found.dtype == dtype
    expected = network.raw(t)
    error = np.abs(found - expected) / np.maximum(3, np.abs(expected))
    assert error.max() <= SMOOTH_UNITS * UNIT[dtype]


def test_gelu_in_float64_keeps_its_left_tail() -> None:
    """Relatively up to |t| = sqrt(2) pi / h = 8.9, where the pole crosses; beyond, absolutely."""
    t = np.linspace(-8.8, -1, 101)[:, None]
    (found,) = run(to_bytes(one_unit(GELU, "float64")), t)
    # exp(-t^2/2) carries the rounding of its argument: t^2 / 2 = 39 units at most.
    np.testing.assert_allclose(found, t * scipy.special.ndtr(t), rtol=100 * UNIT["float64"])
    far = np.array([[-700.0], [-1e200], [-0.0], [700.0], [1e200]])
    (found,) = run(to_bytes(one_unit(GELU, "float64")), far)
    np.testing.assert_array_equal(found, np.maximum(far, 0))


@pytest.mark.parametrize("dtype", FLOAT_DTYPES)
@pytest.mark.parametrize(
    "activation", [RELU, HARD_TANH, THRESHOLD, leaky(0.01), leaky(0.0)], ids=str
)
def test_piecewise_linear_activations_run_bit_for_bit(activation: Activation, dtype: DType) -> None:
    tiny = np.finfo(dtype).tiny
    t = np.array([-3, -1, -0.3, -tiny, -0.0, 0.0, tiny, 0.3, 1, 3], dtype)[:, None]
    network = one_unit(activation, dtype)
    (found,) = run(to_bytes(network), t)
    np.testing.assert_array_equal(found, network.raw(t))


DECISIONS: list[tuple[Decision, int]] = [
    (Nearest(np.array(["a"])), 1),
    (Nearest(np.array([3, 1, 2])), 1),
    (Nearest(np.array([False, True])), 1),
    (Sign(np.array(["no", "yes"])), 1),
    (ArgMax(np.array([10, 20, 30])), 3),
    (ArgMax(np.array(["only"])), 1),
    (Bits(np.array([5])), 1),
    (Bits(np.array([5, 6])), 1),
    (Bits(np.arange(4) + 0.5), 2),
    (Bits(np.array(["p", "q", "r"])), 2),
    (Nearest(np.array([["a", "x"], ["a", "y"], ["b", "x"]])), 1),
    (ArgMax(np.array([[1, True], [2, False]], object)), 2),
    (Columns((np.array(["a", "b", "c"]), np.array([7, 8]))), 2),
    (Columns((np.array([0.5]), np.array([False, True]), np.arange(5))), 3),
]


@pytest.mark.parametrize("dtype", FLOAT_DTYPES)
@pytest.mark.parametrize(("decision", "k"), DECISIONS)
def test_labels_are_decided_as_in_python(decision: Decision, k: int, dtype: DType) -> None:
    network = Network((Affine(np.eye(k, dtype=dtype), np.zeros(k, dtype)),), decision, dtype)
    # Edges, their neighbours, ties, and codes beyond the last label.
    values = [-9, -0.0, 0.0, 0.5, np.nextafter(dtype_of(dtype)(0.5), 1), 1, 1.5, 1.6, 2.5, 9]
    grid = np.array(np.meshgrid(*[values] * k)).reshape(k, -1).T.astype(dtype)
    raw, label = run(to_bytes(network), np.ascontiguousarray(grid))
    np.testing.assert_array_equal(raw, grid)
    assert label.tolist() == returned(decision, decision.decide(grid))
    back = from_bytes(to_bytes(network)).decision
    assert type(back) is type(decision)
    assert back.listed == decision.listed
    assert back.label(grid).dtype == decision.label(grid).dtype


@pytest.mark.parametrize("dtype", FLOAT_DTYPES)
def test_no_output_is_out_of_the_bounds_of_a_column(dtype: DType) -> None:
    decision = Columns((np.array(["a", "b", "c"]), np.array([7, 8])))
    network = Network((Affine(np.eye(2, dtype=dtype), np.zeros(2, dtype)),), decision, dtype)
    x = np.array([[np.nan, 0], [1e30, -1e30], [2, np.nan], [-1e30, 1e30]], dtype)
    label = run(to_bytes(network), x)[1].tolist()
    assert label[1::2] == [["c", "7"], ["a", "8"]]
    assert label[0][0] == "a"  # a sum with what is no number is none


def dtype_of(dtype: DType) -> Any:
    return np.dtype(dtype).type


def test_labels_of_no_integral_kind_are_strings() -> None:
    assert file_labels(Nearest(np.array([True, False]))).dtype == np.int64
    assert file_labels(Nearest(np.array([1.0, -2.0]))).tolist() == [1, -2]
    assert file_labels(Nearest(np.array([1.5, -2.0]))).tolist() == ["1.5", "-2.0"]
    assert file_labels(Nearest(np.array([1, "b"], dtype=object))).tolist() == ["1", "b"]
    assert file_labels(Nearest(np.array([2**70, 1], dtype=object))).tolist() == [str(2**70), "1"]


def test_labels_that_look_the_same_are_refused() -> None:
    with pytest.raises(FormatError, match="look the same in ONNX: '1'"):
        file_labels(Nearest(np.array([1, "1"], dtype=object)))


def exact(weight: int, exponent: int) -> Network:
    layer = Affine(np.array([[weight, 2]], object), np.array([-1], object), RELU, exponent)
    return Network((layer, Residual((layer_of_one(),))), Value(0.5), "exact")


def layer_of_one() -> Affine:
    return Affine(np.array([[0]], object), np.array([1], object))


@pytest.mark.parametrize(
    ("weight", "exponent"),
    [(3, 0), (-3, -5), (2**53 - 1, 971), (2**60, -1074), (1, -1074), ((2**53 - 1) << 7, 0)],
)
def test_exact_networks_that_fit_become_float64(weight: int, exponent: int) -> None:
    network = exact(weight, exponent) if exponent < 900 else exact_alone(weight, exponent)
    read = from_bytes(to_bytes(network))
    assert read.dtype == "float64"
    first = read.affine_layers[0].weight[0, 0]
    assert Fraction(float(first)) == Fraction(weight) * Fraction(2) ** exponent


def exact_alone(weight: int, exponent: int) -> Network:
    layer = Affine(np.array([[weight]], object), np.array([0], object), IDENTITY, exponent)
    return Network((layer,), Value(0.5), "exact")


@pytest.mark.parametrize("case", [(2**53 + 1, 0), (1, -1075), (2**53 - 1, 972), (3, -1075)])
def test_exact_networks_that_do_not_fit_are_refused(case: tuple[int, int], tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    with pytest.raises(PrecisionError, match="as safetensors") as caught:
        save(exact_alone(*case), path)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_four_bits_hold_the_same_numbers(dtype: DType) -> None:
    weight = np.random.default_rng(0).integers(-8, 8, (40, 40)).astype(dtype)
    network = Network((Affine(weight, np.zeros(40, dtype)),), Value(0.5), dtype)
    plain, narrow, default = (to_bytes(network, opset) for opset in (13, 21, None))
    assert default == narrow
    assert len(narrow) < 0.7 * len(plain)
    for content in (plain, narrow):
        (layer,) = from_bytes(content).affine_layers
        assert layer.weight.tobytes() == weight.tobytes()
