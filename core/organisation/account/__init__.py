"""A colleague's account: log-in, sessions, password, second factor, own profile; and what administrators do to it."""
