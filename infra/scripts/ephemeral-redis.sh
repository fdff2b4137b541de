#!/bin/sh
# Runs a Redis of its own until standard input ends, then removes all it wrote.
# usage: ephemeral-redis.sh PORT [--restart] [--clock] [redis-server option...]      prints "ready PID" when it answers
# With --restart it is started again, on the same data, whenever it ends: that is how a kill -9 is survived. A file `keep` in its
# folder says how many bytes of its append-only file are left by then.
# With --clock its wall clock is as many seconds off as the file `clock` in its folder says.
set -eu
port=$1
shift
dir=$(mktemp -d "${TMPDIR:-/tmp}/headgate-redis-XXXXXX")
trap 'rm -rf "$dir"' EXIT
restarts=
preload=
while :; do
    case ${1:-} in
        --restart) restarts=yes ;;
        --clock)
            preload=$dir/clock.so
            echo 0 >"$dir/clock"
            clang -shared -fPIC -O1 -o "$preload" "$(dirname "$0")/clock-shift.c"
            ;;
        *) break ;;
    esac
    shift
done
exec 3<&0
run() {
    if [ -e "$dir/keep" ]; then
        bytes=$(cat "$dir/keep")
        rm "$dir/keep"
        # The first file, and the only one: whoever cuts it lets Redis rewrite none.
        truncate -s "$bytes" "$dir"/appendonlydir/appendonly.aof.1.incr.aof
    fi
    if [ -n "$preload" ]; then export LD_PRELOAD="$preload" HEADGATE_CLOCK_FILE="$dir/clock"; fi
    exec redis-server --port "$port" --bind 127.0.0.1 --dir "$dir" --save "" --appendonly yes --appendfsync everysec \
        --maxmemory-policy noeviction --loglevel warning "$@" >>"$dir/log" 2>&1 3<&- </dev/null
}
if [ -n "$restarts" ]; then
    (
        child=
        trap 'kill -KILL $child 2>/dev/null || true; wait $child || true; exit 0' TERM
        while :; do
            run "$@" &
            child=$!
            wait $child || true
            sleep 0.2
        done
    ) 3<&- </dev/null &
    end=TERM
else
    run "$@" &
    end=KILL
fi
keeper=$!
trap 'kill -$end $keeper 2>/dev/null || true; wait $keeper 2>/dev/null || true; rm -rf "$dir"' EXIT
trap 'exit 0' TERM INT HUP
until redis-cli -p "$port" ping 2>/dev/null | grep -q PONG; do
    kill -0 $keeper 2>/dev/null || { cat "$dir/log" >&2; exit 1; }
    sleep 0.05
done
echo "ready $(redis-cli -p "$port" info server | sed -n 's/^process_id:\([0-9]*\).*/\1/p')"
cat <&3 >/dev/null
