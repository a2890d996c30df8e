"""Speed, memory and growth, beside other libraries."""
