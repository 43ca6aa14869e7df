"""``fst24 crop``: a part of the grid, its axes and its tags with it."""

from __future__ import annotations

import re
import sys
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

import click
import numpy as np

import fst24

from ._files import one_line_warnings
from ._output import complain, counted
from ._select import Selection, selection_options
from ._target import backend_option, failing_in_one_line, force_option, open_target
from ._work import in_order, progress, threads_option
from .check import place_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_MISSING_FLAG = 64  # of datyp
#: Grids whose axes are records of the file; these records (docs/format/metadata.md, 5 and 7).
_WITH_AXES = frozenset("ZYXO")
_X_AXIS, _Y_AXIS, _LEVELS = ">>", "^^", "!!"
_GRID_DESCRIPTORS = frozenset({">>", "^^", "^>", "##"})
#: Members of extended metadata that describe the values as librmn stored them.
_OF_VALUES = ("data", "size")
#: New tags are from these on, and as many: as wide as those that models make.
_FIRST_TAG, _N_TAGS = 1024, 60_000

Others = Literal["copy", "skip", "refuse"]
Tag: TypeAlias = tuple[int, int, int]
_Part: TypeAlias = tuple[int, ...]  # of a tag
Slices: TypeAlias = tuple[slice, slice]
Item: TypeAlias = tuple[Any, dict[str, Any]]


class Range(NamedTuple):
    """Points first to last, counted from 1; None: from or to the edge."""

    first: int | None
    last: int | None

    def inside(self, size: int) -> slice | None:
        """As indices of an axis of so many points; None when it is not inside."""
        first, last = self.first or 1, self.last or size
        return slice(first - 1, last) if first <= last <= size else None

    def __str__(self) -> str:
        return f"{self.first or ''}:{self.last or ''}"


def parse_range(_context: click.Context, _parameter: click.Parameter, text: str | None) -> Range:
    """``5:20``, ``5:``, ``:20`` or ``5``."""
    if text is None:
        return Range(None, None)
    found = re.fullmatch(r"(\d*)(:?)(\d*)", text.strip())
    if found is None or not (found[1] or found[3]) or (found[3] and not found[2]):
        raise click.BadParameter(f"{text!r} is no range: write 5:20, 5: or :20, counted from 1")
    first = int(found[1]) if found[1] else None
    last = int(found[3]) if found[3] else None if found[2] else first
    if first == 0 or last == 0 or (first or 1) > (last or sys.maxsize):
        raise click.BadParameter(f"{text!r}: points are counted from 1, the first comes first")
    return Range(first, last)


class Axes(NamedTuple):
    """The records that place the points of a grid."""

    x: fst24.Fst24Record
    y: fst24.Fst24Record

    @property
    def are_lines(self) -> bool:
        """Whether there is one position a column and one a row, rather than one a point."""
        return self.x.nj == 1 and self.y.ni == 1


@dataclass
class Cropped:
    """A grid that is cropped: what is taken of it, and the tag that it gets."""

    axes: Axes
    box: Slices
    tag: Tag


def tag_of(record: fst24.Fst24Record) -> Tag:
    """What links a field to its descriptors."""
    return record.ig1, record.ig2, record.ig3


def own_tag(record: fst24.Fst24Record) -> Tag:
    """The same of a descriptor."""
    return record.ip1, record.ip2, record.ip3


