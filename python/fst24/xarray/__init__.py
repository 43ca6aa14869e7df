"""FST files as xarray Datasets."""
