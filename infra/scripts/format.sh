#!/usr/bin/env bash
# Formats the project's Swift files, or, with `lint`, says what is not formatted and exits with 1.
set -euo pipefail
cd "$(dirname "$0")/../.."

directories=()
for directory in Core Functions local-runner Tests; do
    [[ -d $directory ]] && directories+=("$directory")
done

if [[ ${1:-} == lint ]]; then
    exec swift format lint --strict --parallel --configuration .swift-format -r Package.swift "${directories[@]}"
fi
exec swift format --in-place --parallel --configuration .swift-format -r Package.swift "${directories[@]}"
