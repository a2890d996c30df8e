"""Training examples and batches."""
