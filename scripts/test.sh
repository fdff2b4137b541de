#!/usr/bin/env bash
# Runs every test that is built. A run prints thousands of lines: what failed is told once more at the end.
set -uo pipefail
cd "$(dirname "$0")/.."
log=.build/test.log
swift test --skip-build "$@" 2>&1 | tee "$log"
status=${PIPESTATUS[0]}
if [ "$status" -ne 0 ]; then
    echo "These tests failed ($log has everything):"
    grep -aE "✘|recorded an issue|error:|Fatal error" "$log" | sort -u
fi
exit "$status"
