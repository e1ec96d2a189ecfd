"""What an account sends: customer-service messages, templates, notices, mass messages, and their files."""
