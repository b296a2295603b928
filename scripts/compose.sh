#!/usr/bin/env bash
# Usage: scripts/compose.sh [--only-env]
# Makes .env with a random password for each part, once, and starts all of compose.yaml: first InfluxDB, for the two
# tokens that may only write and only read its bucket, then the rest. Run it again to start it again.
set -euo pipefail
cd "$(dirname "$0")/.."

env=.env
only_env=
case $# in
    0) ;;
    1) [ "$1" = --only-env ] && only_env=1 ;;
esac
[ $# -eq 0 ] || [ -n "$only_env" ] || { sed -n 's/^# Usage: /Usage: /p' "$0" >&2; exit 2; }

secret() {
    head -c 32 /dev/urandom | base64 | tr -d '=\n' | tr '+/' '-_'
}

# keep NAME VALUE: into .env, unless it is there.
keep() {
    grep -q "^$1=." "$env" || printf '%s=%s\n' "$1" "$2" >>"$env"
}

# token NAME RIGHT: a token of InfluxDB that may do that to the bucket and nothing else.
token() {
    docker compose exec -T influxdb influx auth create --org waystation --description "$1" "--$2-bucket" "$bucket" --json |
        sed -n 's/.*"token": *"\([^"]*\)".*/\1/p'
}

umask 077
[ -e "$env" ] || : >"$env"
for name in BROKER_PASSWORD INFLUX_PASSWORD INFLUX_ADMIN_TOKEN GRAFANA_PASSWORD; do
    keep "$name" "$(secret)"
done
[ -z "$only_env" ] || exit 0

docker compose version >/dev/null 2>&1 || {
    echo "docker compose is not there: install Docker with its Compose plugin, 2.24 or newer (docker-compose-plugin)" >&2
    exit 1
}
docker info >/dev/null 2>&1 || {
    echo "Docker does not answer: is it running, and may you use it? (docker info says more)" >&2
    exit 1
}

if ! grep -q '^INFLUX_READ_TOKEN=.' "$env"; then
    # Not known yet, and not needed by InfluxDB itself.
    export INFLUX_WRITE_TOKEN=unknown INFLUX_READ_TOKEN=unknown
    docker compose up --detach --wait influxdb
    bucket=$(docker compose exec -T influxdb influx bucket list --name waystation --hide-headers | cut -f1)
    write=$(token waystation write)
    read=$(token grafana read)
    [ -n "$write" ] && [ -n "$read" ] || { echo "InfluxDB gave no tokens; see: docker compose logs influxdb" >&2; exit 1; }
    keep INFLUX_WRITE_TOKEN "$write"
    keep INFLUX_READ_TOKEN "$read"
    unset INFLUX_WRITE_TOKEN INFLUX_READ_TOKEN
fi
docker compose up --detach --build
echo "Pages: http://127.0.0.1:8080   Grafana: http://127.0.0.1:3000 (admin, GRAFANA_PASSWORD in .env)"
echo "First account: docker compose exec waystation waystation users add NAME --role admin"
