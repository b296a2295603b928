#!/usr/bin/env bash
# Usage: scripts/unpack.sh FOLDER PACKAGE...
# Unpacks Debian packages below FOLDER without installing them: no service starts, and nobody has to be root.
# Where it cannot, it says so and does no harm; tests that need a package are skipped then.
set -euo pipefail

folder=$1
shift
missing=()
for package in "$@"; do
    [ -e "$folder/.$package" ] || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

download=$(mktemp -d)
trap 'rm -rf "$download"' EXIT
fetch() { (cd "$download" && apt-get -qq download "$@" >/dev/null 2>&1); }
# Together is quicker; where one of them is not to be had, the others may be.
fetch_each() { for package in "${missing[@]}"; do fetch "$package" || true; done; }

echo "Unpacking from Debian: ${missing[*]}"
if command -v apt-get >/dev/null && ! fetch "${missing[@]}"; then
    apt-get -qq update >/dev/null 2>&1 || true
    fetch "${missing[@]}" || fetch_each
fi
mkdir -p "$folder"
for package in "${missing[@]}"; do
    file=$(find "$download" -name "${package}_*.deb" -print -quit)
    if [ -z "$file" ]; then
        echo "$package cannot be had here: the tests that need it are skipped"
        continue
    fi
    dpkg-deb --extract "$file" "$folder"
    touch "$folder/.$package"
done
