#!/bin/sh
# The library as a C user gets it: install a copy, find it with pkg-config, build an example against
# it (shared and static), run the example on a golden file.
#
#   tools/check-installed.sh DIR     DIR is emptied first
set -eu
cd "$(dirname "$0")/.."
dir=$1
command -v pkg-config >/dev/null || { echo "check-installed.sh: pkg-config is missing" >&2; exit 1; }

rm -rf "$dir"
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
meson setup "$dir/build" --prefix=/usr --libdir=lib -Dtests=false -Dexamples=false -Dwerror=true >/dev/null
meson install -C "$dir/build" --destdir "$dir/root" --quiet

export PKG_CONFIG_LIBDIR="$dir/root/usr/lib/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$dir/root"
version=$(pkg-config --modversion fst24)
headers=$(cd "$dir/root/usr/include" && find . -type f)
[ "$headers" = ./fst24.h ] || { echo "installed headers: $headers; fst24.h alone is public" >&2; exit 1; }
if find "$dir/root" -name '*.py' -o -name '_core*' | grep -q .; then
    echo "a C install carries Python files" >&2
    exit 1
fi

# Everything that does not begin with f24_ stays inside.
library="$dir/root/usr/lib/libfst24.so"
if nm -D --defined-only "$library" | awk '$2 != "A" { print $3 }' | grep -v '^f24_'; then
    echo "symbols that libfst24.so should not export are listed above" >&2
    exit 1
fi

flags="-std=c11 -Wall -Wextra -Wpedantic -Werror"
# shellcheck disable=SC2046,SC2086 # lists of flags
gcc $flags $(pkg-config --cflags fst24) examples/c/list_and_read.c -o "$dir/shared" $(pkg-config --libs fst24)
# shellcheck disable=SC2046,SC2086
gcc $flags $(pkg-config --cflags fst24) examples/c/list_and_read.c -o "$dir/static" \
    "$dir/root/usr/lib/libfst24.a" -pthread -lm

sample=tests/golden/model/gem-2024051712_000.fst
LD_LIBRARY_PATH="$dir/root/usr/lib" "$dir/shared" "$sample" >"$dir/shared.txt"
"$dir/static" "$sample" >"$dir/static.txt"
cmp "$dir/shared.txt" "$dir/static.txt"
tail -n 1 "$dir/shared.txt"
echo "installed copy of libfst24 $version: found with pkg-config, header, shared and static library work"
