#!/bin/sh
# The package as pip installs it: build a wheel, look what it holds, read a file with it.
#
#   tools/check-wheel.sh DIR     DIR is emptied first
#
# An editable install does not tell: it runs from the build directory, whatever a wheel would hold.
set -eu
cd "$(dirname "$0")/.."
dir=$1
rm -rf "$dir"
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
python -m pip wheel --quiet --disable-pip-version-check --no-build-isolation --no-deps --wheel-dir "$dir" .
python -m zipfile -l "$dir"/fst24-*.whl | awk 'NR > 1 { print $1 }' >"$dir/content.txt"
for name in fst24/__init__.py fst24/py.typed fst24/_core.pyi fst24/cli/__init__.py 'fst24/_core\..*so'; do
    grep -q "^$name$" "$dir/content.txt" || { echo "the wheel has no $name" >&2; exit 1; }
done
if grep -vE '^(fst24|fst24-[^/]*\.dist-info)/' "$dir/content.txt"; then
    echo "the wheel holds files beside the package, listed above" >&2
    exit 1
fi

python -m pip install --quiet --disable-pip-version-check --no-deps --target "$dir/site" "$dir"/fst24-*.whl
packages=$(python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
# -S leaves the .pth files of the environment out, and with them an editable fst24.
PYTHONPATH="$dir/site:$packages" python -S - <<'READ'
import fst24

assert "wheel" in fst24.__file__, fst24.__file__
with fst24.open("tests/golden/model/gem-2024051712_000.fst") as file:
    n_values = sum(array.size for array in file.read())
    print(f"a wheel of fst24 {fst24.__version__} reads {len(file)} records, {n_values} values")
READ
PYTHONPATH="$dir/site:$packages" python -S -m fst24.cli info tests/golden/model/gem-2024051712_000.fst
