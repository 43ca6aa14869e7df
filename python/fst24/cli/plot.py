"""``fst24 plot``: maps of fields."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

import fst24
import fst24.dictionary

from ._fields import ip_text, lead_hours
from ._files import one_line_warnings
from ._output import complain
from ._select import Selection, selection_options
from ._target import exists, failing_in_one_line, force_option, new_file
from .dump import one_record

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from fst24.xarray._plot import Picture, Wind

_FORMS = ("png", "svg", "pdf", "jpg", "jpeg", "webp", "eps")
_NO_DATE = "nodate"


def chosen_form(out: str) -> str:
    """What the name of the file says."""
    form = Path(out).suffix[1:].lower()
    if form not in _FORMS:
        raise click.UsageError(
            f"{out} does not end with the form of a picture: {', '.join(_FORMS)}"
        )
    return form


def target_names(out: str, records: Sequence[fst24.Fst24Record]) -> list[str]:
    """The file of each picture; of several without a pattern the index of the record is added."""
    if "{" not in out:
        if len(records) == 1:
            return [out]
        path = Path(out)
        return [str(path.with_name(f"{path.stem}-{r.index}{path.suffix}")) for r in records]
    names = []
    for record in records:
        known = _words(record)
        try:
            names.append(out.format_map(known))
        except (KeyError, ValueError, IndexError, AttributeError):
            raise click.UsageError(
                f"{out}: the words of a pattern are {', '.join(f'{{{n}}}' for n in known)}"
            ) from None
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise click.UsageError(f"several records would be {min(twice)}: add {{index}} to the name")
    return names


def _words(record: fst24.Fst24Record) -> dict[str, str]:
    """What names of pictures may hold."""
    date = fst24.date.decode(record.datev)
    words = {
        "nomvar": record.nomvar,
        "typvar": record.typvar,
        "etiket": record.etiket,
        "level": ip_text(record.ip1).replace(" ", ""),
        "valid": _NO_DATE if date is None else f"{date:%Y%m%dT%H%M}",
        "lead": f"{lead_hours(record.deet, record.npas):g}",
        **{name: str(getattr(record, name)) for name in ("ip1", "ip2", "ip3", "index")},
    }
    return {name: re.sub(r"[/\\\0]", "_", word) for name, word in words.items()}


def values_of(record: fst24.Fst24Record) -> npt.NDArray[Any]:
    """One field, (nj, ni), NaN where it is missing."""
    values = record.decode()
    if values.ndim > 2 or values.dtype.kind == "c":  # noqa: PLR2004 - a map has two
        what = f"{record.nk} levels in one record" if values.ndim > 2 else "complex values"  # noqa: PLR2004
        raise fst24.UnsupportedError(f"{what}: no map")
    mask = record.mask
    if mask is not None:
        values = np.where(mask, np.nan, values)
    return values.T


def picture_of(
    file: fst24.Fst24File, record: fst24.Fst24Record, *, title: str | None, barbs: bool
) -> Picture:
    """What is drawn of a record."""
    from fst24.xarray._plot import Picture, lead_text, titled

    grid = file.grid(record)
    known = fst24.dictionary.lookup(
        record.nomvar, ip1=record.ip1, ip2=record.ip2, ip3=record.ip3, etiket=record.etiket
    )
    if title is None:
        name = record.nomvar if known is None else f"{known.title()} ({record.nomvar})"
        date = fst24.date.decode(record.datev)
        when = [] if date is None else [f"valid {date:%Y-%m-%d %H:%M} UTC"]
        if date is not None:
            when.append(lead_text(lead_hours(record.deet, record.npas)))
        level = ip_text(record.ip1) if record.ip1 else ""
        title = titled([name, level], [*when, record.etiket.strip()])
    return Picture(
        grid,
        values_of(record),
        title,
        (known and known.units) or "",
        (known and known.standard_name) or "",
        wind_of(file, record) if barbs else None,
    )


def wind_of(file: fst24.Fst24File, record: fst24.Fst24Record) -> Wind:
    """UU and VV of the same time and run, at the level of the record or the one nearest to it."""
    from fst24.xarray._plot import Wind

    same = {n: getattr(record, n) for n in ("ip2", "ip3", "datev")}
    winds = [
        one
        for one in file.iter_records(nomvar="UU", **same)
        if (one.etiket, one.typvar) == (record.etiket, record.typvar)
    ]
    level = fst24.ip.decode(record.ip1)
    kinds = [fst24.ip.decode(one.ip1) for one in winds]
    near = [
        (abs(float(at.value - level.value)), one.index, one)
        for at, one in zip(kinds, winds, strict=True)
        if at.kind == level.kind
    ]
    u = min(near)[-1] if near else None
    v = None
    if u is not None:
        alike = {n: getattr(u, n) for n in ("ip1", "ip2", "ip3", "datev", "grtyp", "ig1", "ig2")}
        found = file.iter_records(nomvar="VV", **alike)
        v = next((one for one in found if one.etiket == u.etiket and one.typvar == u.typvar), None)
    if u is None or v is None:
        raise fst24.RecordNotFoundError(
            f"{record.path}: no UU and VV of the time, the label and the kind of level of record "
            f"{record.index} ({record.nomvar}): draw without --barbs"
        )
    return Wind(values_of(u), values_of(v), file.grid(u), is_of_earth=False)


def _size(_ctx: click.Context, _parameter: click.Parameter, text: str | None) -> Any:  # noqa: ANN401
    if text is None:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)[x,](\d+(?:\.\d+)?)", text)
    if found is None or not float(found[1]) or not float(found[2]):
        raise click.BadParameter(f"{text!r} is not WIDTHxHEIGHT in inches: 8x6")
    return float(found[1]), float(found[2])


@click.command("plot")
@click.argument("path", metavar="FILE")
@click.option(
    "-o",
    "--output",
    "out",
    metavar="OUT",
    required=True,
    help="The picture: png, svg, pdf ... as its name ends. Words in braces are filled in from each"
    " record: '{nomvar}_{level}_{valid}.png'.",
)
@click.option("--all", "every", is_flag=True, help="A picture of each record, not of one alone.")
@click.option(
    "--kind",
    type=click.Choice(["mesh", "contour", "contourf"]),
    default="mesh",
    show_default=True,
    help="Cells, lines, or areas between lines.",
)
@click.option("--levels", type=click.IntRange(2, 200), help="How many lines.")
@click.option(
    "--projection",
    type=click.Choice(["latlon", "north", "south"]),
    help="By default the plane of the grid.",
)
@click.option("--cmap", metavar="NAME", help="A colour map of matplotlib.")
@click.option("--vmin", type=float, help="Least value of the colours.")
@click.option("--vmax", type=float, help="Greatest value.")
@click.option("--robust", is_flag=True, help="Colours from the 2nd to the 98th percentile.")
@click.option("--barbs", is_flag=True, help="Wind barbs of UU and VV, at the nearest level.")
@click.option(
    "--coastlines", metavar="PATH", help="GeoJSON or shapefile in place of Natural Earth 1:50m."
)
@click.option("--no-coastlines", is_flag=True)
@click.option("--title", metavar="TEXT", help="In place of what the record says.")
@click.option("--dpi", type=click.IntRange(10, 2000), default=120, show_default=True)
@click.option("--size", metavar="WxH", callback=_size, help="Inches: 8x6.")
@force_option
@selection_options
def command(
    path: str,
    out: str,
    *,
    every: bool,
    title: str | None,
    dpi: int,
    barbs: bool,
    force: bool,
    coastlines: str | None,
    no_coastlines: bool,
    kind: Any,  # noqa: ANN401 - words that click has checked
    projection: Any,  # noqa: ANN401
    levels: int | None,
    cmap: str | None,
    vmin: float | None,
    vmax: float | None,
    robust: bool,
    size: tuple[float, float] | None,
    **selection: Any,  # noqa: ANN401 - the options of selection_options
) -> None:
    """Draw maps of fields of FILE.

    The options have to choose exactly one record, or --all or a pattern in the name of OUT draws
    each of them. It needs matplotlib: pip install 'fst24[plot]'.

    Exit status: 0 when it was drawn, 1 when a record was not (the others are done all the same), 2
    when the command was not understood.
    """
    form = chosen_form(out)
    style = {
        "kind": kind,
        "projection": projection,
        "levels": levels,
        "cmap": cmap,
        "vmin": vmin,
        "vmax": vmax,
        "robust": robust,
        "size": size,
        "coastlines": coastlines or not no_coastlines,
        "cartopy": False,  # the picture would be the same, a second later
    }
    _check(cmap)
    selected = Selection(**selection)
    one_line_warnings(shown=True)
    failed = False
    with failing_in_one_line(), fst24.open(path, mmap=False) as file:
        for record, name in _chosen(file, selected, out, every=every, force=force):
            try:
                picture = picture_of(file, record, title=title, barbs=barbs)
                _write(picture, name, form, style, dpi=dpi, force=force)
            except fst24.Fst24Error as error:
                place = f"{click.format_filename(file.path)}: record {record.index}: "
                complain(error if error.path else f"{place}{error}")
                failed = True
    if failed:
        sys.exit(1)


def _check(cmap: str | None) -> None:
    """That there is matplotlib, and in it the colour map."""
    try:
        import matplotlib as mpl
    except ImportError:
        complain("a map needs matplotlib: pip install 'fst24[plot]'")
        sys.exit(1)
    if cmap is not None and cmap not in mpl.colormaps:
        raise click.BadParameter(f"matplotlib has no colour map {cmap!r}", param_hint="--cmap")


def _chosen(
    file: fst24.Fst24File, selected: Selection, out: str, *, every: bool, force: bool
) -> list[tuple[fst24.Fst24Record, str]]:
    """The records to draw and the names of their pictures."""
    if every or "{" in out:
        records = [r for r in selected.records(file) if not fst24.is_descriptor(r.nomvar)]
        if not records:
            complain(f"{click.format_filename(file.path)}: no record meets these conditions")
    else:
        one = one_record(file, selected)
        records = [] if one is None else [one]
    if not records:
        sys.exit(1)
    names = target_names(out, records)
    for name in names:
        if not force and Path(name).exists():
            raise exists(name)
    return list(zip(records, names, strict=True))


def _write(
    picture: Picture, name: str, form: str, style: dict[str, Any], *, dpi: int, force: bool
) -> None:
    from fst24.xarray._plot import draw

    drawn = draw(picture, **style)
    with new_file(name, force=force) as file:
        drawn.figure.savefig(file, format=form, dpi=dpi)
