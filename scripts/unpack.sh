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
fetch() { (cd "$download" && apt-get -qq download "${missing[@]}" >/dev/null 2>&1); }

echo "Unpacking from Debian: ${missing[*]}"
if ! command -v apt-get >/dev/null || ! { fetch || { apt-get -qq update >/dev/null 2>&1 && fetch; }; }; then
    echo "They cannot be had here: the tests that need them are skipped"
    exit 0
fi
mkdir -p "$folder"
for package in "${missing[@]}"; do
    dpkg-deb --extract "$download/$package"_*.deb "$folder"
    touch "$folder/.$package"
done
