#!/usr/bin/env bash
# Runs every test that is built, or those that the arguments name. A run prints thousands of lines: what failed is listed at the end.
# With --faults the long forms of the tests of failures, with --soak those that wait for minutes or have very many messages. FAULTS=later
# leaves out the short forms, for who runs the long ones next.
#
# Tests run beside one another within a run. Those that load the machine for minutes have runs of their own, so that what others
# wait for comes in time on two cores.
set -uo pipefail
cd "$(dirname "$0")/../.."
log=.build/test.log
: >"$log"
status=0
run() {
    swift test --skip-build "$@" 2>&1 | tee -a "$log" || status=1
}
if [ "${1:-}" = --faults ]; then
    export HEADGATE_TEST_FAULTS=all
    run --filter RedisGoesBackTests
    run --filter '[.]FaultMatrixTests'
    run --filter 'FlowFaultMatrixTests|SQSJobTests.*(a function killed|a settlement that ends)'
elif [ "${1:-}" = --soak ]; then
    export HEADGATE_TEST_FAULTS=all
    run --filter 'SQSJobTests.*(dead host|the monitor sends)'
elif [ "$#" -gt 0 ]; then
    run "$@"
else
    loads='CrashMatrixTests|CrashTests|RedisGoesBackTests'
    shares='APIShareTests|OnceTests|ReshardTests'
    sqs='SQSServerTests|SQSClientTests|SQSJobTests|LambdaJobTests'
    lambda='LambdaHostTests|LambdaClientTests'
    # They compute for a long time without a pause: beside them others would wait for a thread.
    computes='FlowSimulationTests|LambdaTests|ZipTests'
    run --skip "FaultMatrixTests|ContractTests|$computes|$loads|$shares|$sqs|$lambda"
    run --filter "$computes"
    run --filter "$lambda"
    run --filter "$sqs"
    run --filter "$shares"
    run --filter "$loads"
    run --filter ContractTests
    if [ "${FAULTS:-now}" != later ]; then
        run --filter '[.]FaultMatrixTests'
        run --filter FlowFaultMatrixTests
    fi
fi
if [ "$status" -ne 0 ]; then
    echo "These tests failed ($log has everything):"
    grep -aE "✘|recorded an issue|error:|Fatal error" "$log" | sort -u
fi
exit "$status"
