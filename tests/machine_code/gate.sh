#!/usr/bin/env bash
# gate.sh <objdump> <nm> <objects and archives...>
# Looks at machine code: fails when it computes in floating point, or calls what no deterministic
# code may call. x86-64.
set -euo pipefail
objdump=$1
nm=$2
shift 2
(($#)) || { echo "no machine code to look at" >&2; exit 1; }

# Scalar and packed arithmetic, comparison and conversion in single and double precision; x87.
# Moves between vector registers are no arithmetic: compilers copy integers with them.
readonly arithmetic='v?(add|sub|mul|div|sqrt|rsqrt|rcp|min|max|round|rndscale|range|reduce|fixupimm'`
    `'|getexp|getmant|scalef|addsub|hadd|hsub|dp|cmp[a-z_]*|u?comi|fn?m(add|sub)[0-9a-z]*)(ss|sd|ps|pd|sh|ph)'
readonly conversion='v?cvt[a-z0-9]*'
readonly x87='f(ld|ild|ist|istp|isttp|st|stp|add|addp|iadd|sub|subp|subr|subrp|mul|mulp|imul|div|divp'`
    `'|divr|divrp|sqrt|sin|cos|patan|prem|prem1|yl2x|2xm1|scale|com[a-z]*|ucom[a-z]*|chs|abs|rndint)[stl]?'
# libm, random numbers, clocks, locale, environment. The adaptive mode reads the steady clock, and
# locks may wait with a time-out; neither reaches a result.
readonly calls='(sqrt|cbrt|pow|exp|exp2|expm1|log|log2|log10|log1p|sin|cos|tan|atan|atan2|floor|ceil'`
    `'|round|rint|fma|fmod|hypot|erf|tgamma|lgamma)[fl]?|s?rand(om|48)?(_r)?|[dlm]rand48|getrandom'`
    `'|arc4random(_[a-z]+)?|time|gettimeofday|localtime(_r)?|gmtime(_r)?|mktime|strftime'`
    `'|setlocale|uselocale|newlocale|strto(d|f|ld)|ato[fil]|getenv|_ZNSt6localeC[12].*'`
    `'|_ZNSt6chrono3_V212system_clock3nowEv'

found=0
for file in "$@"; do
    lines=$("$objdump" -d --no-show-raw-insn -C "$file" |
        awk -F'\t' -v pattern="^(($arithmetic)|($conversion)|($x87))\$" '
            /^[0-9a-f]+ </ {name = $0}
            NF >= 2 {
                split($2, word, " ")
                instructions++
                if (word[1] ~ pattern) print "  " name " " $2
            }
            END {if (instructions == 0) print "  no instructions"}')
    if [[ -n $lines ]]; then
        printf 'floating point in %s\n%s\n' "$file" "$lines" | head -n 20
        found=1
    fi
    symbols=$("$nm" -u "$file" 2>/dev/null | awk '{print $NF}' | sed 's/@.*//' |
        grep -xE "$calls" | sort -u || true)
    if [[ -n $symbols ]]; then
        printf 'banned calls in %s:\n%s\n' "$file" "$symbols"
        found=1
    fi
done
((found == 0)) || exit 2
echo "$# files without floating point and banned calls"
