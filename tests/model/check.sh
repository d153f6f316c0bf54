#!/usr/bin/env bash
# check.sh <spin> <compiler> <model> holds|finds safety|liveness [-DNAME=VALUE ...]
# Explores every interleaving of a Promela model. Exit code 0 when all of them are right (holds), or
# when an error is found (finds).
set -euo pipefail
spin=$1 compiler=$2 model=$3 wanted=$4 kind=$5
shift 5
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"$spin" -a "$@" "$model" >/dev/null
if [[ $kind == safety ]]; then
    "$compiler" -O2 -w -DSAFETY -DNOCLAIM -DCOLLAPSE -DMEMLIM=3000 -o pan pan.c
    ./pan -m1000000 -w23 >out
else
    # Weak fairness: every worker that can go on does so in the end.
    "$compiler" -O2 -w -DMEMLIM=3000 -DNFAIR=3 -o pan pan.c
    ./pan -a -f -m1000000 -w23 >out
fi
grep -E '^pan:1|errors:|states, stored|elapsed' out
errors=$(sed -n 's/.*errors: \([0-9]*\).*/\1/p' out)
if grep -qE 'max search depth too small|out of memory|aborting' out || [[ -z $errors ]]; then
    echo "the search is not complete"
    exit 1
fi
case $wanted in
    holds) [[ $errors == 0 ]] ;;
    finds) [[ $errors != 0 ]] ;;
    *) exit 1 ;;
esac
