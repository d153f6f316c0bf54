#!/usr/bin/env bash
# shared.sh <source> <consumer> <work folder> <compiler> <nm> <readelf>: builds the engine as shared
# libraries without the venue, runs a consumer on them, and looks at names and versions.
set -euo pipefail
source=$1 consumer=$2 work=$3 compiler=$4 nm=$5 readelf=$6
cmake -G Ninja -S "$source" -B "$work/build" -D CMAKE_CXX_COMPILER="$compiler" -D BUILD_SHARED_LIBS=ON \
    -D CMAKE_BUILD_TYPE=Release -D LOCKSTEP_BUILD_VENUE=OFF
cmake --build "$work/build"
cmake --install "$work/build" --prefix "$work/prefix"
cmake -G Ninja -S "$consumer" -B "$work/consumer" -D CMAKE_CXX_COMPILER="$compiler" \
    -D CMAKE_PREFIX_PATH="$work/prefix"
cmake --build "$work/consumer"
"$work/consumer/consumer"

libraries=("$work"/prefix/lib*/liblockstep_*.so)
((${#libraries[@]} == 2))  # base and engine
for library in "${libraries[@]}"; do
    symbols=$("$nm" --dynamic --defined-only --demangle "$library" | cut -d' ' -f3-)
    grep -q '^lockstep::' <<<"$symbols"
    foreign=$(grep -vE '(^|for |::)lockstep::' <<<"$symbols" || true)
    [[ -z $foreign ]] || { printf '%s exports\n%s\n' "$library" "$foreign"; exit 1; }
    "$readelf" --dynamic "$library" | grep -E 'SONAME.*\.so\.[0-9]+\.[0-9]+\]'
done
! find "$work/prefix" -name '*instruments*' -o -name '*accounts*' | grep .
