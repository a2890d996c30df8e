"""The index folder: segments, manifest, commits, and the memory they may take."""
