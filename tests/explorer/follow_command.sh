#!/bin/sh
# A schedule that the command has recorded on real threads is followed on fibers.
#
#   follow_command.sh <lockstep> <follow> <work folder>
set -eu
lockstep=$1
follow=$2
work=$3
mkdir -p "$work"
fail() { echo "follow_command: $*" >&2; exit 1; }

"$lockstep" generate --workload trades --seed 3 --accounts 50 --markets 4 --blocks 6 --block-size 40 \
    -o "$work/log" >"$work/generated.txt"
"$lockstep" replay "$work/log" --workers 2 --record-schedule "$work/schedule" >"$work/replayed.txt"
blocks=$(grep -c '^block ' "$work/schedule")
for pace in '' --early; do
    # shellcheck disable=SC2086
    "$follow" "$work/log" "$work/schedule" $pace >"$work/followed.txt" ||
        fail "exit code $?: $(tail -n 1 "$work/followed.txt")"
    tail -n 1 "$work/followed.txt"
    tail -n 1 "$work/followed.txt" | grep -q "^$blocks blocks equal, " || fail "another number of blocks"
    [ "$(grep -c '^block .* events followed' "$work/followed.txt")" = "$blocks" ] ||
        fail "a block is not reported"
done

status=0
"$follow" "$work/log" "$work/log" 2>"$work/refused.txt" || status=$?
[ $status = 3 ] || fail "a log is taken for a schedule: exit code $status"
