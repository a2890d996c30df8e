"""BioASQ questions as SQuAD, IOB and BEIR files."""
