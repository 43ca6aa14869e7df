"""Trees of Datasets, which not all supported versions of xarray have."""

from __future__ import annotations

import pytest
import xarray as xr

needs_trees = pytest.mark.skipif(
    not hasattr(xr, "DataTree"), reason="xarray has trees from 2024.10 on"
)
