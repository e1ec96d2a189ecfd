"""The control side: accounts, people, and what is known of them."""