class Grids:
    """The grids of a file and what becomes of them."""

    def __init__(self, records: Iterable[fst24.Fst24Record], i: Range, j: Range) -> None:
        self._i, self._j = i, j
        self._axes: dict[tuple[str, Tag], list[fst24.Fst24Record]] = {}
        self._used: set[tuple[int, int]] = set()
        for record in records:
            self._used |= {(record.ig1, record.ig2), (record.ip1, record.ip2)}
            if record.nomvar in {_X_AXIS, _Y_AXIS}:
                self._axes.setdefault((record.nomvar, own_tag(record)), []).append(record)
        self._known: dict[tuple[Any, ...], Cropped | None] = {}
        self._tags: dict[tuple[int, int, str], Tag] = {}

    def of(self, record: fst24.Fst24Record) -> Cropped | None:
        """The cropped grid of a field; None when it has no axes here.

        Raises
        ------
        InvalidArgumentError
            The part that is asked for is not inside the grid.
        """
        if record.grtyp not in _WITH_AXES:
            return None
        key = (record.grtyp, tag_of(record), record.ni, record.nj)
        if key not in self._known:
            axes = self._axes_of(record)
            self._known[key] = None if axes is None else self._crop(record, axes)
        return self._known[key]

    def _axes_of(self, record: fst24.Fst24Record) -> Axes | None:
        """Those of the right size; of several the last that was written (metadata.md, 5)."""
        size = record.ni, record.nj
        shapes = ((size[0], 1), (1, size[1])) if record.grtyp == "Z" else (size, size)
        found = []
        for name, shape in zip((_X_AXIS, _Y_AXIS), shapes, strict=True):
            of_tag = self._axes.get((name, tag_of(record)), ())
            fitting = [one for one in of_tag if (one.ni, one.nj) == shape and one.nk == 1]
            if not fitting:
                return None
            found.append(fitting[-1])
        return Axes(*found)

    def _crop(self, record: fst24.Fst24Record, axes: Axes) -> Cropped:
        box = self._i.inside(record.ni), self._j.inside(record.nj)
        if box[0] is None or box[1] is None:
            raise fst24.InvalidArgumentError(
                f"{record.path}: {place_of(record)} has {record.ni} x {record.nj} points: "
                f"i {self._i}, j {self._j} is not inside; leave it out (--ni, --ig1 and the like "
                "choose fields)"
            )
        known = (axes.x.index, axes.y.index, record.grtyp)
        if known not in self._tags:
            self._tags[known] = self._new_tag(axes, (box[0], box[1]))
        return Cropped(axes, (box[0], box[1]), self._tags[known])

    def _new_tag(self, axes: Axes, box: Slices) -> Tag:
        """A tag made of the positions: the same for all files of a run, and free in this one."""
        crc = 0
        for axis, name in zip(axes, "xy", strict=True):
            values = np.ascontiguousarray(axis_part(axis, name, box, are_lines=axes.are_lines))
            crc = zlib.crc32(values.tobytes(), crc)
            crc = zlib.crc32(repr((axis.grtyp, *tag_of(axis), axis.ig4)).encode(), crc)
        while True:
            low, high = crc & 0xFFFF, crc >> 16
            tag = _FIRST_TAG + low % _N_TAGS, _FIRST_TAG + high % _N_TAGS
            if tag not in self._used:
                self._used.add(tag)
                return *tag, axes.x.ip3
            crc = zlib.crc32(b"again", crc)


def axis_part(record: fst24.Fst24Record, name: str, box: Slices, *, are_lines: bool) -> Any:  # noqa: ANN401
    """The part of an axis that belongs to a part of the grid."""
    i, j = box
    if are_lines:
        i, j = (i, slice(None)) if name == "x" else (slice(None), j)
    return record.decode()[i, j]


@dataclass
class Plan:
    """What is written, in the order of the file."""

    items: list[tuple[fst24.Fst24Record, Cropped | None]] = field(default_factory=list)
    #: Fields on grids that are not cropped.
    others: list[fst24.Fst24Record] = field(default_factory=list)


def plan(
    file: fst24.Fst24File, chosen: set[int] | None, grids: Grids, *, with_others: bool
) -> Plan:
    """Decide on every record."""
    made = Plan()
    fields: dict[int, Cropped | None] = {}
    for record in file:
        if fst24.is_descriptor(record.nomvar) or (
            chosen is not None and record.index not in chosen
        ):
            continue
        fields[record.index] = cropped = grids.of(record)
        if cropped is None:
            made.others.append(record)
            if not with_others:
                del fields[record.index]
    links = _Links(file, fields)
    for record in file:
        if record.index in fields:
            made.items.append((record, fields[record.index]))
        elif fst24.is_descriptor(record.nomvar):
            made.items += links.of(record)
    return made


class _Links:
    """Which descriptors the fields that are written need, cropped or as they are."""

    def __init__(self, file: fst24.Fst24File, fields: dict[int, Cropped | None]) -> None:
        self._cropped: dict[Tag, dict[Tag, Cropped]] = {}  # by old tag, then by new one
        self._kept: set[_Part] = set()
        self._of_fields: set[_Part] = set()
        for record in file:
            if fst24.is_descriptor(record.nomvar):
                continue
            tag = tag_of(record)
            # A tile (#) has its place in ig3 and ig4: two words are its tag.
            shown: _Part = tag[:2] if record.grtyp == "#" else tag
            self._of_fields.add(shown)
            if record.index not in fields:
                continue
            cropped = fields[record.index]
            if cropped is None:
                self._kept.add(shown)
            else:
                self._cropped.setdefault(tag, {})[cropped.tag] = cropped

    def of(self, record: fst24.Fst24Record) -> Iterator[tuple[fst24.Fst24Record, Cropped | None]]:
        """What is written of a descriptor."""
        tag = own_tag(record)
        if record.nomvar == _LEVELS:  # linked by two of the three (metadata.md, 8.1)
            linked = [old for old in self._cropped if old[:2] == tag[:2]]
            kept = any(old[:2] == tag[:2] for old in self._kept)
            for cropped in {
                c.tag[:2]: c for old in linked for c in self._cropped[old].values()
            }.values():
                yield record, cropped
            if kept or not linked:
                yield record, None
            return
        for cropped in self._cropped.get(tag, {}).values():
            if record in cropped.axes:
                yield record, cropped
        # Of grid descriptors those that a field needs, and those that none ever did.
        parts = {tag, tag[:2]}
        unused = parts.isdisjoint(self._of_fields)
        needed = not parts.isdisjoint(self._kept)
        if record.nomvar not in _GRID_DESCRIPTORS or needed or unused:
            yield record, None


