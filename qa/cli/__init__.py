"""The command line: the `bioqa` group, `ask`, `search`, `doctor`, and how results look."""
