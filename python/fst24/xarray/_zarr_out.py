"""A Dataset of any size to Zarr: xarray writes the header, chunks are written on threads."""

from __future__ import annotations

import errno
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

import fst24

from ._store import Meter, blocks_of, each_done, library, make_plan, n_threads_of, taking_name

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import xarray as xr
    import zarr

    from ._store import Block, Mode, Progress, Stream

_LEVELS = {"zstd": 3, "gzip": 4, "blosc": 3}


def _only_stores(target: Path) -> None:
    """Refuse to replace a directory that holds anything but a Zarr store."""
    if target.is_dir() and not all(map(_is_of_store, target.iterdir())):
        raise FileExistsError(
            errno.EEXIST, "there is a directory of this name that is no Zarr store", str(target)
        )


def _is_of_store(path: Path) -> bool:
    if not path.is_dir():
        return path.name == "zarr.json" or path.name.startswith(".z")
    return any((path / name).is_file() for name in ("zarr.json", ".zarray", ".zgroup"))


def write_zarr(
    ds: xr.Dataset,
    path: str | os.PathLike[str],
    *,
    zarr_format: Literal[2, 3] = 3,
    compression: str | None = "zstd",
    level: int | None = None,
    shuffle: bool = True,
    chunks: Mapping[str, int] | None = None,
    attributes: Mapping[str, str] | None = None,
    keep: bool = True,
    mode: Mode = "w",
    threads: int | None = None,
    progress: Progress | None = None,
) -> None:
    """Write a Dataset as a Zarr store in a directory, whatever its size.

    Chunks are read, decoded, compressed and written on threads. The directory takes its name when
    it is complete. Metadata are consolidated.

    Parameters
    ----------
    ds : Dataset
        Lazy variables are read block by block, those in memory are taken as they are.
    path : str or PathLike
        The new directory.
    zarr_format : {3, 2}
        Version of the format.
    compression : str, optional
        ``"zstd"``, ``"gzip"`` or ``"blosc"`` (zstd inside); None: not compressed.
    level : int, optional
        Of the compression; by default 3 (zstd, blosc) or 4 (gzip).
    shuffle : bool
        Sort the bytes of values, with ``"blosc"``.
    chunks, attributes, keep, mode, threads, progress
        As in `write_netcdf`.

    Raises
    ------
    ModuleNotFoundError
        zarr is not installed.
    InvalidArgumentError
        A compression or a dimension that is not there.
    FileExistsError
        Mode "x", and the directory is there.
    """
    zarr = library("zarr", "writing Zarr")
    compressor = _compressor(compression, level, zarr_format, shuffle=shuffle)
    plan = make_plan(ds, attributes=attributes, fill_value=None, chunks=chunks, keep=keep)
    blocks = blocks_of(plan.streams)
    n_threads, meter = n_threads_of(threads), Meter(blocks, progress)
    with taking_name(path, mode, _only_stores) as beside:
        with _unspecified():
            plan.header.to_zarr(beside, mode="w", zarr_format=zarr_format, consolidated=False)
        group = zarr.open_group(beside, mode="r+", zarr_format=zarr_format)
        arrays = {s.name: _define(group, s, compressor, zarr_format) for s in plan.streams}

        def put(block: Block) -> None:
            arrays[block.stream.name][block.key] = block.stream.encoded(block.key)

        for block, _ in each_done(blocks, put, n_threads):
            meter.add(block)
        with _unspecified():
            zarr.consolidate_metadata(beside, zarr_format=zarr_format)


@contextmanager
def _unspecified() -> Iterator[None]:
    """Without warnings of types of text and consolidated metadata, which version 3 has not yet."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*(Zarr V3|Zarr format 3).*")
        yield


def _compressor(name: str | None, level: int | None, zarr_format: int, *, shuffle: bool) -> Any:  # noqa: ANN401
    """A codec of the version of the format."""
    if name is None:
        return None
    if name not in _LEVELS:
        raise fst24.InvalidArgumentError(
            f"compression={name!r}: for Zarr it is one of {', '.join(_LEVELS)}"
        )
    level = _LEVELS[name] if level is None else level
    if zarr_format == 3:  # noqa: PLR2004 - as users write it
        from zarr import codecs

        if name == "blosc":
            how = codecs.BloscShuffle.shuffle if shuffle else codecs.BloscShuffle.noshuffle
            return codecs.BloscCodec(cname="zstd", clevel=level, shuffle=how)
        return (codecs.ZstdCodec if name == "zstd" else codecs.GzipCodec)(level=level)
    import numcodecs

    if name == "blosc":
        return numcodecs.Blosc("zstd", level, numcodecs.Blosc.SHUFFLE if shuffle else 0)
    return (numcodecs.Zstd if name == "zstd" else numcodecs.GZip)(level)


def _define(
    group: zarr.Group,
    stream: Stream,
    compressor: Any,  # noqa: ANN401 - a codec of either version
    zarr_format: int,
) -> Any:  # noqa: ANN401 - an array that threads may write
    """An array as xarray encodes it."""
    attributes = {str(name): _plain(value) for name, value in stream.sample.attrs.items()}
    dims = [str(dim) for dim in stream.variable.dims]
    is_old = zarr_format == 2  # noqa: PLR2004 - as users write it
    if is_old:
        attributes["_ARRAY_DIMENSIONS"] = dims
    # What fills chunks that are not there; in version 2 it means missing values, too.
    whole = None if is_old else 0
    return group.create_array(
        stream.name,
        shape=stream.variable.shape,
        dtype=stream.sample.dtype,
        chunks=stream.chunks,
        compressors=compressor,
        fill_value=float("nan") if stream.sample.dtype.kind == "f" else whole,
        attributes=attributes,
        dimension_names=None if is_old else dims,
    )


def _plain(value: Any) -> Any:  # noqa: ANN401
    """An attribute as JSON has it."""
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value
