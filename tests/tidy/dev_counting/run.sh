#!/usr/bin/env bash
# run.sh <source root> <scratch folder>: counts tests that end in every way and an empty report.
set -euo pipefail
root=$1
scratch=$2
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
rm -rf "$scratch"
cmake -G Ninja -S "$here" -B "$scratch" >/dev/null
ctest --test-dir "$scratch" --output-junit "$scratch/junit.xml" >/dev/null || true

# shellcheck source=/dev/null
source "$root/dev"
count_report sample "$scratch/junit.xml"
[[ $passed == 2 ]] || { echo "$passed passed instead of 2"; exit 1; }
[[ $failed == 6 ]] || { echo "$failed failed instead of 6: ${failures[*]}"; exit 1; }
[[ ${skips[*]} == "sample: skips" ]] || { echo "skipped: ${skips[*]-none}"; exit 1; }

count_report empty "$scratch/no_such_report.xml"
[[ $failed == 7 ]] || { echo "a stage without tests did not fail"; exit 1; }
last=$(print_summary | tail -n 1) || true
[[ $last == "2 passed, 7 failed" ]] || { echo "last line: $last"; exit 1; }
(print_summary >/dev/null) && { echo "failures do not reach the exit code"; exit 1; }
echo "counting is right"
