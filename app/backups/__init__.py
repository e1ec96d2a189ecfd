"""Backups: the database as it was at one moment, with the files it refers to and a list to check it by.

Above all contexts, because a backup is of all of them, and because the programs it needs are found by the launcher.
"""
