#!/bin/sh
# pytest; where a handful of tests fail, these a second time, alone: a test beside others on a busy machine may miss a
# deadline that the product keeps. What passes only then is named at the end, and is a defect of the test to be mended.
# usage: tools/pytest_twice.sh PYTHON [pytest's arguments]
set -u
python=$1
shift
few=3
memory=$(mktemp -d)
trap 'rm -rf "$memory"' EXIT

"$python" -m pytest -o cache_dir="$memory" "$@"
code=$?
failed=$memory/v/cache/lastfailed
# 1: tests failed. A second try is for those alone, not for a run that broke off.
[ $code -eq 1 ] && [ -f "$failed" ] || exit $code
[ "$(grep -c '"tests/' "$failed")" -le $few ] || exit $code

names=$(grep -o '"tests/.*"' "$failed")
echo "a second try, alone: $names"
"$python" -m pytest -o cache_dir="$memory" "$@" -n 0 --last-failed --last-failed-no-failures none || exit $code
echo "passed only when tried a second time, alone: $names"
