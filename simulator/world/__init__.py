"""What the platform remembers, its clock, its numbers and its errors."""
