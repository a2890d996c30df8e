"""Evaluation runs: asking, journaling, scoring, and why an answer was missed."""
