#!/usr/bin/env bash
# Checks rules of the code that the compiler does not: who may import what, and what is linked into the functions.
# usage: gates.sh [root]      prints each violation and exits with 1 if there is one
# Linkage is checked for the release binaries that are built, or for those in the folder HEADGATE_GATED_BINARIES.
set -uo pipefail
scripts=$(cd "$(dirname "$0")" && pwd)
cd "${1:-$scripts/../..}"
failed=0

# forbid PATTERN WHY PATH... : no Swift file below the paths may have a line that matches.
forbid() {
    local pattern=$1 why=$2 found
    shift 2
    found=$(grep -rnE --include='*.swift' "$pattern" "$@" 2>/dev/null)
    if [[ -n $found ]]; then
        printf '%s\n' "$found" | while IFS= read -r line; do echo "$line  <- $why"; done
        failed=1
    fi
}

import='^[[:space:]]*((private|internal|package|public|fileprivate)[[:space:]]+)?import[[:space:]]+'
forbid "${import}Foundation\$" 'Foundation links 44 MB of ICU into each function; FoundationEssentials does not' Core Functions
forbid '@unchecked Sendable|nonisolated\(unsafe\)' 'only the C wrappers may promise what the compiler cannot check' \
    Functions local-runner \
    $(ls -d Core/*/ 2>/dev/null | grep -v -e '^Core/Postgres/$' -e '^Core/Redis/$' -e '^Core/Curl/$' -e '^Core/Blocking/$')
forbid '\.(waitUntilExit|readDataToEndOfFile)\(' 'it stops all tests and their targets: use ended() or text()' \
    $(ls -d Tests/*Tests/ 2>/dev/null)

# States, kinds and reasons stand in SQL by their names (SQLConstants); migrations are history.
named=$(find Core/Postgres/sql Tests -name '[!V]*.sql' -o -name '*.swift' ! -name GateTests.swift 2>/dev/null)
if [ -n "$named" ] && found=$(grep -H -nE '\<(state|kind) *(=|<|>|<>|<=|>=|in) *\(?[0-9]' $named | grep -v ':--'); then
    printf '%s\n' "$found" | while IFS= read -r line; do echo "$line  <- name it: SQLConstants"; done
    failed=1
fi

# A binary needs the C libraries that it uses, and no other: they dominate its start (architecture.md).
links() {
    local binary=${HEADGATE_GATED_BINARIES:-.build/release}/$1 needed
    shift
    [[ -x $binary ]] || return 0
    if grep -qa 'ucal_open' "$binary"; then
        echo "$binary: ICU is linked into it <- something it uses imports Foundation"
        failed=1
    fi
    needed=$(readelf -d "$binary" 2>/dev/null | sed -n 's/.*(NEEDED).*\[lib\(.*\)\.so.*/\1/p' \
        | grep -v -x -e c -e m -e 'stdc++' -e gcc_s -e dl -e pthread -e rt -e util \
        -e dispatch -e BlocksRuntime -e 'swift.*' -e '_.*' -e 'Foundation.*')
    for library in $needed; do
        if [[ " $* " != *" $library "* ]]; then
            echo "$binary: needs lib$library <- it may link $*"
            failed=1
        fi
    done
}
links loader pq hiredis curl
links trigger-worker hiredis curl
links step-worker pq hiredis curl
links historian pq hiredis curl
links flow-historian pq
links monitor pq hiredis curl
links sqs hiredis
links api pq hiredis curl
links headgate pq curl
links simulation

python3 "$scripts/modules.py" . || failed=1
exit $failed
