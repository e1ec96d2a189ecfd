"""小程序: what only the mini-program can do (login, phone binding, member codes). Empty so far."""
