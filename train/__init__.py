"""Training, calibrating and exporting models."""
