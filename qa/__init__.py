"""Question answering: question analysis, reading, aggregation, confidence, and the command line."""
