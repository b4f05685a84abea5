#!/bin/sh
# Resolves the dependencies of pyproject.toml (with the dev extra) into requirements.lock, with hashes and no URL.
# torch is installed on its own before the lock (see scripts/install.sh), so it is left out here. openvino-telemetry sends
# figures of use to the maker of OpenVINO, which does without it; it is never installed.
# Needs uv on PATH or in $UV.
set -eu
cd "$(dirname "$0")/.."
override=$(mktemp)
trap 'rm -f "$override"' EXIT
printf '%s\n' "torch ; sys_platform == 'never'" "openvino-telemetry ; sys_platform == 'never'" >"$override"
"${UV:-uv}" pip compile pyproject.toml --extra dev --override "$override" --universal --python-version 3.11 \
    --generate-hashes --no-header --no-annotate 2>/dev/null |
    awk '/^(torch|openvino-telemetry)==/{skip=1;next} /^[^ ]/{skip=0} !skip' >requirements.lock
