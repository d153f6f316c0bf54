#!/usr/bin/env bash
# planted_fault.sh <reference lockstep> <other lockstep> <scratch folder> <regex>
# Compares two builds: exit code 2 and text that the regex finds are expected, or, when the regex is
# empty, exit code 0 and nothing on stderr.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
reference=$1
other=$2
scratch=$3
expected=$4
export BLOCKS=16 BLOCK_SIZE=60
unset LOCKSTEP_DATA
rm -rf "$scratch"
"$here/same_output.sh" reference "$scratch/reference" "$reference" || exit 1
status=0
"$here/same_output.sh" check "$scratch/reference" "$scratch/output" 1 2 -- "$other" \
    2>"$scratch/errors.txt" || status=$?
cat "$scratch/errors.txt"
if [[ -z $expected ]]; then
    [[ $status == 0 && ! -s $scratch/errors.txt ]] || { echo "exit code $status instead of 0"; exit 1; }
else
    [[ $status == 2 ]] || { echo "exit code $status instead of 2"; exit 1; }
    grep -Eq "$expected" "$scratch/errors.txt" || { echo "nothing says: $expected"; exit 1; }
fi
