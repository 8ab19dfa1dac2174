#!/bin/sh
# Make the virtual environment with everything a developer needs. A Debian Python without `venv` gets it by apt when we may.
set -eu
venv=$1
python=${PYTHON:-python3}

wanted='import sys; sys.exit(not ((3, 10) <= sys.version_info[:2] <= (3, 13)))'
if ! "$python" -c "$wanted"; then
    echo "wanted Python 3.10 to 3.13, found $("$python" --version 2>&1); call make with PYTHON=python3.11, for example" >&2
    exit 2
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        apt-get update -qq && apt-get install -qq -y --no-install-recommends "python$version-venv" ca-certificates >/dev/null
    else
        echo "wanted Python's venv module, found none; install it (Debian: apt-get install python3-venv) and repeat" >&2
        exit 2
    fi
fi
echo "making $venv (some minutes on the first time)"
"$python" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --upgrade 'pip>=25.1'
"$venv/bin/python" -m pip install --quiet --editable . --group dev
