#!/usr/bin/env bash
# Usage: scripts/packages.sh PACKAGE...
# Installs the Debian packages of which the thing itself is missing; where it may not, says what to type.
set -euo pipefail

present() {
    case $1 in
        python3-venv) "${PYTHON:-python3}" -c 'import ensurepip, venv' ;;
        mosquitto) PATH=$PATH:/usr/sbin:/usr/local/sbin command -v mosquitto ;;
        mosquitto-clients) command -v mosquitto_sub ;;
        chromium) command -v chromium || command -v chromium-browser ;;
        fonts-noto-cjk) fc-list :lang=zh-cn family | grep . ;;
        *) dpkg-query --show --showformat '${db:Status-Abbrev}' "$1" | grep '^ii' ;;
    esac >/dev/null 2>&1
}

missing=()
for package in "$@"; do
    present "$package" || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo -n)
if ! command -v apt-get >/dev/null || ! "${as_root[@]}" true 2>/dev/null; then
    echo "Missing: ${missing[*]}. Type: sudo apt install ${missing[*]}" >&2
    exit 1
fi

echo "Installing with apt: ${missing[*]}"
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0)
"${apt[@]}" update
"${apt[@]}" install --yes --no-install-recommends "${missing[@]}" >/dev/null
