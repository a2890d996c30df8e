"""Training tasks: each has a model, batches, a loss and an evaluation."""
