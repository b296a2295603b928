#!/usr/bin/env bash
# Usage: scripts/lock.sh [--upgrade]
# Writes requirements/*.lock: one for developers, and one for each machine, with the versions of the first.
set -euo pipefail
cd "$(dirname "$0")/.."

compile() {
    local name=$1
    shift
    .venv/bin/uv pip compile pyproject.toml requirements/build.in "$@" --output-file "requirements/$name.lock" \
        --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
        --custom-compile-command "make lock" --quiet
}

# Without `pi`: the tests need no pins, and lgpio has no wheels for every Python that they run on.
compile dev --extra server --extra edge --extra dev "$@"
compile server --extra server --extra edge --constraints requirements/dev.lock "$@"
compile edge --extra edge --constraints requirements/dev.lock "$@"
compile pi --extra edge --extra pi --constraints requirements/dev.lock "$@"
