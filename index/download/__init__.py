"""Verified, resumable downloads from NLM's server and model hubs."""
