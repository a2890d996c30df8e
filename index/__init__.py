"""Corpora in, passages out: readers of PubMed files, the index folder, and search over it."""
