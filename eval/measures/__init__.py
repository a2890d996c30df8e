"""Measures of the literature, each beside its source."""
