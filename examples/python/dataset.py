"""A walk through a model run with xarray, a cell after the other; the tests run it.

Give it the file of a run with TT, UU, VV and P0 on model levels: ``dataset.py gem.fst``.
"""

# %% Open: headers alone are read.
import sys
import tempfile
from pathlib import Path

import numpy as np
import xarray as xr

import fst24

path = sys.argv[1]
ds = xr.open_dataset(path, engine="fst24")
print(ds)

# %% A variable has axes, names and units.
tt = ds.TT
level = tt.dims[1]
print(tt.dims, tt.attrs["long_name"], tt.attrs["units"])
for value, mean in zip(tt[level].values, tt.mean(["time", "rlat", "rlon"]).values, strict=True):
    print(f"{value:8.5f} {mean:8.2f}")

# %% Pressure of its levels: the formula of the !!, with P0 of the file. Lazy, as everything.
pressure = ds.fst24.pressure("TT")
print(pressure.dims, f"{float(pressure.min()):.2f} to {float(pressure.max()):.2f} hPa")

# %% Winds blow along the axes of the grid; here they are turned to east and north.
wind = ds.fst24.wind()
print(list(wind.data_vars), f"at most {float(wind.wind_speed.max()):.1f} {wind.wind_speed.units}")

# %% Values at places, between the points of the grid.
towns = {"Toronto": (43.7, -79.4), "Chicago": (41.9, -87.6)}
lat, lon = np.array(list(towns.values())).T
points = ds[["TT"]].isel({"time": 0, level: -1}).fst24.sel_points(lat, lon, method="linear")
for town, value in zip(towns, points.TT.values, strict=True):
    print(f"{town:10} {value:6.1f} {tt.attrs['units']}")  # nan outside of the grid

# %% Another grid: a regular one, over the same region.
regular = fst24.grid.Grid("L", 20, 10, fst24.grid.encode("L", lat0=35, lon0=265, dlat=1, dlon=1))
print(ds[["P0"]].fst24.interp_to(regular).P0.dims)

# %% And back: a standard file that every tool reads.
with tempfile.TemporaryDirectory() as folder:
    new = Path(folder) / "tt.fst"
    ds[["TT", "P0"]].fst24.to_fst(new)
    with fst24.open(new) as f:
        print(f, f.find(nomvar="TT"))
