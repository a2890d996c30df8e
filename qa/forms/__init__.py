"""Forms of questions: how a question is worded, and what that demands of its answer."""
