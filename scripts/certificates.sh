#!/usr/bin/env bash
# Usage: scripts/certificates.sh NAME FOLDER
# Makes the broker's certificate for the host NAME in FOLDER, signed by an authority of your own, which is
# made there once: ca.crt goes to the stations, waystation.crt and waystation.key to the broker, and ca.key stays put.
# Run it again to renew (825 days); the stations notice nothing.
set -euo pipefail
[ $# -eq 2 ] || { sed -n 's/^# Usage: /Usage: /p' "$0" >&2; exit 2; }
name=$1
mkdir -p "$2"
cd "$2"
umask 077
new_key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)

if [ ! -e ca.key ]; then
    openssl req -x509 "${new_key[@]}" -keyout ca.key -out ca.crt -days 7300 -subj "/CN=Waystation authority" \
        -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign 2>/dev/null
fi
openssl req "${new_key[@]}" -keyout waystation.key -out waystation.csr -subj "/CN=$name" \
    -addext "subjectAltName=DNS:$name" -addext extendedKeyUsage=serverAuth 2>/dev/null
openssl x509 -req -in waystation.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out waystation.crt -days 825 \
    -copy_extensions copyall 2>/dev/null
rm waystation.csr
chmod 0644 ca.crt waystation.crt
