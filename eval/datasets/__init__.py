"""Files of questions, judgments and predictions."""
