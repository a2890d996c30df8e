"""Model folders and inference with ONNX Runtime."""
