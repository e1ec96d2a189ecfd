"""Rights: which operation points each ready-made role holds. Roles that an administrator composes come later."""
