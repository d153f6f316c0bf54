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
((${#libraries[@]} == 3))  # base, c and engine
for library in "${libraries[@]}"; do
    symbols=$("$nm" --dynamic --defined-only --demangle "$library" | cut -d' ' -f3-)
    own='(^|for |::)lockstep::' version='[0-9]+\.[0-9]+'
    [[ $library != */liblockstep_c.so ]] || own='^(ls_[a-z0-9_]+@@|)LOCKSTEP_C_1$' version='[0-9]+'
    grep -qE "$own" <<<"$symbols"
    foreign=$(grep -vE "$own" <<<"$symbols" || true)
    [[ -z $foreign ]] || { printf '%s exports\n%s\n' "$library" "$foreign"; exit 1; }
    "$readelf" --dynamic "$library" | grep -E "SONAME.*\.so\.$version\]"
done
! find "$work/prefix" -name '*instruments*' -o -name '*accounts*' | grep .
