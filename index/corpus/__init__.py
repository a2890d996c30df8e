"""Readers of corpus formats: bytes in, records out."""
