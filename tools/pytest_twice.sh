#!/bin/sh
# pytest; where a handful of tests fail, their whole files a second time, one after the other: a test beside others on a
# busy machine may miss a deadline that the product keeps. What passes only then is named at the end, and is a defect of
# the test to be mended. A process that crashed, a run that broke off and a run that was told to stop at the first
# failure get no second try.
# usage: tools/pytest_twice.sh PYTHON [pytest's arguments]
set -u
python=$1
shift
# Where an image forbids bytecode, each of some thousand children compiles the sources anew: a third of the whole time.
unset PYTHONDONTWRITEBYTECODE
few=3
memory=$(mktemp -d)
trap 'rm -rf "$memory"' EXIT

{
    "$python" -m pytest -o cache_dir="$memory" "$@"
    echo $? >"$memory/code"
} | tee "$memory/told"
code=$(cat "$memory/code")
failed=$memory/v/cache/lastfailed
# 1: tests failed.
[ "$code" -eq 1 ] && [ -f "$failed" ] || exit "$code"
[ "$(grep -c '"tests/' "$failed")" -le $few ] || exit "$code"
grep -q 'crashed while running\|Fatal Python error\|!! stopping after' "$memory/told" && exit "$code"
# Without the files and folders that were named for the first try: the second is for the files that failed.
for word in "$@"; do
    shift
    [ -e "${word%%::*}" ] || set -- "$@" "$word"
done

names=$(grep -o '"tests/.*"' "$failed")
echo "a second try, alone: $names"
"$python" -m pytest -o cache_dir="$memory" "$@" -n 0 $(echo "$names" | sed 's/^"//; s/::.*//; s/"$//' | sort -u) || exit "$code"
echo "passed only when tried a second time, alone: $names"
