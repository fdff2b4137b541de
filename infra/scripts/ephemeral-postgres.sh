#!/bin/sh
# Runs a Postgres of its own until standard input ends, then removes all it wrote. As root it runs as the user postgres.
# usage: ephemeral-postgres.sh PORT PASSWORD [name=value...]    prints "ready" when it answers
set -eu
if [ "$(id -u)" = 0 ]; then
    script=$(cat "$0")
    exec setpriv --reuid postgres --regid postgres --init-groups -- env TMPDIR=/tmp HOME=/tmp sh -c "$script" ephemeral-postgres "$@"
fi
port=$1
password=$2
shift 2
bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
dir=$(mktemp -d "${TMPDIR:-/tmp}/headgate-postgres-XXXXXX")
cd "$dir"
exec 3<&0
server=
trap 'if [ -n "$server" ]; then kill -QUIT $server 2>/dev/null || true; wait $server 2>/dev/null || true; fi; rm -rf "$dir"' EXIT
trap 'exit 0' TERM INT HUP
printf %s "$password" >"$dir/password"
"$bin/initdb" -D "$dir/data" -U postgres -A scram-sha-256 --pwfile="$dir/password" -E UTF8 --locale=C.UTF-8 -N >"$dir/log" 2>&1 ||
    { cat "$dir/log" >&2; exit 1; }
options="-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=100"
for setting in "$@"; do options="$options -c $setting"; done
# shellcheck disable=SC2086
"$bin/postgres" -D "$dir/data" $options >"$dir/log" 2>&1 3<&- </dev/null &
server=$!
until "$bin/pg_isready" -q -h 127.0.0.1 -p "$port"; do
    kill -0 $server 2>/dev/null || { cat "$dir/log" >&2; exit 1; }
    sleep 0.05
done
echo "ready $server"
cat <&3 >/dev/null
