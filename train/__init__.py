"""Making models: export to the inference format, fitting of confidence, training."""
