"""Text analysis: sentences, passages and search terms."""
