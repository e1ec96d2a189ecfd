"""What people agreed to, how they may be reached, and how they are forgotten."""
