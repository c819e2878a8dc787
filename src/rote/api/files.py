"""Network files of either form, and the certificate beside them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy.typing as npt

from rote.certify import Certificate
from rote.errors import FormatError, OptionError, PrecisionError
from rote.network import Network, serial
from rote.network.serial import write_whole
from rote.typing import Opset

__all__ = ["certificate_path", "check_target", "file_bytes", "load", "own_certificate", "save"]


def certificate_path(network_path: Path) -> Path:
    """``NET.cert.json`` beside ``NET.onnx``."""
    return network_path.with_suffix(".cert.json")


def file_bytes(network: Network) -> int:
    """Bytes of the network's ONNX file; of its tensors where it has none."""
    from rote.export.onnx.write import to_bytes

    try:
        return len(to_bytes(network))
    except (PrecisionError, FormatError):
        return network.size.stored_bytes or 0


def save(
    network: Network, certificate: Certificate, path: Path, opset: Opset | None = None
) -> Path:
    """Write a network and its certificate.

    Args:
        network: The network.
        certificate: Its certificate.
        path: Ends in ``.onnx`` or ``.safetensors``.
        opset: Version of the operators of an ``.onnx`` file; None for the one that suits it.

    Returns:
        The network file written: ``.safetensors`` instead of ``.onnx`` where the network's
        integers do not fit float64.

    Raises:
        OptionError: Another suffix, or no such folder.
        FormatError: The labels have no form in the file.
        OSError: A file cannot be written.
    """
    from rote.export.onnx.write import to_bytes

    check_target(path)
    if path.suffix == ".onnx":
        try:
            write_whole(path, to_bytes(network, opset))
        except PrecisionError:
            path = path.with_suffix(".safetensors")
    if path.suffix == ".safetensors":
        serial.save(network, path)
    text = json.dumps(certificate.to_json(), indent=1, ensure_ascii=False)
    write_whole(certificate_path(path), f"{text}\n".encode())
    return path


def own_certificate(path: Path, network: Network) -> Certificate | None:
    """The certificate beside a network file, if there is one that is about this network.

    Reading it proves nothing: anyone can write one.

    Args:
        path: The network file.
        network: What the file holds.

    Returns:
        The certificate; None if there is none, or it is about another network.

    Raises:
        FormatError: There is one, but it cannot be read.
        OSError: The same.
    """
    beside = certificate_path(path)
    if not beside.is_file():
        return None
    try:
        certificate = Certificate.from_json(beside.read_bytes())
    except FormatError as error:
        raise FormatError(f"{beside}: {error}") from None
    return certificate if certificate.network == serial.digest(network) else None


def check_target(path: Path) -> None:
    """Raise :class:`OptionError` unless a network could be written there."""
    if path.suffix not in (".onnx", ".safetensors"):
        raise OptionError(f"{path}: a network file ends in .onnx or .safetensors.")
    if path.is_dir() or not path.parent.is_dir():
        raise OptionError(f"{path}: there is no folder for such a file. Name a file in a folder.")


def load(
    path: Path,
    *,
    decision: str | None = None,
    labels: npt.ArrayLike | None = None,
    tolerance: float | None = None,
) -> Network:
    """Read a network from either form.

    Args:
        path: An ONNX or safetensors file.
        decision: How an ONNX file without a label output is read.
        labels: Its labels in the order of their codes.
        tolerance: Largest absolute error of real targets, where the file does not state it.

    Returns:
        The network.

    Raises:
        FormatError: The file cannot be read.
    """
    if path.suffix == ".safetensors":
        return serial.load(path)
    from rote.export.onnx.read import load as load_onnx

    return load_onnx(path, decision=decision, labels=labels, tolerance=tolerance)
