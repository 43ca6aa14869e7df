"""A Dataset of any size to NetCDF: xarray writes the header, values follow block by block."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import numpy as np

import fst24

from ._store import Meter, blocks_of, each_done, library, make_plan, n_threads_of, taking_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import netCDF4
    import numpy.typing as npt
    import xarray as xr

    from ._store import Mode, Progress, Stream

Format: TypeAlias = Literal["NETCDF4", "NETCDF4_CLASSIC", "NETCDF3_64BIT", "NETCDF3_CLASSIC"]
_FORMATS = get_args(Format)
#: zlib is there in every netCDF library; others are plug-ins of HDF5.
_COMPRESSIONS = (
    "zlib",
    "zstd",
    "bzip2",
    "blosc_lz",
    "blosc_lz4",
    "blosc_lz4hc",
    "blosc_zlib",
    "blosc_zstd",
)
#: Types of values that the classic model has not, and the next ones that it has.
_CLASSIC = {"u1": "i2", "u2": "i4", "u4": "i4", "i8": "i4", "u8": "i4"}


def write_netcdf(
    ds: xr.Dataset,
    path: str | os.PathLike[str],
    *,
    format: Format = "NETCDF4",  # noqa: A002 - as xarray and netCDF4 call it
    compression: str | None = None,
    level: int = 4,
    shuffle: bool = True,
    chunks: Mapping[str, int] | None = None,
    unlimited: Sequence[str] | str | None = None,
    fill_value: float | None = None,
    attributes: Mapping[str, str] | None = None,
    keep: bool = True,
    mode: Mode = "w",
    threads: int | None = None,
    progress: Progress | None = None,
) -> None:
    """Write a Dataset as a CF-1.11 NetCDF file, whatever its size.

    Values are read, decoded and encoded on threads while one thread writes. A few blocks of 16 MiB
    (or of a record, where that is larger) are in memory at a time. The file takes its name when it
    is complete. xarray encodes; times become whole hours, minutes or seconds.

    Parameters
    ----------
    ds : Dataset
        Lazy variables are read block by block, those in memory are taken as they are.
    path : str or PathLike
        The new file.
    format : str
        The format of the file, as `xarray.Dataset.to_netcdf` names it.
    compression : str, optional
        ``"zlib"``, or ``"zstd"``, ``"bzip2"``, ``"blosc_lz4"`` and the like, which readers need as
        plug-ins of HDF5. None: not compressed.
    level : int
        Of the compression: 1 (fast) to 9 (small).
    shuffle : bool
        Sort the bytes of values before they are compressed.
    chunks : mapping, optional
        Sizes of the chunks by dimension (-1: all of it); by default whole fields up to 4 MiB.
    unlimited : str or sequence of str, optional
        Dimensions that may grow later.
    fill_value : float, optional
        Stored in place of NaN in data variables; NaN itself by default.
    attributes : mapping, optional
        Global attributes: title, institution, source, comment, history ... An empty text removes.
    keep : bool
        Say in an attribute ``fst24`` of variables what CF attributes do not: nomvar, etiket, how
        values were packed, tables of levels, axes of grids. With it the file can become a standard
        file as it was.
    mode : {"w", "x"}
        Replace a file of that name, or refuse to. A directory is never replaced.
    threads : int, optional
        Blocks that are read at once; one a processor by default.
    progress : callable, optional
        Called after each block with the bytes done and all bytes.

    Raises
    ------
    ModuleNotFoundError
        netCDF4 is not installed.
    InvalidArgumentError
        A format, a compression, a dimension that is not there; values that the format cannot keep.
    UnsupportedError
        Complex numbers, or a compression that this netCDF library lacks.
    FileExistsError
        Mode "x", and the file is there.
    OSError
        The system refused; an old file of that name is as before.
    """
    netcdf = library("netCDF4", "writing NetCDF")
    dims = [unlimited] if isinstance(unlimited, str) else list(unlimited or ())
    _check(format, compression, dims, ds)
    fill = np.nan if fill_value is None else fill_value
    plan = make_plan(
        ds,
        attributes=attributes,
        fill_value=fill,
        chunks=chunks,
        keep=keep,
        streamed=() if format == "NETCDF4" else tuple(_CLASSIC),
    )
    blocks = blocks_of(plan.streams)
    n_threads, meter = n_threads_of(threads), Meter(blocks, progress)
    storage = _Storage(format, compression, level, shuffle, tuple(dims))
    with taking_name(path, mode, _no_directory) as beside, _told_of(path):
        plan.header.to_netcdf(
            beside,
            format=format,
            engine="netcdf4",
            unlimited_dims=[dim for dim in dims if dim in plan.header.dims],
        )
        lock = _lock()
        with lock:
            file = netcdf.Dataset(beside, "a")
        try:
            with lock:
                if compression is not None:
                    _check_plugin(file, compression)
                file.set_fill_off()
                variables = {s.name: _define(file, s, storage) for s in plan.streams}
            for block, values in each_done(
                blocks, lambda block: block.stream.encoded(block.key), n_threads
            ):
                variable = variables[block.stream.name]
                fitting = _fitting(values, variable.dtype, block.stream.name, format)
                with lock:
                    variable[block.key] = fitting
                meter.add(block)
        finally:
            with lock:
                file.close()


def _no_directory(target: Path) -> None:
    """Refuse to replace what is no file."""
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, "there is a directory of this name", str(target))


@contextmanager
def _told_of(path: str | os.PathLike[str]) -> Iterator[None]:
    """The NetCDF library does not say which file it could not write, nor why."""
    try:
        yield
    except RuntimeError as error:
        if not str(error).startswith("NetCDF:"):
            raise
        said = f"the file could not be written ({error}); is the disk full?"
        raise OSError(errno.EIO, said, os.fspath(path)) from error


@dataclass(frozen=True)
class _Storage:
    """How variables are stored in the file."""

    format: Format
    compression: str | None
    level: int
    shuffle: bool
    unlimited: tuple[str, ...]

    def dtype_of(self, stream: Stream) -> str:
        """The type of a variable, or the next one that the format has."""
        name: str = stream.sample.dtype.str[1:]
        return name if self.format == "NETCDF4" else _CLASSIC.get(name, name)

    def of(self, stream: Stream) -> dict[str, Any]:
        """Arguments of createVariable."""
        if not self.format.startswith("NETCDF4"):
            return {}
        if self.compression is None:
            grows = set(self.unlimited) & set(map(str, stream.variable.dims))
            # HDF5 would write the fill value to a whole contiguous variable before its values.
            is_chunked = grows or "_FillValue" in stream.sample.attrs
            return {"chunksizes": stream.chunks} if is_chunked else {"contiguous": True}
        how: dict[str, Any] = {"compression": self.compression, "complevel": self.level}
        shuffle = "blosc_shuffle" if self.compression.startswith("blosc") else "shuffle"
        return how | {shuffle: self.shuffle, "chunksizes": stream.chunks}


def _lock() -> Any:  # noqa: ANN401 - a lock
    """What xarray reads such files under: the library serves one thread at a time."""
    from xarray.backends.netCDF4_ import NETCDF4_PYTHON_LOCK

    return NETCDF4_PYTHON_LOCK


def _check(format_: str, compression: str | None, unlimited: Sequence[str], ds: xr.Dataset) -> None:
    if format_ not in _FORMATS:
        raise fst24.InvalidArgumentError(f"format={format_!r}: it is one of {', '.join(_FORMATS)}")
    if compression is not None and compression not in _COMPRESSIONS:
        raise fst24.InvalidArgumentError(
            f"compression={compression!r}: it is one of {', '.join(_COMPRESSIONS)}"
        )
    if compression is not None and not format_.startswith("NETCDF4"):
        raise fst24.InvalidArgumentError(f"{format_} cannot be compressed: choose NETCDF4")
    for name, variable in ds.variables.items():
        if variable.dtype.kind == "c":
            raise fst24.UnsupportedError(
                f"{name}: NetCDF has no complex numbers; leave it out, write its real and imaginary"
                " parts, or write Zarr"
            )
    unknown = [dim for dim in unlimited if dim not in ds.dims]
    if unknown:
        raise fst24.InvalidArgumentError(
            f"unlimited: no dimension {', '.join(unknown)}; there are"
            f" {', '.join(map(str, ds.dims))}"
        )


def _check_plugin(file: netCDF4.Dataset, compression: str) -> None:
    kind = compression.split("_", maxsplit=1)[0]
    if kind != "zlib" and not getattr(file, f"has_{kind}_filter")():
        raise fst24.UnsupportedError(
            f"compression={compression!r}: this netCDF library has no such filter; choose zlib"
        )


def _define(file: netCDF4.Dataset, stream: Stream, storage: _Storage) -> netCDF4.Variable[Any]:
    """Define a variable as xarray encodes it."""
    dims = tuple(map(str, stream.variable.dims))
    for dim, size in zip(dims, stream.variable.shape, strict=True):
        if dim not in file.dimensions:
            file.createDimension(dim, None if dim in storage.unlimited else size)
    dtype = storage.dtype_of(stream)
    attributes = dict(stream.sample.attrs)
    fill_value = attributes.pop("_FillValue", None)
    variable = file.createVariable(
        stream.name,
        dtype,
        dims,
        fill_value=False if fill_value is None else np.dtype(dtype).type(fill_value),
        **storage.of(stream),
    )
    variable.set_auto_maskandscale(False)  # values come encoded
    for name, value in attributes.items():
        variable.setncattr(str(name), value)
    return variable


def _fitting(
    values: npt.NDArray[Any], dtype: npt.DTypeLike, name: str, format_: str
) -> npt.NDArray[Any]:
    """Values in the type of the file, which may be narrower in the classic formats."""
    fitting = values.astype(dtype, copy=False)
    if values.dtype.kind in "iu" and fitting is not values and not np.array_equal(fitting, values):
        raise fst24.InvalidArgumentError(
            f"{name}: {format_} has no whole numbers beyond 32 bits with a sign; choose NETCDF4"
        )
    return fitting
