#!/usr/bin/env bash
# Installs what others have written to speak with Amazon SQS and AWS Lambda, for the tests: each set in a virtual
# environment under .build/clients. What is installed already stays; a set whose list below has changed, or whose Python
# has gone, is installed again.
#
# clients.sh [NAME...]: all sets of clients from PyPI, or these. Prints "ready NAME: FOLDER" for each. Exit codes: 1 a set cannot
# be installed, 75 PyPI cannot be reached, or Debian's packages cannot be installed.
#
#   json    a boto3 of today, which speaks AWS JSON, and the command line of AWS
#   query   the last botocore that speaks the query protocol
#   celery  Celery with the transport for SQS
#   lambda  the runtime for functions in Python, Powertools for AWS Lambda, and the boto3 of json
#   moto    a server that stands in for AWS, and no client: only where it is named
#   go      Go and AWS's SDK for it, both from Debian: only where it is named
#   ruby    Ruby and AWS's SDK for it, version 1, both from Debian: only where it is named
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD/.build/clients
mkdir -p "$root"
# Two runs at once would write the same folders.
if command -v flock >/dev/null; then
    exec 9>"$root/lock"
    flock 9
fi

requirements() {
    case $1 in
        json) printf '%s\n' boto3==1.44.8 botocore==1.44.8 awscli==1.46.3 ;;
        query) printf '%s\n' boto3==1.28.80 botocore==1.31.80 ;;
        celery) printf '%s\n' celery==5.7.0 kombu==5.7.0 boto3==1.44.8 botocore==1.44.8 pycurl==7.49.0 ;;
        lambda)
            printf '%s\n' awslambdaric==4.2.2 aws-lambda-powertools==3.37.0 boto3==1.44.8 botocore==1.44.8
            ;;
        moto) printf '%s\n' 'moto[server]==5.2.5' ;;
        *) echo "clients: expected json, query, celery, lambda, moto, go or ruby, found $1" >&2 && exit 1 ;;
    esac
}

# Installs Debian's packages, unless a file is there that one of them brings.
debian() {
    local name=$1 file=$2
    shift 2
    if [[ ! -e $file ]]; then
        if [[ $(id -u) -ne 0 ]] || ! command -v apt-get >/dev/null; then
            echo "skipped: $name needs Debian's packages $*: install them"
            exit 75
        fi
        if ! { apt-get -q update && apt-get -qy install --no-install-recommends "$@"; } 9>&- >"$root/$name.log" 2>&1; then
            echo "skipped: Debian's packages $* cannot be installed; see $root/$name.log"
            exit 75
        fi
    fi
    echo "ready $name: $file"
}

install() {
    case $1 in
        go)
            debian go /usr/share/gocode/src/github.com/aws/aws-sdk-go golang-go golang-github-aws-aws-sdk-go-dev
            return
            ;;
        ruby)
            debian ruby /usr/share/doc/ruby-aws-sdk ruby ruby-aws-sdk
            return
            ;;
    esac
    local name=$1 folder=$root/$1 wanted
    wanted=$(requirements "$name")
    if [[ $wanted == "$(cat "$folder/installed.txt" 2>/dev/null)" ]] &&
        "$folder/bin/python" -c "import boto3" 2>/dev/null; then
        echo "ready $name: $folder"
        return
    fi
    rm -rf "$folder"
    python3 -m venv "$folder" || exit 1
    echo "$wanted" >"$folder/wanted.txt"
    # Wheels alone: a package that would be compiled here is as good as none.
    if ! "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary :all: \
        --retries 2 --timeout 30 -r "$folder/wanted.txt" 9>&- >"$root/$name.log" 2>&1; then
        local reason
        reason=$(grep -m 1 -oE "connection broken by .*" "$root/$name.log" || true)
        if [[ -n $reason ]]; then
            echo "skipped: PyPI cannot be reached: ${reason:0:200}"
            exit 75
        fi
        tail -n 20 "$root/$name.log" | cut -c 1-400 >&2
        echo "clients: $name cannot be installed; see above and $root/$name.log" >&2
        exit 1
    fi
    mv "$folder/wanted.txt" "$folder/installed.txt"
    echo "ready $name: $folder"
}

[[ $# -gt 0 ]] || set -- json query celery lambda
for name in "$@"; do install "$name"; done
