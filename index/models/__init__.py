"""Model folders and the one door to ONNX Runtime."""
