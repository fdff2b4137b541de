#!/usr/bin/env bash
# Installs what Headgate needs beside Swift: servers and C libraries, from Debian's packages. Does nothing, at once, where
# all is there. As root, or through sudo; otherwise it prints the line to run and exits with 1. It starts no service.
set -euo pipefail

packages=(postgresql redis-server libpq-dev libhiredis-dev libcurl4-openssl-dev zlib1g-dev tzdata pkg-config python3-venv)

if ! command -v swift >/dev/null; then
    echo "setup: 'swift' is not in PATH. Install Swift 6.3 or later (https://www.swift.org/install/linux/) and try again." >&2
    exit 1
fi

is_installed() {
    case $1 in
        postgresql) compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null ;;
        redis-server) command -v redis-server >/dev/null ;;
        tzdata) [[ -e /usr/share/zoneinfo/tzdata.zi || -e /usr/share/zoneinfo/Europe/Berlin ]] ;;
        python3-venv) python3 -c 'import ensurepip, venv' 2>/dev/null ;;
        pkg-config) command -v pkg-config >/dev/null ;;
        libpq-dev) pkg-config --exists libpq 2>/dev/null ;;
        libhiredis-dev) pkg-config --exists hiredis 2>/dev/null ;;
        libcurl4-openssl-dev) pkg-config --exists libcurl 2>/dev/null ;;
        zlib1g-dev) pkg-config --exists zlib 2>/dev/null ;;
        *) dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed' ;;
    esac
}

missing=()
for package in "${packages[@]}"; do
    is_installed "$package" || missing+=("$package")
done
if ((${#missing[@]} == 0)); then
    exit 0
fi

if ! command -v apt-get >/dev/null; then
    echo "setup: missing: ${missing[*]} (names of Debian's packages). Install them with this system's package manager." >&2
    exit 1
fi

as_root=()
if ((EUID != 0)); then
    # Asks for a password only where somebody can answer.
    if command -v sudo >/dev/null && { sudo -n true 2>/dev/null || { [[ -t 0 ]] && sudo true; }; }; then
        as_root=(sudo)
    else
        echo "setup: missing: ${missing[*]}. Run this, then try again:" >&2
        echo "  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing[*]}" >&2
        exit 1
    fi
fi

# Debian's packages start a server each, on the default ports. invoke-rc.d asks this file first; 101 means "do not".
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
    trap '"${as_root[@]}" rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod 755 "$policy"
fi

echo "setup: installing ${missing[*]}"
install=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}")
log=$(mktemp)
if ! { "${as_root[@]}" apt-get update -q && "${install[@]}"; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    echo "setup: the installation failed. Run this by hand to see why:" >&2
    echo "  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing[*]}" >&2
    exit 1
fi
rm -f "$log"

# Nor shall those servers start with the system: Headgate runs its own.
if command -v systemctl >/dev/null; then
    for service in postgresql redis-server; do
        if [[ " ${missing[*]} " == *" $service "* ]]; then
            "${as_root[@]}" systemctl disable --quiet "$service" 2>/dev/null || true
        fi
    done
fi
