"""Answer validation: whether a candidate can be an answer to the question at all."""
