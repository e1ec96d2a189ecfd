"""`make demo`: a fan's way through every floor, told against the running system, which then stays up."""
