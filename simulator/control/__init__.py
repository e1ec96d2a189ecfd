"""How a script drives the simulator: accounts, people, numbers, and forgetting everything."""
