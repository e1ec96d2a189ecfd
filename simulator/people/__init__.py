"""What people do with their phones, and what they see there."""
