#!/bin/sh
# Prints a Python of at least 3.11 that can make virtual environments; says what is missing when there is none.
# $PYTHON, if set, is asked first.

bare=
for candidate in "$PYTHON" python3 python3.14 python3.13 python3.12 python3.11; do
    [ -n "$candidate" ] || continue
    "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
    if "$candidate" -c 'import ensurepip, venv' 2>/dev/null; then
        echo "$candidate"
        exit 0
    fi
    bare=$candidate
done

if [ -n "$bare" ]; then
    echo "$bare cannot make virtual environments. On Debian and Ubuntu:" >&2
else
    echo "Python 3.11 or newer is needed (PYTHON=/path/to/python3 names one). On Debian and Ubuntu:" >&2
fi
echo "    sudo apt-get install -y python3-venv make" >&2
exit 1
