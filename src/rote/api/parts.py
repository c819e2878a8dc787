"""Parts of a network file in bytes."""

from __future__ import annotations

from rote.constructions._compact.parts import part_names
from rote.errors import FormatError, PrecisionError
from rote.network import Network

__all__ = ["file_parts"]


def file_parts(network: Network, size: int | None = None) -> dict[str, int]:
    """What the bytes of a network's ONNX file are spent on.

    Args:
        network: The network.
        size: Bytes of the file, if it is not the one that is written by default.

    Returns:
        Bytes of stored numbers by part: of the compact memory ``encoder``, ``hash``, ``one-hot``,
        ``table`` and ``reader``, of other networks ``weights`` in all; and ``container``, which
        is everything else: nodes, names, labels and metadata. Empty if there is no ONNX file, or
        none of that size.
    """
    from rote.export.onnx.write import tensor_bytes

    try:
        total, counts = tensor_bytes(network)
        if size not in {None, total}:
            total, counts = tensor_bytes(network, 13)
    except (PrecisionError, FormatError):
        return {}
    if size not in {None, total}:
        return {}
    compact = network.provenance.construction == "compact"
    names = (part_names(network) if compact else None) or ("weights",) * len(counts)
    parts: dict[str, int] = {}
    for name, count in zip(names, counts, strict=True):
        parts[name] = parts.get(name, 0) + count
    return {**parts, "container": total - sum(counts)}
