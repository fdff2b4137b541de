#!/usr/bin/env bash
# Checks rules of the code that the compiler does not: who may import what, and what is linked into the functions.
# usage: gates.sh [root]      prints each violation and exits with 1 if there is one
# Linkage is checked for the release binaries that are built.
set -uo pipefail
cd "${1:-$(dirname "$0")/..}"
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
forbid "${import}(Postgres|CLibpq)\$" 'the trigger-worker holds no database connection' Functions/trigger-worker
forbid "${import}CLibpq\$" 'only Core/Postgres speaks to libpq' \
    Functions local-runner $(ls -d Core/*/ 2>/dev/null | grep -v -e '^Core/Postgres/$' -e '^Core/C/$')
forbid "${import}CHiredis\$" 'only Core/Redis speaks to hiredis' \
    Functions local-runner $(ls -d Core/*/ 2>/dev/null | grep -v -e '^Core/Redis/$' -e '^Core/C/$')
forbid "${import}CCurl\$" 'only Core/HTTP speaks to libcurl' \
    Functions local-runner $(ls -d Core/*/ 2>/dev/null | grep -v -e '^Core/HTTP/$' -e '^Core/C/$')
forbid "${import}(Postgres|Redis|HTTP|Glibc|FunctionRuntime)\$" 'deciding code does no I/O' Core/Model Core/Scheduling Core/Store
forbid '@unchecked Sendable|nonisolated\(unsafe\)' 'only the C wrappers may promise what the compiler cannot check' \
    Functions local-runner Core/Model Core/Scheduling Core/Queue Core/Store Core/FunctionRuntime Core/Telemetry

for function in loader trigger-worker historian monitor; do
    binary=.build/release/$function
    if [[ -x $binary ]] && grep -qa 'ucal_open' "$binary"; then
        echo "$binary: ICU is linked into it <- something it uses imports Foundation"
        failed=1
    fi
done
exit $failed
