#!/usr/bin/env bash
# Usage: scripts/environment.sh LOCK
# Makes .venv where there is none and installs requirements/LOCK.lock into it, by hash, and then this checkout.
# .venv/LOCK.done tells make that it is done.
set -euo pipefail
cd "$(dirname "$0")/.."
lock=$1
python=${PYTHON:-python3}

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "Waystation needs Python 3.11 or newer; $python is not. Type: make PYTHON=/path/to/python3.11 ..." >&2
    exit 1
fi
mkdir -p .venv
exec 9>.venv/.lock
flock 9

if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    scripts/packages.sh python3-venv
    echo "Making the virtual environment .venv"
    "$python" -m venv .venv
fi
echo "Installing requirements/$lock.lock (a minute, once)"
pip=(.venv/bin/python -m pip --disable-pip-version-check --quiet install)
"${pip[@]}" --require-hashes -r "requirements/$lock.lock"
"${pip[@]}" --no-deps --no-build-isolation --editable .
touch ".venv/$lock.done"
