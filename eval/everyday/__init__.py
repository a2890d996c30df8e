"""Everyday questions and minimal pairs: right, silent or wrong with confidence."""
