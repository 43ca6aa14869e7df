"""``fst24 repack``: the same fields in another packing or container, without holes."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

import fst24

from ._files import one_line_warnings
from ._output import counted, told
from ._select import Selection, selection_options_but
from ._target import backend_option, failing_in_one_line, force_option, open_target
from ._work import in_order, progress, threads_option
from .check import place_of, reason

if TYPE_CHECKING:
    import numpy.typing as npt

_MISSING_FLAG, _COMPRESSED_FLAG = 64, 128  # of datyp
_REAL, _UNSIGNED, _SIGNED, _IEEE, _BLOCK = 1, 2, 4, 5, 6
_FLOATS, _WHOLE = frozenset({_REAL, _IEEE, _BLOCK}), frozenset({_UNSIGNED, _SIGNED})
#: Most bits of the quantised types (docs/format/codecs.md, 7 and 8).
_MOST_BITS = {_BLOCK: 16, _REAL: 24}
_COMPRESSIONS = {"usual": True, "best": "best", "fast": "fast", "none": False}
#: Records that are encoded together, for each thread.
_JOBS_A_THREAD = 4

#: What `Fst24Writer.write_many` takes.
Item = tuple["npt.ArrayLike | fst24.Fst24Record", dict[str, Any]]


@dataclass(frozen=True)
class Packing:
    """What is asked for; None: as the record has it."""

    datyp: int | None
    nbits: int | None
    compress: str | None
    max_error: float | None

    @property
    def asks_nothing(self) -> bool:
        """Whether records stay as they are."""
        return (self.datyp, self.nbits, self.compress, self.max_error) == (None, None, None, None)

    def of(self, record: fst24.Fst24Record) -> dict[str, Any] | None:
        """How to write a record, as `Fst24Writer.write` takes it; None: as it is stored."""
        base = record.datyp & ~(_MISSING_FLAG | _COMPRESSED_FLAG)
        kinds = next((kinds for kinds in (_FLOATS, _WHOLE) if base in kinds), None)
        asked = None if self.datyp is None else self.datyp & ~_COMPRESSED_FLAG
        if kinds is None or fst24.is_descriptor(record.nomvar) or asked not in {None, *kinds}:
            return None
        if self.max_error is not None and kinds is not _FLOATS:
            return None
        compress = bool(record.datyp & _COMPRESSED_FLAG)
        if asked is not None and self.datyp is not None:
            compress = compress or bool(self.datyp & _COMPRESSED_FLAG)
        how: dict[str, Any] = {
            "compress": compress if self.compress is None else _COMPRESSIONS[self.compress]
        }
        if self.max_error is not None:
            return how | {"datyp": asked, "max_error": self.max_error}
        nbits = self.nbits
        if asked is None:
            asked = base if nbits is None or kinds is _WHOLE else _type_for(base, nbits)
        if nbits is None:
            nbits = min(record.nbits, _MOST_BITS.get(asked, record.nbits))
        if asked == _IEEE and base != _IEEE and self.nbits is None:
            nbits = None  # all bits of the values
        how |= {"datyp": asked, "nbits": nbits}
        if asked != base or nbits != record.nbits:
            return how
        if base == _REAL:  # encoded again it is rounded again (docs/format/codecs.md, 7.2)
            return None
        is_same = self.compress is None and compress == bool(record.datyp & _COMPRESSED_FLAG)
        return None if is_same else how


def _type_for(base: int, nbits: int) -> int:
    """The type that keeps most of floats in so many bits; the record's own when it can."""
    if nbits <= _MOST_BITS.get(base, 0):
        return base
    return next((kind for kind, most in _MOST_BITS.items() if nbits <= most), _IEEE)


@dataclass
class Counts:
    """What became of the records."""

    n_repacked: int = 0
    n_copied: int = 0
    #: Records that were to be repacked and could not be, with the reason.
    kept: list[str] = field(default_factory=list)


def prepare(record: fst24.Fst24Record, how: dict[str, Any] | None) -> Item:
    """What to write: the decoded values, or the record itself to be copied."""
    if how is None:
        return record, {}
    values, mask = record.decode(), record.mask
    return values, {"like": record, "mask": mask, "metadata": record.metadata or None} | how


class Repacker:
    """Writes records a few at a time; those that cannot be repacked are copied."""

    def __init__(self, target: fst24.Fst24Writer, n_threads: int) -> None:
        self._target = target
        self._n_threads = n_threads
        self._waiting: list[tuple[fst24.Fst24Record, Item]] = []
        self.counts = Counts()

    def add(self, record: fst24.Fst24Record, item: Item) -> None:
        """Write one record after the others."""
        self._waiting.append((record, item))
        if len(self._waiting) >= _JOBS_A_THREAD * self._n_threads:
            self.finish()

    def finish(self) -> None:
        """Write all that wait."""
        while self._waiting:
            before = len(self._target)
            try:
                self._target.write_many(
                    [item for _, item in self._waiting], threads=self._n_threads
                )
                self._count(len(self._waiting))
            except fst24.FstOSError:
                raise
            except fst24.Fst24Error as error:
                self._count(len(self._target) - before)
                record, item = self._waiting.pop(0)
                if item[0] is record or not isinstance(error, fst24.EncodingError):
                    place = f"{record.path}: {place_of(record)}"
                    raise type(error)(f"{place}: {reason(error)}") from error
                self._target.write(record)
                self.counts.n_copied += 1
                self.counts.kept.append(f"{place_of(record)}: {reason(error)}")

    def _count(self, n: int) -> None:
        n_copied = sum(item[0] is record for record, item in self._waiting[:n])
        self.counts.n_copied += n_copied
        self.counts.n_repacked += n - n_copied
        del self._waiting[:n]


