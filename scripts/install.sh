#!/usr/bin/env bash
# Usage: sudo scripts/install.sh server
#        sudo scripts/install.sh station [STATION.toml]
# Installs this checkout into /opt/waystation, for the user waystation, with its unit and settings.
# Run it again to upgrade: what is set in /etc is kept, but for the register maps in devices. A station file that is
# given replaces the one there, and takes along the ca.crt that lies beside it.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
    sed -n 's/^# Usage: //p; s/^#        //p' "$0" >&2
    exit 2
}

python_environment() {
    local lock=$1
    scripts/packages.sh python3-venv
    [ -x /opt/waystation/bin/python ] || "${PYTHON:-python3}" -m venv /opt/waystation
    local pip=(/opt/waystation/bin/python -m pip --disable-pip-version-check --quiet install)
    local locked=(--require-hashes -r "requirements/$lock.lock")
    if [ "$lock" = pi ] && ! "${pip[@]}" "${locked[@]}" --only-binary lgpio,sysv-ipc 2>/dev/null; then
        # No wheels for this Python or this processor: lgpio has none for 3.13, sysv-ipc none for 32 bits.
        scripts/packages.sh gcc libc6-dev python3-dev swig liblgpio-dev
    fi
    "${pip[@]}" "${locked[@]}"
    # From a copy, so that nothing of an older build slips in and root leaves no files in the checkout.
    local copy
    copy=$(mktemp -d)
    cp -r contract edge server pyproject.toml README.md LICENSE "$copy"
    "${pip[@]}" --no-deps --no-build-isolation --force-reinstall "$copy"
    rm -r "$copy"
    ln -sf /opt/waystation/bin/waystation /opt/waystation/bin/waystation-edge /usr/local/bin/
}

# user_and_folders DATA: the user, and the folder that it writes to.
user_and_folders() {
    id waystation >/dev/null 2>&1 || useradd --system --user-group --no-create-home \
        --home-dir /nonexistent --shell /usr/sbin/nologin waystation
    install -d -m 0750 -o root -g waystation /etc/waystation
    install -d -m 0750 -o waystation -g waystation "$1"
}

# settings FILE PLACE: puts FILE where PLACE is not there yet.
settings() {
    [ -e "$2" ] || install -m 0640 -o root -g waystation "$1" "$2"
}

unit() {
    install -m 0644 "firmware_config/$1" /etc/systemd/system/
    systemctl daemon-reload 2>/dev/null || echo "systemd does not run here: the unit is in place, not loaded"
}

install_station() {
    local file=${1:-/etc/waystation/station.toml}
    [ -r "$file" ] || usage
    python_environment pi
    user_and_folders /var/lib/waystation-edge
    [ $# -eq 0 ] || station_file "$file"
    local group
    for group in gpio dialout i2c; do
        ! getent group "$group" >/dev/null || usermod --append --groups "$group" waystation
    done
    install -d -m 0755 /etc/waystation/devices
    install -m 0644 firmware_config/devices/*.toml /etc/waystation/devices/
    unit waystation-edge.service
    echo "Installed. Look: sudo -u waystation waystation-edge check --config /etc/waystation/station.toml"
    echo "Start: sudo systemctl enable waystation-edge && sudo systemctl restart waystation-edge"
}

station_file() {
    local authority
    authority=$(dirname "$1")/ca.crt
    install -m 0640 -o root -g waystation "$1" /etc/waystation/station.toml
    [ ! -e "$authority" ] || install -m 0644 "$authority" /etc/waystation/ca.crt
}

install_server() {
    scripts/packages.sh mosquitto mosquitto-clients
    python_environment server
    user_and_folders /var/lib/waystation
    settings firmware_config/waystation.toml /etc/waystation/waystation.toml
    broker
    unit waystation.service
    echo "Installed. Start: sudo systemctl enable waystation && sudo systemctl restart mosquitto waystation"
}

# The broker gets its settings, its users' files and the server's own user with a random password.
broker() {
    local passwd=/etc/mosquitto/waystation.passwd password=/etc/waystation/broker.password
    install -m 0644 firmware_config/mosquitto/waystation.conf /etc/mosquitto/conf.d/waystation.conf
    install -D -m 0644 firmware_config/mosquitto/service.conf /etc/systemd/system/mosquitto.service.d/waystation.conf
    settings_of_broker firmware_config/mosquitto/acl /etc/mosquitto/waystation.acl
    settings_of_broker /dev/null "$passwd"
    [ -e "$password" ] && return
    install -m 0640 -o root -g waystation /dev/null "$password"
    head -c 24 /dev/urandom | base64 | tr '+/' '-_' >"$password"
    local user
    user=$(mktemp)
    echo "waystation_server:$(cat "$password")" >"$user"
    mosquitto_passwd -U "$user"
    cat "$user" >>"$passwd"
    rm "$user"
}

# settings_of_broker FILE PLACE: the same for a file that Mosquitto reads again, as its own user, when told to.
settings_of_broker() {
    [ -e "$2" ] || install -m 0640 -o root -g mosquitto "$1" "$2"
}

[ "$(id -u)" -eq 0 ] || { echo "This writes to /opt and /etc: sudo scripts/install.sh ..." >&2; exit 1; }
case ${1:-} in
    server) [ $# -eq 1 ] || usage; install_server ;;
    station) [ $# -le 2 ] || usage; install_station "${@:2}" ;;
    *) usage ;;
esac
