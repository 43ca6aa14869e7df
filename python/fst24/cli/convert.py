"""``fst24 convert``: standard files to NetCDF and Zarr, and back."""

from __future__ import annotations

import ast
import inspect
import sys
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

import fst24

from ._files import one_line_warnings
from ._output import complain, counted
from ._rows import language_option
from ._select import Selection, selection_options_but
from ._target import backend_option, exists, failing_in_one_line, force_option
from ._work import progress_of, threads_option
from .repack import parse_type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import xarray as xr

Kind = Literal["netcdf", "zarr", "fst"]

_SUFFIXES: dict[str, Kind] = {
    **dict.fromkeys((".nc", ".nc4", ".cdf", ".netcdf"), "netcdf"),
    ".zarr": "zarr",
    **dict.fromkeys((".fst", ".std", ".rpn", ".rsf", ".xdf"), "fst"),
}
_KINDS: dict[str, Kind] = {"nc": "netcdf", "zarr": "zarr", "fst": "fst"}
_NAMES: dict[Kind, str] = {"netcdf": "NetCDF", "zarr": "Zarr", "fst": "standard files"}
_WORDS = {"true": True, "yes": True, "false": False, "no": False, "none": None}

#: Options that are passed on, by what takes them: all that stand in this module but those of
#: `_Making`; the rest are of `Selection`.
_READING = ("forecast_axis", "ensemble", "bounds", "diag", "rpnstd_metadata", "lang", "options")
_STORING = (
    "compression",
    "compression_level",
    "shuffle",
    "chunks",
    "attributes",
    "history",
    "no_keep",
)
_OF_KIND: dict[Kind, tuple[str, ...]] = {
    "netcdf": (*_READING, *_STORING, "format", "unlimited", "fill_value"),
    "zarr": (*_READING, *_STORING),
    "fst": ("options", "datyp", "nbits", "backend"),
}
_PASSED_ON = {name for names in _OF_KIND.values() for name in names}


@dataclass(frozen=True, kw_only=True)
class _Making:
    """A file to make, and how the user is told of it."""

    out: str
    kind: Kind
    force: bool
    threads: int
    no_progress: bool
    quiet: bool

    @property
    def mode(self) -> Literal["w", "x"]:
        """Whether a file of that name is replaced."""
        return "w" if self.force else "x"


def _pairs(what: str) -> Any:  # noqa: ANN401 - a callback of click
    """Take ``NAME=VALUE`` arguments as a dictionary."""

    def parse(
        _context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]
    ) -> dict[str, str]:
        pairs = {}
        for text in given:
            name, equals, value = text.partition("=")
            if not equals or not name.strip():
                raise click.BadParameter(f"{text!r} is not {what}")
            pairs[name.strip()] = value
        return pairs

    return parse


