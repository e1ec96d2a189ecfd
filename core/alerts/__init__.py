"""What an operator has to see to, for administrators; any part raises alerts through `infra.alerts`."""
