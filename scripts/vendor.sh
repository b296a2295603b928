#!/usr/bin/env bash
# Usage: scripts/vendor.sh
# Fetches the map's libraries anew with npm and puts them into server/web/static/vendor/, if they are the files that
# SHA256SUMS names there. For another version: change it here, run with SUMS=write, and read what has changed.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=server/web/static/vendor
fetched=$(mktemp -d)
trap 'rm -rf "$fetched"' EXIT

# package version folder=file...: files of the package, and where they go
vendor() {
    local package=$1 version=$2
    shift 2
    npm pack --silent --pack-destination "$fetched" "$package@$version" >/dev/null
    tar -xzf "$fetched/$package-$version.tgz" -C "$fetched"
    for pair in "$@"; do
        install -D -m 0644 "$fetched/package/${pair#*=}" "$fetched/vendor/${pair%%=*}"
    done
    rm -r "$fetched/package"
}

# BSD-2-Clause
vendor leaflet 1.9.4 leaflet/leaflet.js=dist/leaflet.js leaflet/leaflet.css=dist/leaflet.css leaflet/LICENSE=LICENSE
# ISC; the file holds kdbush 4.1.0 (ISC) too
vendor supercluster 9.1.0 supercluster/supercluster.js=dist/supercluster.min.js supercluster/LICENSE=LICENSE
vendor kdbush 4.1.0 supercluster/LICENSE.kdbush=LICENSE

if [ "${SUMS:-}" = write ]; then
    (cd "$fetched/vendor" && find . -type f -printf '%P\n' | LC_ALL=C sort | xargs sha256sum) >"$folder/SHA256SUMS"
fi
(cd "$fetched/vendor" && sha256sum --check --strict --quiet "$OLDPWD/$folder/SHA256SUMS")
cp -r "$fetched/vendor/." "$folder/"
echo "$folder is as it should be"
