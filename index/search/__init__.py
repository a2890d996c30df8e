"""BM25, vectors, and both fused into one ranking."""
