"""Corpora and search: from files of papers to ranked passages."""
