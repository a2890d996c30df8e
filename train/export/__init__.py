"""Trained models as ONNX folders, quantized and compared."""
