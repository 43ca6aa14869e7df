"""Make python/fst24/xarray/coastlines.npz of Natural Earth (public domain).

python tools/make_coastlines.py ne_50m_coastline.json ne_50m_lakes.json

The inputs are GeoJSON files of naturalearthdata.com, 1:50m, physical. Lakes of scale rank above 2
are left out. Positions are kept as steps of 180 / 32767 degrees (at most 0.3 km off; the data are
good to some km), as differences, which compress to a third.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

STEPS = 32767 / 180
OUT = Path(__file__).parent.parent / "python/fst24/xarray/coastlines.npz"
MAX_RANK = 2


def parts(geometry: dict[str, Any]) -> list[Any]:
    """The lines and rings of a geometry."""
    kind, found = geometry["type"], geometry["coordinates"]
    if kind == "LineString":
        return [found]
    if kind == "MultiPolygon":
        return [ring for polygon in found for ring in polygon]
    return list(found)


def read(path: str) -> list[npt.NDArray[np.int32]]:
    """Lines of a file in steps, points that fall together left out."""
    features = json.loads(Path(path).read_text(encoding="utf-8"))["features"]
    found = []
    for feature in features:
        if feature["properties"]["scalerank"] > MAX_RANK and "lakes" in path:
            continue
        for part in parts(feature["geometry"]):
            line = np.round(np.array(part)[:, :2] * STEPS).astype(np.int32)
            found.append(line[np.r_[True, np.diff(line, axis=0).any(axis=1)]])
    return [line for line in found if len(line) > 1]


def main() -> None:
    """Write the file."""
    lines = [line for path in sys.argv[1:] for line in read(path)]
    points = np.diff(np.concatenate(lines), axis=0, prepend=0)
    # Whole turns between lines wrap around in 16 bits, and back when they are summed up.
    np.savez_compressed(
        OUT,
        lon=points[:, 0].astype(np.int16),
        lat=points[:, 1].astype(np.int16),
        n_points=np.array([len(line) for line in lines], np.int32),
    )
    sys.stdout.write(f"{len(lines)} lines, {len(points)} points, {OUT.stat().st_size} bytes\n")


main()
