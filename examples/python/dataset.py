"""A walk through a model file with xarray; the cells run one after the other, in the tests too.

python examples/python/dataset.py gem.fst
"""

# %% Open: headers alone are read.
import sys

import numpy as np
import xarray as xr

import fst24

path = sys.argv[1]
ds = xr.open_dataset(path, engine="fst24")
print(ds)

# %% A variable: axes with names, units, positions.
tt = ds.TT
print(tt.dims, tt.attrs["units"], tt.attrs["long_name"])

# %% The level nearest to the ground, and the place nearest to a town.
level = tt.dims[1]
lowest = tt.isel({level: -1, "time": 0})
distance = np.hypot(ds.lat - 45.5, ((ds.lon - 286.4 + 180) % 360 - 180) * np.cos(np.radians(45.5)))
row, column = np.unravel_index(int(distance.values.argmin()), distance.shape)
print(f"nearest point: {float(lowest.isel(rlat=row, rlon=column)):.1f} {tt.attrs['units']}")

# %% Statistics over the grid, a line a level.
mean = tt.mean(["time", "rlat", "rlon"])
for value, number in zip(mean[level].values, mean.values, strict=True):
    print(f"{value:8.5f} {number:8.2f}")

# %% Pressures: the formula of the levels, with the surface pressure of the file.
a, b = ds[f"a{level.removeprefix('level')}"], ds[f"b{level.removeprefix('level')}"]
pref = ds[f"pref{level.removeprefix('level')}"]
pressure = np.exp(a + b * np.log(ds.P0 / pref)) / 100
print(f"pressures from {float(pressure.min()):.2f} to {float(pressure.max()):.2f} hPa")

# %% The same with dask: nothing is read before compute().
lazy = fst24.to_xarray(path, chunks={}) if "dask" in sys.modules else fst24.to_xarray(path)
print(float(lazy.TT.max()))
