"""Readers of corpus formats, which turn byte streams into records."""
