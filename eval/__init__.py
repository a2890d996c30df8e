"""Measuring: BioASQ questions asked of an index, and the scores of what comes back."""
