"""What an account's server asks the platform (credentials, codes, users, menus, log-in), and trouble with it."""
