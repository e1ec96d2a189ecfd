"""Roles (角色): the ready-made ones, and those that administrators compose of operation points, scope and rights."""
