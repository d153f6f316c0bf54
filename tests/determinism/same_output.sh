#!/usr/bin/env bash
# Do two builds of the lockstep command write the same bytes?
#
#   same_output.sh reference <folder> <lockstep...>
#       Fills the folder: logs of every workload that `lockstep generate` knows, a log of every
#       recorded file under LOCKSTEP_DATA (when set), and for each log the digest file and the
#       access lists of the serial executor. Blocks of generated logs are 250 ms apart, or 15 minutes, so that funding
#       accrues and markets expire.
#   same_output.sh check <folder> <own folder> <workers...> -- <lockstep...>
#       Generates the same logs with another build, replays all logs of the folder serially and in
#       parallel with each number of workers, and compares logs and digest files byte for byte,
#       with the last of several numbers of workers access lists too. RECORDED=no leaves the
#       recorded logs out.
#
# BLOCKS and BLOCK_SIZE are the sizes of generated logs. Exit code: 0 same, 2 different (stderr names
# log, workers, block and transaction), 5 the command could not be run.
set -uo pipefail
export LC_ALL=C

readonly different=2 broken=5

readonly block_intervals_ms='250 900000'

# generate <workload> <interval> <log> <lockstep...>
generate() {
    local workload=$1 interval=$2 log=$3
    shift 3
    "$@" generate --workload "$workload" --seed 7 --accounts 300 --markets 8 --blocks "$BLOCKS" \
        --block-size "$BLOCK_SIZE" --block-interval-ms "$interval" -o "$log" >/dev/null
}

workloads() {
    "$@" generate --help | sed -n 's/.*--workload TEXT:{\([^}]*\)}.*/\1/p' | tr ',' '\n'
}

# recorded_inputs: files that `lockstep import` can read, one a line.
recorded_inputs() {
    local data=${LOCKSTEP_DATA-} pattern file
    [[ -n $data ]] || return 0
    for pattern in 'hyperliquid_fills/*.jsonl*' 'binance_trades/*' 'comex_gold_futures/*.zip' \
        'nepse_trades/*.csv*'; do
        for file in "$data"/$pattern; do
            [[ ! -e $file ]] || printf '%s\n' "$file"
        done
    done
}

make_reference() {
    local folder=$1 workload interval format file log
    shift
    mkdir -p "$folder/generated" "$folder/recorded"
    [[ -n $(workloads "$@") ]] || exit $broken
    for workload in $(workloads "$@"); do
        for interval in $block_intervals_ms; do
            generate "$workload" "$interval" "$folder/generated/$workload.$interval.log" "$@" ||
                exit $broken
        done
    done
    while read -r file; do
        log=$folder/recorded/$(basename "$file").log
        "$@" import "$file" -o "$log" >/dev/null 2>&1 || exit $broken
    done < <(recorded_inputs)
    for log in "$folder"/*/*.log; do
        "$@" replay "$log" --workers 0 --effects --digests "${log%.log}.dig" \
            --access-lists "${log%.log}.access" >/dev/null || exit $broken
    done
}

verdict=0

# differs <text>
differs() {
    echo "same_output: $*" >&2
    ((verdict != 0)) || verdict=$different
}

# run_replay <reference log> <own path without suffix> <workers> <lockstep...>
run_replay() {
    local log=$1 own=$2 workers=$3 status=0 suffix options=()
    shift 3
    local name=${log#"$folder"/} expected=${log%.log} compared=(dig)
    if ((${#counts[@]} > 1 && workers == counts[-1])); then
        compared+=(access)
        options=(--access-lists "$own.access")
    fi
    "$@" replay "$log" --workers "$workers" --verify --effects --digests "$own.dig" \
        --against "$expected.dig" ${options[@]+"${options[@]}"} >/dev/null || status=$?
    if ((status == different)); then
        differs "$name, $workers workers: see the line above"
        return
    elif ((status != 0)); then
        echo "same_output: $name, $workers workers: exit code $status" >&2
        verdict=$broken
        return
    fi
    for suffix in "${compared[@]}"; do
        cmp "$expected.$suffix" "$own.$suffix" >&2 ||
            differs "$name, $workers workers: the .$suffix files differ"
    done
}

check() {
    folder=$1
    local own=$2 name log workers turn=0
    shift 2
    while (($#)) && [[ $1 != -- ]]; do
        counts+=("$1")
        shift
    done
    shift
    mkdir -p "$own"
    for log in "$folder"/generated/*.log; do
        name=$(basename "$log" .log)
        if ! generate "${name%.*}" "${name##*.}" "$own/$name.log" "$@"; then
            verdict=$broken
        elif ! cmp "$log" "$own/$name.log" >&2; then
            differs "generate writes another log of $name"
        fi
        for workers in "${counts[@]}"; do
            run_replay "$log" "$own/$name.$workers" "$workers" "$@"
        done
    done
    [[ ${RECORDED-yes} == yes ]] || return 0
    # Recorded logs are long; each gets one number of workers, in turn.
    for log in "$folder"/recorded/*.log; do
        [[ -e $log ]] || continue
        workers=${counts[turn++ % ${#counts[@]}]}
        run_replay "$log" "$own/$(basename "$log" .log)" "$workers" "$@"
    done
}

BLOCKS=${BLOCKS:-16}
BLOCK_SIZE=${BLOCK_SIZE:-200}
folder=
counts=()
case ${1-} in
    reference) make_reference "${@:2}" ;;
    check)
        check "${@:2}"
        exit $verdict
        ;;
    *)
        sed -n '2,/^set/p' "$0" | sed -n 's/^# \{0,1\}//p' >&2
        exit 1
        ;;
esac
