"""What people do with their phones."""
