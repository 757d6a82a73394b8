#!/bin/sh
# Build the virtual environment: setup.sh PYTHON VENV. Needs no root; says plainly what is lacking.
set -eu
python=$1
venv=$2
if [ -z "$python" ]; then
    echo "Python 3.11 or newer is needed (Debian: apt-get install python3 python3-venv)." >&2
    exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    echo "Python's venv module is needed (Debian: apt-get install python3-venv)." >&2
    exit 1
fi
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
# the pinned versions are those that the tests ran with
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
