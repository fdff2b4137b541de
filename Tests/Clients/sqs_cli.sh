#!/usr/bin/env bash
# Calls the endpoint with the command line of AWS and checks what it prints.
#
# sqs_cli.sh URL PATH_TO_AWS: prints "ok NAME" or "FAILED NAME: reason" for each check; exit code 1 if any has failed.
set -uo pipefail
[[ $# -eq 2 ]] || { sed -n 4p "$0" >&2; exit 2; }
url=$1 aws=$2
name=clients-$(od -An -N6 -tx1 /dev/urandom | tr -d ' \n')
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export AWS_ACCESS_KEY_ID=${AWS_ACCESS_KEY_ID:-test} AWS_SECRET_ACCESS_KEY=${AWS_SECRET_ACCESS_KEY:-test}
export AWS_DEFAULT_REGION=us-east-1 AWS_MAX_ATTEMPTS=1 AWS_PAGER="" AWS_DEFAULT_OUTPUT=json PYTHONDONTWRITEBYTECODE=1
# Nobody's own settings.
export AWS_CONFIG_FILE=$work/config AWS_SHARED_CREDENTIALS_FILE=$work/credentials AWS_EC2_METADATA_DISABLED=true
export NO_PROXY="*"
failures=0

sqs() { "$aws" --endpoint-url "$url" sqs "$@" 2>"$work/errors"; }
# check NAME FOUND EXPECTED
check() {
    if [[ $2 == "$3" ]]; then
        echo "ok $1"
    else
        failures=1
        echo "FAILED $1: expected '$3', found '$2' $(tr '\n' ' ' <"$work/errors")"
    fi
}
# refused NAME PATTERN COMMAND...: the command fails with exit code 254 or 255 and an error like this.
refused() {
    local name=$1 pattern=$2 code=0
    shift 2
    sqs "$@" >/dev/null || code=$?
    if [[ $code -ge 254 ]] && grep -qE "$pattern" "$work/errors"; then
        echo "ok $name"
    else
        failures=1
        echo "FAILED $name: expected an error like '$pattern', found exit code $code $(tr '\n' ' ' <"$work/errors")"
    fi
}

queue=$(sqs create-queue --queue-name "$name" --attributes VisibilityTimeout=20 --tags team=one \
    --query QueueUrl --output text)
check create-queue "${queue##*/}" "$name"
check get-queue-url "$(sqs get-queue-url --queue-name "$name" --query QueueUrl --output text)" "$queue"
check list-queues "$(sqs list-queues --queue-name-prefix "$name" --query 'QueueUrls[]' --output text)" "$queue"
# shellcheck disable=SC2016
none=$(sqs list-queues --queue-name-prefix "$name-none" --query 'length(QueueUrls || `[]`)' --output text)
check list-queues-of-none "$none" 0
check list-queue-tags "$(sqs list-queue-tags --queue-url "$queue" --query Tags.team --output text)" one
attributes=$(sqs get-queue-attributes --queue-url "$queue" --attribute-names All \
    --query Attributes.VisibilityTimeout --output text)
check get-queue-attributes "$attributes" 20

body=$'line one\nline two <&> "ü" 😀'
md5=$(printf %s "$body" | md5sum | cut -d ' ' -f 1)
attributes='{"kind":{"DataType":"String","StringValue":"a b"},"raw":{"DataType":"Binary","BinaryValue":"raw /"}}'
sent=$(sqs send-message --queue-url "$queue" --message-body "$body" --message-attributes "$attributes" \
    --query MD5OfMessageBody --output text)
check send-message "$sent" "$md5"

sqs receive-message --queue-url "$queue" --wait-time-seconds 2 --message-attribute-names All --attribute-names All \
    >"$work/received"
field() {
    python3 -c "import json, sys; m = json.load(open(sys.argv[1]))['Messages'][0]; print($1, end='')" "$work/received" \
        2>>"$work/errors"
}
check receive-message "$(field "m['Body']")" "$body"
check receive-message-digest "$(field "m['MD5OfBody']")" "$md5"
check receive-message-attribute "$(field "m['MessageAttributes']['kind']['StringValue']")" "a b"
# Version 1 of the command line takes bytes as text, and prints them in base64.
check receive-message-bytes "$(field "m['MessageAttributes']['raw']['BinaryValue']")" "$(printf 'raw /' | base64)"
check receive-message-count "$(field "m['Attributes']['ApproximateReceiveCount']")" 1
handle=$(field "m['ReceiptHandle']")
check receive-message-in-flight "$(sqs receive-message --queue-url "$queue")" ""

sqs change-message-visibility --queue-url "$queue" --receipt-handle "$handle" --visibility-timeout 30
check change-message-visibility $? 0
sqs delete-message --queue-url "$queue" --receipt-handle "$handle"
check delete-message $? 0
for count in ApproximateNumberOfMessages ApproximateNumberOfMessagesNotVisible; do
    found=$(sqs get-queue-attributes --queue-url "$queue" --attribute-names $count \
        --query "Attributes.$count" --output text)
    check "delete-message-$count" "$found" 0
done

batch=$(sqs send-message-batch --queue-url "$queue" --entries Id=a,MessageBody=one Id=b,MessageBody=two \
    --query 'length(Successful)' --output text)
check send-message-batch "$batch" 2
sqs purge-queue --queue-url "$queue"
check purge-queue $? 0
check purge-queue-empties "$(sqs receive-message --queue-url "$queue")" ""
refused purge-queue-again "PurgeQueueInProgress" purge-queue --queue-url "$queue"

sqs delete-queue --queue-url "$queue"
check delete-queue $? 0
refused get-queue-url-of-none "\(AWS.SimpleQueueService.NonExistentQueue\).*GetQueueUrl" \
    get-queue-url --queue-name "$name"
exit $failures
