"""Training: tasks, data, networks, export, and the fit of confidence."""
