#!/usr/bin/env bash
# Builds the lockstep command for the rows of a design, runs each against a reference build, and
# prints a table.
#
#   matrix.sh <design file> <reference lockstep> <work folder> [pattern...]
#
# With patterns only rows that contain one of them are run (`s390x`, `g++ libstdc++ -O0`).
# Exit code: 0 all rows are equal, 2 a row differs, 5 a row could not be built or run.
set -uo pipefail
export LC_ALL=C
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source_folder=$(cd "$here/../.." && pwd)
readonly here source_folder
readonly jobs=${LOCKSTEP_JOBS:-$(nproc)}

# rows <design file> [patterns...]: the rows with single spaces between the columns.
rows() {
    local design=$1 row pattern
    shift
    sed -e 's/#.*//' -e 's/  */ /g' -e 's/ $//' "$design" | while read -r row; do
        [[ -n $row ]] || continue
        (($#)) || echo "$row"
        for pattern in "$@"; do
            [[ $row != *"$pattern"* ]] || { echo "$row" && break; }
        done
    done
}

# library_folder <machine>: where that machine's libc++.a is; fetched from Debian when it is not there.
library_folder() {
    local machine=$1 folder=$work/packages/$1
    local libraries=$folder/root/usr/lib/llvm-19/lib
    if [[ ! -e $libraries/libc++.a ]]; then
        "$here/fetch_packages.sh" "$machine" "$folder" libc++-19-dev libc++abi-19-dev >&2 || return
    fi
    echo "$libraries"
}

# build <row...>: builds $binary in $build.
build() {
    local machine=$1 compiler=$2 library=$3 optimise=$4 sanitizer=$5 options=() flags="" folder
    if [[ $machine == "$(uname -m)" ]]; then
        [[ $library != libc++ ]] || flags="-stdlib=libc++ -fexperimental-library"
        options=(-D "CMAKE_CXX_COMPILER=$compiler" -D "CMAKE_CXX_FLAGS=$flags")
    else
        options=(--toolchain "$here/toolchains/$machine.cmake" -D "LOCKSTEP_COMPILER=$compiler")
        if [[ $library == libc++ ]]; then
            folder=$(library_folder "$machine") || return
            options+=(-D "LOCKSTEP_LIBCXX=$folder")
        fi
    fi
    [[ $sanitizer == none ]] || options+=(-D "LOCKSTEP_SANITIZE=$sanitizer")
    [[ $optimise != -O3 ]] || optimise="-O3 -D NDEBUG"
    cmake -S "$source_folder" -B "$build" -G Ninja --log-level=WARNING "${options[@]}" \
        -D CMAKE_BUILD_TYPE=Release -D "CMAKE_CXX_FLAGS_RELEASE=$optimise" \
        -D LOCKSTEP_BUILD_IMPORT=OFF -D LOCKSTEP_BUILD_INSPECT=OFF -D LOCKSTEP_BUILD_STRESS=OFF \
        -D LOCKSTEP_BUILD_REPORT=OFF \
        -D LOCKSTEP_BUILD_TESTS=OFF -D LOCKSTEP_BUILD_BENCH=OFF -D CMAKE_UNITY_BUILD=ON \
        -D CMAKE_UNITY_BUILD_BATCH_SIZE=16 \
        >"$build.txt" &&
        cmake --build "$build" --parallel "$jobs" --target lockstep >>"$build.txt"
}

# run <row...>: checks $binary against the reference.
run() {
    local machine=$1 sanitizer=$5 workers=$6 recorded=$7 command=("$binary")
    if [[ $machine != "$(uname -m)" ]]; then
        # The leak check would trace the process, which the emulation does not let it.
        export ASAN_OPTIONS=detect_leaks=0
        command=("qemu-$machine" -L "/usr/$machine-linux-gnu" "$binary")
    elif [[ $sanitizer != none ]] && setarch -R true 2>/dev/null; then
        # Sanitizers do not know address spaces that are randomised more widely.
        command=(setarch -R "$binary")
    fi
    # shellcheck disable=SC2086
    RECORDED=$recorded "$here/same_output.sh" check "$reference" "$build/output" ${workers//,/ } \
        -- "${command[@]}"
}

print_line() {
    printf '%-8s %-10s %-9s %-4s %-17s %-7s %-8s %-6s %6s %6s\n' "$@"
}

design=${1:?usage: matrix.sh <design file> <reference lockstep> <work folder> [pattern...]}
lockstep=${2:?no reference build}
work=${3:?no work folder}
mkdir -p "$work"
work=$(cd "$work" && pwd)
readonly reference=$work/reference
rm -rf "$reference"
if ! "$here/same_output.sh" reference "$reference" "$lockstep"; then
    echo "matrix: $lockstep does not write the reference" >&2
    exit 5
fi
shopt -s nullglob
logs=("$reference"/generated/*.log)
recorded_logs=("$reference"/recorded/*.log)
transactions=$(sed -n 's/^end [0-9]* \([0-9]*\) .*/\1/p' "$reference"/*/*.dig |
    awk '{sum += $1} END {print sum}')
echo "${#logs[@]} generated and ${#recorded_logs[@]} recorded logs, $transactions transactions"
print_line machine compiler library opt sanitizer workers recorded equal build run

verdict=0
while read -r machine compiler library optimise sanitizer workers recorded; do
    row=("$machine" "$compiler" "$library" "$optimise" "$sanitizer" "$workers" "$recorded")
    build=$work/$machine-$compiler-$library$optimise-${sanitizer//,/-}
    binary=$build/replay/lockstep
    started=$SECONDS
    if ! build "${row[@]}"; then
        tail -n 20 "$build.txt" >&2
        print_line "${row[@]}" 'no build' $((SECONDS - started)) -
        verdict=5
        continue
    fi
    built=$SECONDS
    status=0
    (run "${row[@]}") || status=$?
    case $status in
        0) equal=yes ;;
        2)
            equal=NO
            ((verdict != 0)) || verdict=2
            ;;
        *)
            equal=failed
            verdict=5
            ;;
    esac
    print_line "${row[@]}" "$equal" $((built - started)) $((SECONDS - built))
done < <(rows "$design" "${@:4}")
exit $verdict
