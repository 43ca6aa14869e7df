#!/bin/sh
# Make the virtual environment that the Makefile uses.
#
#   tools/setup-venv.sh PYTHON DIR user   fst24 and what it needs, as `pip install .` does
#   tools/setup-venv.sh PYTHON DIR dev    fst24 editable (rebuilt on import) and the tools of the gate
set -eu
cd "$(dirname "$0")/.."
python=$1 dir=$2 kind=$3

"$python" - <<'CHECK'
import sys
if sys.version_info < (3, 11):
    sys.exit(f"fst24 needs Python 3.11 or later, this is {sys.version.split()[0]}: make PYTHON=python3.11 ...")
try:
    import ensurepip, venv
except ImportError:
    sys.exit("Python's venv module is missing: apt-get install python3-venv")
CHECK

[ -x "$dir/bin/python" ] || "$python" -m venv "$dir"
pip() { "$dir/bin/python" -m pip --disable-pip-version-check "$@"; }

case $kind in
user)
    pip install --quiet .
    ;;
dev)
    # An editable install of meson-python builds with the tools of this environment, on each import.
    "$dir/bin/python" tools/requirements.py test >"$dir/requirements.txt"
    pip install --quiet -r "$dir/requirements.txt"
    pip install --quiet --no-build-isolation --no-deps -e .
    ;;
*)
    echo "setup-venv.sh: 'user' or 'dev', not '$kind'" >&2
    exit 2
    ;;
esac
