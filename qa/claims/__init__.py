"""Claims of yes/no questions held against sentences: what excludes what, and who acts on whom."""
