#!/bin/sh
# Every test: the quick ones side by side, then those that wait for time, real brokers and browsers, one after the other.
# usage: tools/run_tests.sh PYTHON [pytest's arguments]
set -u
python=$1
shift
status=0

run() {
    "$python" -m pytest "$@"
    code=$?
    # 5: the arguments leave no test of this half
    [ $code -eq 0 ] || [ $code -eq 5 ] || status=$code
}

run -n "${JOBS:-auto}" --dist loadfile -m "not system and not slow" "$@"
run -m "system or slow" --durations=30 --durations-min=4 "$@"
exit $status