@click.command("convert")
@click.argument("files", metavar="IN... OUT", nargs=-1, required=True)
@click.option(
    "--to",
    type=click.Choice(list(_KINDS)),
    help="What OUT is, where its name does not end with .nc, .zarr or .fst.",
)
@click.option(
    "--forecast-axis/--no-forecast-axis",
    default=None,
    help="Dates of origin and forecast hours as two dimensions, or dates of validity.",
)
@click.option(
    "--ensemble/--no-ensemble", default=None, help="Labels (etiket) as members of an ensemble."
)
@click.option("--bounds", is_flag=True, help="Bounds of cells and levels.")
@click.option(
    "--diag",
    type=click.Choice(["merge", "split", "drop", "only"]),
    help="Diagnostic levels: with the others (the default), as variables of their own, none.",
)
@click.option("--rpnstd-metadata", is_flag=True, help="Header fields as attributes of variables.")
@language_option
@click.option(
    "--option",
    "options",
    metavar="NAME=VALUE",
    multiple=True,
    callback=_pairs("NAME=VALUE"),
    help="Any other option of fst24.to_xarray, or of ds.fst24.to_fst when OUT is a standard file.",
)
@click.option(
    "--format",
    type=click.Choice(["NETCDF4", "NETCDF4_CLASSIC", "NETCDF3_64BIT", "NETCDF3_CLASSIC"]),
    help="Format of a NetCDF file; NETCDF4 by default.",
)
@click.option(
    "--compression",
    metavar="NAME",
    help="For NetCDF zlib (none is the default), zstd, bzip2, blosc_lz4 ..., which readers need as"
    " plug-ins; for Zarr zstd (the default), gzip, blosc, none.",
)
@click.option("--compression-level", type=click.IntRange(0, 22), help="1 is fast, 9 small.")
@click.option("--shuffle/--no-shuffle", default=None, help="Sort bytes before compression.")
@click.option(
    "--chunk",
    "chunks",
    metavar="DIM=SIZE",
    multiple=True,
    callback=_pairs("DIM=SIZE"),
    help="Size of chunks along a dimension, -1 for all of it; by default fields up to 4 MiB.",
)
@click.option("--unlimited", metavar="DIM", multiple=True, help="A dimension that may grow.")
@click.option("--fill-value", type=float, help="In place of missing values in NetCDF; else NaN.")
@click.option(
    "--attribute",
    "attributes",
    metavar="NAME=TEXT",
    multiple=True,
    callback=_pairs("NAME=TEXT"),
    help="A global attribute: title, institution, source, comment ...; empty: none.",
)
@click.option(
    "--no-keep",
    is_flag=True,
    help="Leave out the attributes fst24 that keep for the way back what CF does not say.",
)
@click.option("--history", metavar="TEXT", help="In place of the line of history.")
@click.option(
    "--datyp",
    metavar="TYPE",
    callback=parse_type,
    help="Data type of a standard file: as fst24 repack takes it (134, f16, E32).",
)
@click.option("--nbits", type=click.IntRange(1, 64), help="Bits of a value in a standard file.")
@backend_option
@click.option("--no-progress", is_flag=True, help="No bar.")
@click.option("--quiet", "-q", is_flag=True, help="No bar, no warnings, no last line.")
@force_option
@threads_option
@selection_options_but("datyp", "nbits")
def command(
    files: tuple[str, ...],
    *,
    to: str | None,
    force: bool,
    threads: int,
    no_progress: bool,
    quiet: bool,
    **given: Any,  # noqa: ANN401 - what is passed on, and the options of selection_options_but
) -> None:
    """Convert standard files to NetCDF or Zarr, and NetCDF or Zarr to a standard file.

    All files IN together become one Dataset as fst24.to_xarray makes it, which follows the
    conventions CF-1.11. What IN is says its content, what OUT is its name (.nc, .zarr, .fst) or
    --to. The options that choose records are those of fst24 ls. OUT takes its name when it is
    complete.

    Exit status: 0 when OUT was written, 1 when it was not (and what was there is as before), 2 when
    the command was not understood.
    """
    *inputs, out = files
    if not inputs:
        raise click.UsageError("Name the files to convert, and then the file to make.")
    making = _Making(
        out=out,
        kind=_KINDS[to] if to else _kind_by_name(out),
        force=force,
        threads=threads,
        no_progress=no_progress,
        quiet=quiet,
    )
    if Path(out).exists() and not force:
        raise exists(out)
    asked = {name: value for name, value in given.items() if _is_given(value)}
    chosen = {name: value for name, value in given.items() if name not in _PASSED_ON}
    _refuse_others(making.kind, asked)
    one_line_warnings(shown=not quiet)
    with failing_in_one_line(), _extras_named(), warnings.catch_warnings():
        if quiet:
            warnings.simplefilter("ignore")
        with _dataset(inputs, making, asked, chosen) as ds:
            if not ds.data_vars:
                complain(f"{', '.join(inputs)}: no variable was chosen: nothing was written")
                sys.exit(1)
            with progress_of("writing", shown=not (no_progress or quiet)) as advance:
                _write(ds, inputs, making, asked, advance)
            bounds = {variable.attrs.get("bounds") for variable in ds.variables.values()}
            n_variables = len(set(ds.data_vars) - bounds)
    if not quiet:
        size = f"{_bytes_of(Path(out)):,} bytes"
        click.echo(f"{click.format_filename(out)}: {counted(n_variables, 'variable')}, {size}")


def _kind_by_name(out: str) -> Kind:
    kind = _SUFFIXES.get(Path(out).suffix.lower())
    if kind is None:
        raise click.UsageError(
            f"{click.format_filename(out)}: the name does not tell what to make: say --to nc, zarr"
            " or fst."
        )
    return kind


def _is_given(value: Any) -> bool:  # noqa: ANN401
    """Whether an option was used: a flag that is off says nothing, `--no-...` does."""
    return value is not None and value not in ((), {}, (None, None))


def _refuse_others(kind: Kind, asked: dict[str, Any]) -> None:
    """Refuse options that say nothing about what is made."""
    for name in _PASSED_ON - {"lang"}:
        value = asked.get(name)
        if value is not None and value is not False and name not in _OF_KIND[kind]:
            option = {"chunks": "chunk", "options": "option", "attributes": "attribute"}.get(name)
            option = option or name.replace("_", "-")
            raise click.UsageError(f"--{option} is not for {_NAMES[kind]}.")


