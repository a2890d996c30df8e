"""Retrieval evaluation on BEIR collections and TREC runs."""
