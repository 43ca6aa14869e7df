#!/bin/sh
# Run one libFuzzer target, built in build/fuzz, on the golden files.
#
#   tools/fuzz.sh TARGET SECONDS
#
# What it finds is left in build/fuzz/finds: make it small, and keep it as a test.
set -eu
cd "$(dirname "$0")/.."
target=$1 seconds=$2
program=build/fuzz/tests/fuzz/fuzz_$target
[ -x "$program" ] || { echo "fuzz.sh: no target '$target'; there are:" build/fuzz/tests/fuzz/fuzz_?* >&2; exit 2; }
mkdir -p "build/fuzz/corpus-$target" build/fuzz/seeds build/fuzz/finds
# Small ones: they say as much as large ones, faster.
find tests/golden -name '*.fst' -size -64k -exec cp {} build/fuzz/seeds/ \;
"$program" -max_total_time="$seconds" -rss_limit_mb=2048 -malloc_limit_mb=1024 -timeout=10 -max_len=65536 \
    -artifact_prefix=build/fuzz/finds/ -print_final_stats=1 "build/fuzz/corpus-$target" build/fuzz/seeds
