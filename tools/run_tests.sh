#!/bin/sh
# Every test: side by side what computes or waits, then one after the other what has deadlines of milliseconds (`live`).
# usage: tools/run_tests.sh PYTHON [pytest's arguments]
set -u
python=$1
shift
status=0

run() {
    sh tools/pytest_twice.sh "$python" "$@"
    code=$?
    # 5: the arguments leave no test of this half
    [ $code -eq 0 ] || [ $code -eq 5 ] || status=$code
}

# Two more than there are cores: brokers, databases and browsers are waited for, almost half of the time.
jobs=${JOBS:-$(($("$python" -c 'import os; print(os.cpu_count())') + 2))}
run -n "$jobs" --dist loadfile --no-loadscope-reorder -m "not live" --durations=20 --durations-min=5 "$@"
run -m live --durations=20 --durations-min=5 "$@"
exit $status
