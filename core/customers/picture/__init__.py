"""The whole picture of a customer in one call, in the layout of the one who looks."""
