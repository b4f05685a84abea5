#!/bin/sh
# Makes .venv and installs exactly what requirements.lock says. A stamp of the lock makes the next run a no-op.
# Variables: PYTHON (the interpreter), PIXEL_TORCH_INDEX (an index for torch wheels, for example one with CPU builds only).
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}

fail() {
    echo "install: $1" >&2
    exit 1
}

command -v "$python" >/dev/null 2>&1 || fail "no $python found; install Python 3.11, 3.12 or 3.13, or set PYTHON=/path/to/python"
"$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' ||
    fail "$("$python" --version) is not supported; set PYTHON to a Python 3.11, 3.12 or 3.13"
"$python" -c 'import venv, ensurepip' 2>/dev/null ||
    fail "this Python has no venv module; on Debian or Ubuntu run: apt-get install python3-venv"

stamp=.venv/.installed
want=$(cat requirements.lock pyproject.toml scripts/install.sh | cksum)
[ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ] && exit 0

quiet() {
    # pip's own words matter only when it fails.
    if ! "$@" >.venv/install.log 2>&1; then
        tail -n 20 .venv/install.log >&2
        fail "$* failed; the whole log is .venv/install.log"
    fi
}

echo "install: making .venv with the locked dependencies (a few minutes, once)"
[ -x .venv/bin/python ] || "$python" -m venv .venv || fail "could not make .venv here; is this folder writable?"
quiet .venv/bin/python -m pip install --upgrade 'setuptools>=77'
quiet .venv/bin/python -m pip install ${PIXEL_TORCH_INDEX:+--index-url "$PIXEL_TORCH_INDEX"} torch==2.13.0
quiet .venv/bin/python -m pip install --require-hashes --no-deps -r requirements.lock
quiet .venv/bin/python -m pip install --no-deps --no-build-isolation -e .
echo "$want" >"$stamp"
