"""Rights: operation points, data scopes, special rights, and the ready-made roles made of them."""
