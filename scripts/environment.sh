#!/bin/sh
# Makes .venv what requirements.lock says, see environment.py; at once done when it is so already.

if [ "$1" != lock ] && .venv/bin/python scripts/environment.py check 2>/dev/null; then exit 0; fi
# Not with .venv's own Python: it may be what has to go.
python=$(sh scripts/python.sh) || exit 1
[ -x .venv/bin/python ] && .venv/bin/python -c '' 2>/dev/null || rm -rf .venv
exec "$python" scripts/environment.py "$@"
