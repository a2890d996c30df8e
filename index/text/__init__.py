"""Text to sentences, passages and terms."""
