"""The outbound ledger: intents to send, their sending, and what became of them."""
