"""Building and updating an index from corpus files."""
