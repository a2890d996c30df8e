"""The trip of a question: type, retrieval, reading, merging, confidence, and the command line."""
