"""The tree of departments: shown in one call, changed by one person at a time."""
