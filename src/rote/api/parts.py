"""Parts of a network file in bytes."""

from __future__ import annotations

from rote.constructions._compact.parts import part_names
from rote.errors import FormatError, PrecisionError
from rote.network import Network

__all__ = ["file_parts"]


def file_parts(network: Network) -> dict[str, int]:
    """What the bytes of a network's ONNX file are spent on.

    Args:
        network: The network.

    Returns:
        Bytes of stored numbers by part: of the compact memory ``encoder``, ``hash``, ``one-hot``,
        ``table`` and ``reader``, of other networks ``weights`` in all; and ``container``, which
        is everything else: nodes, names, labels and metadata. Empty if there is no ONNX file.
    """
    from rote.export.onnx.write import tensor_bytes

    try:
        total, counts = tensor_bytes(network)
    except (PrecisionError, FormatError):
        return {}
    compact = network.provenance.construction == "compact"
    names = (part_names(network) if compact else None) or ("weights",) * len(counts)
    parts: dict[str, int] = {}
    for name, count in zip(names, counts, strict=True):
        parts[name] = parts.get(name, 0) + count
    return {**parts, "container": total - sum(counts)}
