# readme_program.sh <README> <language> <out>: writes the program of a README, its first block of that
# language, which has at most 60 lines.
set -eu
awk -v fence="\`\`\`$2" '$0 == fence && !done {on = 1; next} /^```$/ {if (on) done = 1; on = 0} on' "$1" >"$3"
lines=$(wc -l <"$3")
if [ "$lines" -lt 5 ] || [ "$lines" -gt 60 ]; then
    echo "$1: the program has $lines lines; 5 to 60" >&2
    exit 1
fi