def make_item(record: fst24.Fst24Record, cropped: Cropped | None) -> Item:
    """What to write of a record, as `Fst24Writer.write_many` takes it."""
    if cropped is None:
        return record, {}
    one, two, three = cropped.tag
    if record.nomvar == _LEVELS:
        return record, {"ip1": one, "ip2": two}
    how: dict[str, Any] = {"like": record, "datyp": record.datyp & ~_MISSING_FLAG}
    how["nbits"] = record.nbits
    if record in cropped.axes:
        name = "x" if record.nomvar == _X_AXIS else "y"
        part = axis_part(record, name, cropped.box, are_lines=cropped.axes.are_lines)
        return part, how | {"ip1": one, "ip2": two, "ip3": three}
    mask = record.mask
    metadata = {k: v for k, v in record.metadata.items() if k not in _OF_VALUES}
    how |= {"mask": None if mask is None else mask[cropped.box], "metadata": metadata or None}
    return record.decode()[cropped.box], how | {"ig1": one, "ig2": two, "ig3": three}


@click.command("crop")
@click.argument("path", metavar="IN")
@click.argument("out", metavar="OUT")
@click.option(
    "--i",
    "i_range",
    metavar="I0:I1",
    callback=parse_range,
    help="Points along the grid's x, first and last, counted from 1; an end left out is the edge.",
)
@click.option("--j", "j_range", metavar="J0:J1", callback=parse_range, help="The same along y.")
@click.option(
    "--other-grids",
    type=click.Choice(["copy", "skip", "refuse"]),
    default="copy",
    show_default=True,
    help="Fields on grids that cannot be cropped, for they have no axes in the file.",
)
@backend_option
@force_option
@threads_option
@selection_options
def command(
    path: str,
    out: str,
    i_range: Range,
    j_range: Range,
    *,
    other_grids: Others,
    backend: str | None,
    force: bool,
    threads: int,
    **selection: Any,  # noqa: ANN401 - the options of selection_options
) -> None:
    """Crop the fields of IN that are on a grid with axes (Z, Y, X, O) and write them to OUT.

    The axes >> and ^^ are cropped with them, and get new tags, as do the fields and a !! that they
    use: grids of IN and of OUT can be in one file. A tag depends on the positions alone, so the
    same part of all files of a run gets the same one. Packing stays as it is. Options that choose
    records choose the fields that are written.

    Points are counted from 1, as fst24 stat shows them; both ends are taken.

    Exit status: 0 when OUT was written, 1 when it was not, 2 when the command was not understood.
    """
    if i_range == j_range == (None, None):
        raise click.UsageError("Say what to take: --i I0:I1, --j J0:J1.")
    selected = Selection(**selection) if any(selection.values()) else None
    one_line_warnings(shown=True)
    with failing_in_one_line(), fst24.open(path, mmap=False) as file:
        chosen = None if selected is None else {r.index for r in selected.records(file)}
        made = plan(file, chosen, Grids(file, i_range, j_range), with_others=other_grids == "copy")
        if (why := _refusal(path, made, other_grids)) is not None:
            complain(why)
            sys.exit(1)
        with open_target(out, force=force, backend=backend or file.backend) as target:
            _write(target, made, threads)
    n_cropped = sum(
        cropped is not None and not fst24.is_descriptor(record.nomvar)
        for record, cropped in made.items
    )
    rest = f", {counted(len(made.others), 'field')} on other grids" if made.others else ""
    if made.others:
        rest += " copied" if other_grids == "copy" else " left out"
    click.echo(f"{click.format_filename(out)}: {counted(n_cropped, 'field')} cropped{rest}")


def _refusal(path: str, made: Plan, other_grids: Others) -> str | None:
    """Why nothing is written."""
    if other_grids == "refuse" and made.others:
        first = made.others[0]
        return (
            f"{path}: {counted(len(made.others), 'field')} on grids that cannot be cropped, the "
            f"first is {place_of(first)} (grtyp {first.grtyp!r})"
        )
    if not any(cropped is not None for _, cropped in made.items):
        return (
            f"{path}: no field is on a grid with axes in the file (>> and ^^ of its tag and size)"
        )
    return None


def _write(target: fst24.Fst24Writer, made: Plan, n_threads: int) -> None:
    """Write what is planned."""

    def act(planned: tuple[fst24.Fst24Record, Cropped | None]) -> Item:
        record, _ = planned
        item = make_item(*planned)
        if item[0] is record:  # what is copied must be sound, too
            record.decode()
        record.forget()
        return item

    def items() -> Iterator[Item]:
        for _, item in in_order(made.items, act, n_threads):
            advance()
            if isinstance(item, fst24.Fst24Error):
                raise item
            yield item

    with progress(len(made.items)) as advance:
        target.write_many(items(), threads=n_threads)
