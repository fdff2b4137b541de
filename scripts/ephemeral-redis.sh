#!/bin/sh
# Runs a Redis of its own until standard input ends, then removes all it wrote.
# usage: ephemeral-redis.sh PORT [redis-server option...]      prints "ready" when it answers
set -eu
port=$1
shift
dir=$(mktemp -d "${TMPDIR:-/tmp}/headgate-redis-XXXXXX")
exec 3<&0
redis-server --port "$port" --bind 127.0.0.1 --dir "$dir" --save "" --appendonly yes --appendfsync everysec \
    --maxmemory-policy noeviction --loglevel warning "$@" >"$dir/log" 2>&1 3<&- </dev/null &
server=$!
trap 'kill -KILL $server 2>/dev/null || true; wait $server 2>/dev/null || true; rm -rf "$dir"' EXIT
trap 'exit 0' TERM INT HUP
until redis-cli -p "$port" ping 2>/dev/null | grep -q PONG; do
    kill -0 $server 2>/dev/null || { cat "$dir/log" >&2; exit 1; }
    sleep 0.05
done
echo "ready $server"
cat <&3 >/dev/null
