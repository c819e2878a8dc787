"""ONNX: networks written as files that any runtime runs, and read back from them."""

from rote.export.onnx.read import from_bytes as from_bytes
from rote.export.onnx.read import load as load
from rote.export.onnx.write import save as save
from rote.export.onnx.write import to_bytes as to_bytes
