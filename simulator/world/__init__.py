"""What the platform remembers, also of people (windows, screens, openids), its clock, its numbers, its errors."""
