#!/usr/bin/env bash
# run.sh <source> <work folder> <compiler>: a host builds the engine as a part of itself, and
# installs itself alone.
set -euo pipefail
cmake -G Ninja -S "$(dirname "$0")" -B "$2/build" -D LOCKSTEP="$1" -D CMAKE_CXX_COMPILER="$3" \
    -D CMAKE_BUILD_TYPE=Release
cmake --build "$2/build"
"$2/build/host"
cmake --install "$2/build" --prefix "$2/prefix"
[[ $(cd "$2/prefix" && find . -type f) == ./bin/host ]]
