#!/bin/sh
# Removes everything that a command of the Makefile made: data, environment, caches. Stops nothing.

lock=.guanxi/run/supervisor.lock
try='import fcntl, sys; fcntl.flock(open(sys.argv[1]), fcntl.LOCK_EX | fcntl.LOCK_NB)'
if [ -f "$lock" ] && [ -x .venv/bin/python ] && ! .venv/bin/python -c "$try" "$lock" 2>/dev/null; then
    echo "the demo is running (process $(cat "$lock")): stop it first" >&2
    exit 1
fi

# As root, data and programs may lie elsewhere: moved.txt names these folders (see app/launcher/places.py).
find .guanxi .venv/moved.txt -name moved.txt -exec cat {} + 2>/dev/null | while IFS= read -r folder; do
    case $folder in
        */..*) ;;
        /var/tmp/guanxi-?*) rm -rf "$folder" ;;
    esac
done
rm -rf .guanxi .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache build dist ./*.egg-info
rm -rf web/dist web/node_modules web/kit/generated
find . -name .git -prune -o -name node_modules -prune -o -name __pycache__ -type d -exec rm -rf {} +
