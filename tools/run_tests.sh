#!/bin/sh
# Every test: first, one after the other, what has deadlines of milliseconds (`live`), then side by side what computes or
# waits.
# usage: [BESIDE_LIVE=COMMAND] tools/run_tests.sh PYTHON [pytest's arguments]
# The live tests wait for most of their time. BESIDE_LIVE may use what they leave: the kernel gives it a core only while
# none of them wants it (the disk they share). The rest begins when both have ended.
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

beside=""
told=$(mktemp)
trap '[ -z "$beside" ] || kill -- "-$beside"; rm -f "$told"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
if [ -n "${BESIDE_LIVE:-}" ]; then
    # A session of its own: it is ended whole, by the trap above.
    setsid chrt --idle 0 sh -ec "$BESIDE_LIVE" >"$told" 2>&1 &
    beside=$!
fi
if [ $# -eq 0 ]; then
    # Only their files: to collect thousands of tests takes as long as twenty of them run.
    run -m live --durations=20 --durations-min=5 $(grep -rl 'mark\.live' tests --include='test_*.py' | sort)
else
    run -m live --durations=20 --durations-min=5 "$@"
fi
if [ -n "$beside" ]; then
    wait "$beside" || status=$?
    beside=""
    echo "beside the live tests: $BESIDE_LIVE"
    cat "$told"
fi

# Two more than there are cores: brokers, databases and browsers are waited for, almost half of the time. With so many
# processes the threads of numpy and PyTorch only wait for one another, and take a tenth of the processor for it.
jobs=${JOBS:-$(($("$python" -c 'import os; print(os.cpu_count())') + 2))}
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
run -n "$jobs" --dist loadfile --no-loadscope-reorder -m "not live" --durations=20 --durations-min=5 "$@"
exit $status
