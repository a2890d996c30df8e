"""Evaluation: gold files, measures, runs, reports, conversions and benchmarks."""
