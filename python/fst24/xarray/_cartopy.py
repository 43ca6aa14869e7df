"""Axes of cartopy: projections of frames, lines in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from ._frame import Frame

    Reals = npt.NDArray[np.float64]


def is_wanted(ax: Any, wanted: bool | None) -> bool:  # noqa: ANN401, FBT001
    """Whether the axes are, or are to be, those of cartopy."""
    if ax is not None:
        return hasattr(ax, "projection")
    if wanted is None:
        import importlib.util

        return importlib.util.find_spec("cartopy") is not None
    return wanted


def project_lines(ax: Any, lat: Reals, lon: Reals) -> tuple[Reals, Reals]:  # noqa: ANN401
    """Lines in the plane of axes of cartopy, broken where they leap across it."""
    import cartopy.crs as ccrs

    # Copies: cartopy writes into what it is given.
    points = ax.projection.transform_points(ccrs.PlateCarree(), lon.copy(), lat.copy())
    x, y = points[:, 0].copy(), points[:, 1].copy()
    width = ax.projection.x_limits[1] - ax.projection.x_limits[0]
    with np.errstate(invalid="ignore"):
        x[1:][np.abs(np.diff(x)) > width / 4] = np.nan
    x[~np.isfinite(x) | ~np.isfinite(y)] = np.nan
    return x, y


def crs_of(frame: Frame) -> tuple[Any, float]:
    """The frame as a CRS of cartopy with the map in its middle, and what is taken from x for that.

    The edge of a projection is 180 degrees from its middle: a map across it would be torn.
    """
    import cartopy.crs as ccrs

    attrs = frame.grid.crs
    radius = attrs["earth_radius"]
    globe = ccrs.Globe(ellipse=None, semimajor_axis=radius, semiminor_axis=radius)
    left, right, _, _ = frame.extent
    if attrs["grid_mapping_name"] == "polar_stereographic":
        crs = ccrs.Stereographic(
            central_latitude=attrs["latitude_of_projection_origin"],
            central_longitude=attrs["straight_vertical_longitude_from_pole"],
            scale_factor=attrs["scale_factor_at_projection_origin"],
            globe=globe,
        )
        return crs, 0.0
    middle = (left + right) / 2
    if attrs["grid_mapping_name"] == "latitude_longitude":
        return ccrs.PlateCarree(central_longitude=middle, globe=globe), middle
    crs = ccrs.RotatedPole(
        pole_longitude=attrs["grid_north_pole_longitude"],
        pole_latitude=attrs["grid_north_pole_latitude"],
        central_rotated_longitude=attrs["north_pole_grid_longitude"] - middle,
        globe=globe,
    )
    return crs, middle
