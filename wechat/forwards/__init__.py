"""Raw pushes handed on to another system."""
