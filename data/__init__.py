"""What ships inside bioqa: the starter passages and questions, and the models with their cards."""
