"""The first day of an account: checks and explains what connecting it needs, reads what it had before."""
