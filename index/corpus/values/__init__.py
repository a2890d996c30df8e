"""What fields of papers hold, whatever the format: text, names, abstracts, statuses, years."""
