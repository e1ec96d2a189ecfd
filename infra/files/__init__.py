"""Bytes under their SHA-256: a port (`Store`) with a folder and an S3 adapter, and how uploads get there.

Nothing here knows whose a file is or what it is called: that is core.files.
"""
