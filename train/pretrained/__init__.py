"""Pretrained models from folders, names and hubs."""
