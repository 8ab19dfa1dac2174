#!/bin/sh
# Every test: those that only compute side by side, then those with real time, brokers and browsers, one after the other.
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

run -n "${JOBS:-auto}" --dist loadfile -m "not system and not live" "$@"
run -m "system or live" --durations=30 --durations-min=4 "$@"
exit $status
