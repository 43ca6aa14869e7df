#!/bin/sh
# Run pytest with a sanitizer in the library and in the extension.
#
#   tools/pytest-sanitized.sh address|undefined|thread [pytest arguments]
#
# CPython itself is not instrumented: the runtime is preloaded, and leaks of the interpreter are not
# looked for (the C tests look for ours).
set -eu
cd "$(dirname "$0")/.."
sanitizer=$1
shift
site=$PWD/build/python-$sanitizer
rm -rf "$site"

# A directory of its own: an environment that holds an editable fst24 would hide this copy.
python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --target "$site/lib" \
    -Csetup-args=-Db_sanitize="$sanitizer" -Csetup-args=-Db_lundef=false -Csetup-args=-Dbuildtype=debugoptimized \
    -Csetup-args=-Dtests=false -Csetup-args=-Dexamples=false -Cbuild-dir="$site/build" .
packages=$(python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
interpreter=$(python -c 'import sys; print(sys._base_executable)')
case $sanitizer in
address) runtime=libasan.so ;;
undefined) runtime=libubsan.so ;;
thread) runtime=libtsan.so ;;
esac

# The base interpreter reads no .pth file of the environment, so the editable hook stays out.
export PYTHONPATH="$site/lib:$packages" PYTHONMALLOC=malloc FST24_SANITIZER="$sanitizer"
export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1
export TSAN_OPTIONS="${TSAN_OPTIONS:-halt_on_error=1}"
LD_PRELOAD="$(gcc -print-file-name=$runtime)" "$interpreter" -m pytest -p no:cacheprovider "$@"
