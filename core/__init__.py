"""The shared business core: one folder per part, each with the same file names."""