@contextmanager
def _dataset(
    inputs: list[str], making: _Making, asked: dict[str, Any], chosen: dict[str, Any]
) -> Iterator[xr.Dataset]:
    """What is to be written."""
    from fst24.xarray._cf_files import kind_of, open_cf

    is_foreign = any(kind_of(path) is not None for path in inputs)
    if making.kind != "fst" and not is_foreign:
        with fst24.open(inputs if len(inputs) > 1 else inputs[0]) as file:
            yield _of_fst(file, asked, chosen)
        return
    if not is_foreign:
        Path(inputs[0]).stat()  # a file that is not there is another matter
        raise click.UsageError("Standard files become one with fst24 cp or fst24 repack.")
    if len(inputs) > 1:
        raise click.UsageError("Give one NetCDF file or Zarr store.")
    if any(chosen.values()) or any(asked.get(name) for name in _READING[:-2]):
        raise click.UsageError(
            f"{click.format_filename(inputs[0])} is no standard file: nothing to choose of it."
        )
    with open_cf(inputs[0]) as ds:
        yield ds


def _of_fst(file: fst24.Fst24File, asked: dict[str, Any], chosen: dict[str, Any]) -> xr.Dataset:
    """Standard files as a Dataset; values are read when they are asked for."""
    from fst24.xarray import to_xarray

    options = {name: asked[name] for name in _READING if name in asked and name != "options"}
    options["language"] = options.pop("lang")
    options |= {name: _value(text) for name, text in asked.get("options", {}).items()}
    if any(chosen.values()):
        options["records"] = list(Selection(**chosen).records(file))
    return to_xarray(file, **options)


def _value(text: str) -> Any:  # noqa: ANN401
    """A value as Python writes it, or yes, no, none; else text, or a list of texts at commas."""
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text.split(",") if "," in text else text


def _write(
    ds: xr.Dataset,
    inputs: list[str],
    making: _Making,
    asked: dict[str, Any],
    advance: Callable[[int, int], None],
) -> None:
    how = {name: asked[name] for name in _OF_KIND[making.kind] if name in asked}
    for name in _READING:
        how.pop(name, None)
    try:
        if making.kind == "fst":
            _write_fst(ds, making, asked, how, advance)
            return
        how["attributes"] = _attributes(ds, inputs, how)
        if "chunks" in how:
            how["chunks"] = {dim: _whole(dim, size) for dim, size in how["chunks"].items()}
        if "compression_level" in how:
            how["level"] = how.pop("compression_level")
        how["keep"] = not how.pop("no_keep")
        if how.get("compression") == "none":
            how["compression"] = None
        how |= {"mode": making.mode, "threads": making.threads, "progress": advance}
        if making.kind == "zarr":
            from fst24.xarray import write_zarr

            write_zarr(ds, making.out, **how)
        else:
            from fst24.xarray import write_netcdf

            write_netcdf(ds, making.out, **how)
    except FileExistsError as error:
        raise exists(making.out) from error


def _write_fst(
    ds: xr.Dataset,
    making: _Making,
    asked: dict[str, Any],
    how: dict[str, Any],
    advance: Callable[[int, int], None],
) -> None:
    from fst24.xarray import to_fst

    datyp, bits = how.pop("datyp", (None, None))
    nbits = how.pop("nbits", bits)
    if bits not in {None, nbits}:
        raise click.UsageError(f"--datyp says {bits} bits, --nbits {nbits}.")
    how.pop("options", None)
    if "backend" in how:
        how["backend"] = how["backend"].upper()
    known = set(inspect.signature(to_fst).parameters) - {"ds", "path", "mode", "threads"}
    for name, text in asked.get("options", {}).items():
        if name not in known:
            raise click.UsageError(
                f"--option {name}: a standard file is written with {', '.join(sorted(known))}."
            )
        how[name] = _value(text)
    how |= {"mode": making.mode, "threads": making.threads, "progress": advance}
    to_fst(ds, making.out, datyp=datyp, nbits=nbits, **how)


def _attributes(ds: xr.Dataset, inputs: list[str], how: dict[str, Any]) -> dict[str, str]:
    """Global attributes: what was made of which files, and what the user says."""
    names = [Path(path).name for path in inputs]  # no directories: they name users
    first = (
        names[0] if len(names) == 1 else f"{names[0]} and {counted(len(names) - 1, 'more file')}"
    )
    line = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} fst24 {fst24.__version__}: convert {first}"
    before = ds.attrs.get("history")
    attributes = {"history": f"{line}\n{before}" if before else line}
    if "title" not in ds.attrs:
        attributes["title"] = f"Fields of {first}"
    history = how.pop("history", None)
    if history is not None:
        attributes["history"] = history
    asked: dict[str, str] = how.get("attributes", {})
    return attributes | asked


def _whole(dim: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is no number", param_hint=f"--chunk {dim}") from None


@contextmanager
def _extras_named() -> Iterator[None]:
    """A package that is not installed is said in one line."""
    try:
        yield
    except ModuleNotFoundError as error:
        complain(error)
        sys.exit(1)


def _bytes_of(path: Path) -> int:
    """Size of a file, or of all files of a directory."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())