def parse_type(
    _context: click.Context, _parameter: click.Parameter, text: str | None
) -> tuple[int | None, int | None]:
    """A data type by its number or as ``fst24 ls --style`` shows it, and its bits."""
    if text is None:
        return None, None
    letters = "XRICSEFAZ"
    name = text.strip()
    if name.isdigit():
        datyp, bits = int(name), ""
    else:
        place = letters.find(name[:1].upper())
        datyp, bits = place | (_COMPRESSED_FLAG if name[:1].islower() else 0), name[1:]
    known = datyp & ~_COMPRESSED_FLAG in _FLOATS | _WHOLE
    if not known or (bits and not bits.isdigit()):
        raise click.BadParameter(
            f"{text!r}: give 1, 2, 4, 5, 6, the same + 128, or R, I, S, E, F with bits: f16, E32"
        )
    return datyp, int(bits) if bits else None


@click.command("repack")
@click.argument("path", metavar="IN")
@click.argument("out", metavar="OUT")
@click.option(
    "--datyp",
    metavar="TYPE",
    callback=parse_type,
    help="Data type: a number (134) or as fst24 ls --style shows it, with bits: f16, R12, E32."
    " Real types (R, E, F) are for real fields, whole ones (I, S) for whole ones.",
)
@click.option("--nbits", type=click.IntRange(1, 64), help="Bits of a value.")
@click.option(
    "--compress",
    type=click.Choice(list(_COMPRESSIONS)),
    help="Compress where the type can be: as librmn does, to the least size, fast; or not at all.",
)
@click.option(
    "--max-error",
    metavar="NUMBER",
    type=click.FloatRange(0, min_open=True),
    help="In place of --nbits: the fewest bits that keep every value to this error.",
)
@backend_option
@force_option
@threads_option
@selection_options_but("datyp", "nbits")
def command(
    path: str,
    out: str,
    datyp: tuple[int | None, int | None],
    nbits: int | None,
    compress: str | None,
    *,
    max_error: float | None,
    backend: str | None,
    force: bool,
    threads: int,
    **selection: Any,  # noqa: ANN401 - the options of selection_options_but
) -> None:
    """Write the records of IN to OUT in another packing or container, without holes.

    Without an option all is copied as it is stored; deleted records are left behind. The options
    that choose records choose those that are repacked; all others are copied as they are stored.
    So are descriptors (>> ^^ !! ...), text, records of type 1 (R) that keep type and bits, which
    would be rounded once more, and values that the new type cannot keep: NaN in a quantised type,
    whole numbers that need more bits. These are named. --where "datyp=5" chooses by
    type.

    OUT takes its name when it is complete; a record that cannot be read leaves none.

    Exit status: 0 when OUT was written, 1 when it was not, 2 when the command was not understood.
    """
    if max_error is not None and (nbits is not None or datyp[1] is not None):
        raise click.UsageError("--nbits and --max-error both say how exact: give one.")
    if nbits is not None and datyp[1] not in {None, nbits}:
        raise click.UsageError(f"--datyp says {datyp[1]} bits, --nbits {nbits}.")
    wanted = Packing(datyp[0], datyp[1] if nbits is None else nbits, compress, max_error)
    if wanted.asks_nothing and any(selection.values()):
        raise click.UsageError("Choose records to repack: with --datyp, --nbits and the like.")
    selected = Selection(**selection) if any(selection.values()) else None
    one_line_warnings(shown=True)
    with failing_in_one_line(), fst24.open(path, mmap=False) as file:
        chosen = None if selected is None else {r.index for r in selected.records(file)}
        with open_target(out, force=force, backend=backend or file.backend) as target:
            counts = _repack(file, target, wanted, chosen, threads)
        before, n_all = file.info.n_bytes, len(file)
    for line in counts.kept:
        click.echo(told(f"{path}: copied as it is: {line}"), err=True)
    after = os.stat(out).st_size  # noqa: PTH116 - a name as the user gives it
    percent = f" ({after / before:.1%})" if before else ""
    click.echo(
        f"{click.format_filename(out)}: {counted(n_all, 'record')}"
        f" ({counts.n_repacked:,} repacked), {before:,} -> {after:,} bytes{percent}"
    )


def _repack(
    file: fst24.Fst24File,
    target: fst24.Fst24Writer,
    wanted: Packing,
    chosen: set[int] | None,
    n_threads: int,
) -> Counts:
    """Write all records."""

    def act(record: fst24.Fst24Record) -> Item:
        is_chosen = not wanted.asks_nothing and (chosen is None or record.index in chosen)
        return prepare(record, wanted.of(record) if is_chosen else None)

    repacker, records = Repacker(target, n_threads), list(file)
    with progress(len(records)) as advance:
        for record, item in in_order(records, act, n_threads):
            if isinstance(item, fst24.Fst24Error):
                item.add_note("nothing was written")
                raise item
            repacker.add(record, item)
            record.forget()
            advance()
    repacker.finish()
    return repacker.counts
