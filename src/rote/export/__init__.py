"""Export: networks as ONNX files and PyTorch modules, back from them, and replayed in runtimes."""
