"""The groups of the command line; `app/cli.py` hangs them under `guanxi`."""
