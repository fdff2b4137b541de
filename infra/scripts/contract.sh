#!/usr/bin/env bash
# Holds a running API against its own description: a client generated from /openapi.json walks through the README's example, and
# schemathesis sends what the description allows and what it forbids, in all phases, with all checks.
#
# contract.sh URL KEY TARGET: the API, a platform admin's key, and a URL that answers 200. The tools (infra/scripts/contract/requirements.txt) are
# installed into .build/contract when they are missing there. HEADGATE_CONTRACT_EXAMPLES: per operation, default 20.
set -euo pipefail
url=$1 key=$2 target=$3
cd "$(dirname "$0")/../.."
here=$PWD/infra/scripts/contract
tools=$PWD/.build/contract
mkdir -p "$tools"

if ! cmp -s "$here/requirements.txt" "$tools/installed.txt"; then
    rm -rf "$tools/venv"
    python3 -m venv "$tools/venv"
    "$tools/venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt" >"$tools/pip.log" 2>&1 || {
        tail -n 20 "$tools/pip.log"
        echo "contract: the tools could not be installed from PyPI; see above"
        exit 1
    }
    cp "$here/requirements.txt" "$tools/installed.txt"
fi
export PATH=$tools/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

openapi-python-client generate --url "$url/openapi.json" --output-path "$work/headgate_client" --meta none >"$work/generate.log" 2>&1 || {
    cat "$work/generate.log"
    echo "contract: no client can be generated from $url/openapi.json"
    exit 1
}
PYTHONPATH=$work python3 "$here/client.py" "$url" "$key" "$target"

cd "$work"
HEADGATE_API=$url SCHEMATHESIS_HOOKS=hooks PYTHONPATH=$here schemathesis --config-file "$here/schemathesis.toml" run \
    "$url/openapi.json" -H "Authorization: Bearer $key" -H "Headgate-Tenant: contract" --checks all \
    --phases examples,coverage,fuzzing,stateful --max-examples "${HEADGATE_CONTRACT_EXAMPLES:-20}" --continue-on-failure \
    --seed "${HEADGATE_CONTRACT_SEED:-20261127}" --no-shrink --no-color >"$tools/schemathesis.log" 2>&1 || {
    grep -aE -A 18 '^(- |[0-9]+\. |_+ .* _+$)' "$tools/schemathesis.log" | cut -c 1-400 | head -n 200
    tail -n 30 "$tools/schemathesis.log"
    echo "contract: the API and its description differ; $tools/schemathesis.log has everything"
    exit 1
}
tail -n 5 "$tools/schemathesis.log"
