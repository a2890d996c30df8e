"""Measuring answers and retrieval."""
