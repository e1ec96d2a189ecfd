"""Posts: what people are in a department."""
