"""The composition root: the one list of contexts, the command line, and what `make demo` runs."""
