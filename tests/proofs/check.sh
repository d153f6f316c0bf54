#!/usr/bin/env bash
# check.sh <solver> <program that prints the constants> <file.smt2>
# Gives every claim of the file to the solver and compares the verdicts with those that the file
# expects. A claim is echoed, its expectation stands as (set-info :status ...) before its (check-sat).
set -euo pipefail
solver=$1
constants=$2
file=$3
folder=$(dirname "$0")

case $(basename "$solver") in
    z3*) run=("$solver" -in -t:20000) ;;
    cvc5*) run=("$solver" --incremental --lang=smt2 --tlimit-per=20000 --nl-ext-tplanes -q) ;;
    *) echo "no solver called $solver" && exit 1 ;;
esac

mapfile -t claims < <(sed -n 's/^(echo "\(.*\)")$/\1/p' "$file")
mapfile -t expected < <(sed -n 's/^(set-info :status \(.*\))$/\1/p' "$file")
# Solvers that know :status would complain in words of their own.
mapfile -t found < <({
    echo '(set-logic ALL)'
    "$constants"
    cat "$folder/definitions.smt2"
    sed '/^(echo\|^(set-info/d' "$file"
} | "${run[@]}" 2>&1)

if ((${#claims[@]} == 0)) || ((${#claims[@]} != ${#expected[@]})) ||
    ((${#claims[@]} != $(grep -c '^(check-sat)$' "$file"))); then
    echo "$file: ${#claims[@]} claims, ${#expected[@]} expectations"
    exit 1
fi
if ! printf '%s\n' "${expected[@]}" | grep -qx sat; then
    echo "$file: no claim is broken on purpose"
    exit 1
fi
wrong=0
for i in "${!claims[@]}"; do
    verdict=${found[i]:-nothing}
    printf '%-8s %s\n' "$verdict" "${claims[i]}"
    if [[ $verdict != "${expected[i]}" ]]; then
        echo "         expected ${expected[i]}"
        wrong=1
    fi
done
if ((${#found[@]} != ${#claims[@]})); then
    printf '%s\n' "the solver said:" "${found[@]}"
    wrong=1
fi
exit "$wrong"
