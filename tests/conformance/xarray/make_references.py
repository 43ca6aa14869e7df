"""What fstd2nc makes of the files of `cases.CASES`, as JSON.

    python3.11 -m venv peer
    peer/bin/pip install fstd2nc==0.20260914.0 fstd2nc-deps==0.20200304.6 'numpy<2' \
        xarray dask netCDF4 pyyaml 'setuptools<80'
    python -m tests.conformance.xarray.files MADE          # with fst24, at the root
    peer/bin/python tests/conformance/xarray/make_references.py MADE [--golden DIR] [--out DIR]

numpy below 2: with a newer one it fails on every grid that has a negative axis value.
"""

import argparse
import json
import sys
import traceback
import warnings
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import cases  # noqa: E402
import fstd2nc  # noqa: E402
import summary  # noqa: E402

def answer(paths, options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            buffer = fstd2nc.Buffer([str(p) for p in paths], progress=False, quiet=True, **options)
            return summary.of_dataset(buffer.to_xarray())
        except BaseException as error:  # noqa: BLE001 - it may also call exit()
            last = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{Path(last.filename).name}:{last.name}"
            return {"error": f"{type(error).__name__}: {error} ({where})"}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("made", type=Path)
    parser.add_argument("--golden", type=Path, default=HERE.parents[1] / "golden")
    parser.add_argument("--out", type=Path, default=HERE / "references")
    parser.add_argument("--only", nargs="*")
    asked = parser.parse_args()
    asked.out.mkdir(exist_ok=True)
    groups = {}
    for case in (*cases.CASES.values(), *cases.REAL_CASES):
        name = case.name
        if asked.only and name not in asked.only:
            continue
        paths = [asked.made / (f if "/" in f else f"{f}.fst") for f in case.files]
        paths = [p if p.exists() else asked.golden / f for p, f in zip(paths, case.files)]
        if not all(p.exists() for p in paths):
            print(name, "has no files here")
            continue
        group = case.files[0].split("/")[-1].split("-")[0].split(".")[0]
        groups.setdefault(group, {})[name] = answer(paths, case.theirs)
        print(name, groups[group][name].get("error", "ok"), flush=True)
    for group, found in groups.items():
        path = asked.out / f"{group}.json"
        if asked.only and path.exists():
            found = {**json.loads(path.read_text()), **found}
        lines = [f"{json.dumps(n)}: {json.dumps(d, separators=(',', ':'))}" for n, d in sorted(found.items())]
        path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
