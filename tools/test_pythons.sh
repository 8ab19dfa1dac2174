#!/bin/sh
# The quick unit tests on the oldest and the newest supported Python, where this machine has them beside the one of .venv:
# what a board runs on the oldest, which is a Jetson's, and on the newest everything but the converter's arithmetic, which
# compares numpy with runtimes: of the converter it reads models and converts them whole. Examples are drawn by the
# hundred on .venv's Python; here a handful of each says whether the language and the libraries have changed.
set -eu
default=$(.venv/bin/python -c 'import sys; print("%d.%d" % sys.version_info[:2])')

# A name on PATH may be a shim of pyenv for a version that is not switched on: only what runs counts.
interpreter_of() {
    for candidate in "python$1" "$(command -v pyenv >/dev/null && pyenv root || true)"/versions/"$1".*/bin/python"$1"; do
        if "$candidate" -c 'import venv, ensurepip' >/dev/null 2>&1; then
            echo "$candidate"
            return
        fi
    done
}

# All at once: each waits for its children half of the time, and the threads of numpy would wait for one another.
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
running=""
for version in 3.10 3.13; do
    python=$(interpreter_of "$version")
    if [ "$version" = "$default" ]; then
        continue
    fi
    if [ -z "$python" ]; then
        echo "no Python $version on this machine: its tests were not run"
        [ "${LEPTON_REQUIRE:-}" != all ] || exit 1
        continue
    fi
    case $version in
    3.10) chosen="tests/edge_contracts tests/device_profiles tests/edge_runtime" ;;
    *)
        chosen="-n 3 --dist loadfile"
        for part in delegates doctor gate isolation lower quantize report; do
            chosen="$chosen --ignore=tests/converters/$part"
        done
        ;;
    esac
    {
        make --no-print-directory "VENV=.venv-$version" "PYTHON=$python" ".venv-$version/.ready" &&
            sh tools/pytest_twice.sh ".venv-$version/bin/python" -q -m 'not system and not slow and not live' \
                --hypothesis-profile=few $chosen
    } >"$logs/$version" 2>&1 &
    running="$running $version:$!"
done
status=0
for one in $running; do
    wait "${one#*:}" || status=1
    echo "unit tests on Python ${one%:*}"
    cat "$logs/${one%:*}"
done
exit $status
