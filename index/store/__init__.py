"""The index folder: segments, manifest, commits, and memory planning."""
