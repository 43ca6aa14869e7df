"""``fst24 repair``: the whole records of a file that was left open, cut or damaged."""

from __future__ import annotations

import math
import sys
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import click

import fst24

from ._files import one_line_warnings
from ._output import counted, json_line
from ._structure import Finder, examine
from ._target import backend_option, failing_in_one_line, open_target
from ._work import in_order, progress, threads_option
from .check import place_of, reason, shown_name

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What an XDF file holds at most (docs/format/containers.md, 2.13).
_MOST_RECORDS, _MOST_BYTES = 262_144, 8 * 2**30 - 8
_PAGE_BYTES, _PAGE_RECORDS = 18_464, 256
_MISSING_FLAG = 64  # of datyp
_ONLY_METADATA = "left out, the values are there"


class Lost(NamedTuple):
    """Something that is not there any more."""

    text: str
    #: The metadata of the record, when the directory has them.
    core: fst24.CoreMetadata | None = None


@dataclass
class Outcome:
    """What became of a file."""

    n_recovered: int = 0
    #: Of them those that no directory led to.
    n_found: int = 0
    lost: list[Lost] = field(default_factory=list)
    #: What was mended, a line each.
    mended: list[str] = field(default_factory=list)

    def lose(self, record: fst24.Fst24Record, why: str) -> None:
        """Note that a record cannot be had as it was."""
        self.lost.append(Lost(f"{place_of(record)}: {why}", record.core))

    def find(self, core: fst24.CoreMetadata, offset: int) -> None:
        """Note where a record was that no directory leads to; after all that are lost."""
        missed = next((one for one in self.lost if one.core == core), None)
        if missed is None:
            self.n_found += 1
            name = shown_name(core.nomvar)
            self.mended.append(f"record {name} at byte {offset}: found in no directory")
        else:  # its entry is damaged, and leads elsewhere
            self.lost.remove(missed)
            self.mended.append(f"{missed.text}: found at byte {offset}")


def container(file: fst24.Fst24File) -> str:
    """The file's own container; RSF when its records may not fit into XDF."""
    if file.backend != "XDF" or len(file) > _MOST_RECORDS:
        return "RSF"
    size = file.info.n_bytes
    stored = sum(r.nbytes for r in file if r.offset + r.nbytes <= size)
    pages = _PAGE_BYTES * (len(file) // _PAGE_RECORDS + 2)
    return "XDF" if stored + pages <= _MOST_BYTES else "RSF"


def verify(record: fst24.Fst24Record) -> str | None:
    """Decode a record; tells why its extended metadata cannot be read."""
    record.decode()
    try:
        record.metadata  # noqa: B018 - it reads
    except fst24.CorruptFileError as error:
        return reason(error)
    return None


class Recovery:
    """Copies all whole records of a file."""

    _target: fst24.Fst24Writer

    def __init__(self, file: fst24.Fst24File, *, keep_undecodable: bool) -> None:
        self._file = file
        self._keep = keep_undecodable
        self._examined = examine(file)
        self._finder = Finder(file)
        stray = self._examined.stray
        self._places = deque(p for span in stray for p in self._finder.places(span))
        self._found: list[tuple[fst24.CoreMetadata, int]] = []
        self._n_whole = 0  # bytes of these
        self.outcome = Outcome()

    def run(self, target: fst24.Fst24Writer, n_threads: int) -> None:
        """Copy them, in the order in which they were written."""
        self._target = target
        records = list(self._file)
        with progress(len(records)) as advance:
            for record, result in in_order(records, verify, n_threads):
                advance()
                self._copy_found(record.offset)
                self._copy_listed(record, result)
        self._copy_found(math.inf)
        for core, offset in self._found:
            self.outcome.find(core, offset)
        self._tell_rest()

    def _tell_rest(self) -> None:
        """What is lost or wrong besides records of the directory."""
        outcome, examined = self.outcome, self._examined
        n_stray = sum(span.end - span.start for span in examined.stray) - self._n_whole
        if n_stray > 0:
            where = examined.stray[0].start
            text = f"from byte {where}: {counted(n_stray, 'byte')} that are no whole record"
            outcome.lost.append(Lost(text))
        outcome.lost += [Lost(f"byte {fault.offset}: {fault.text}") for fault in examined.losses]
        outcome.mended += [f"byte {fault.offset}: {fault.text}" for fault in examined.faults]

    def _copy_found(self, before: float) -> None:
        """Records in no directory that stand in front of a byte."""
        while self._places and self._places[0][0] < before:
            place = self._places.popleft()
            record = self._finder.record(place)
            why = verify(record)
            if not self._copied(record, metadata=None if why is None else {}):
                continue
            self._n_whole += place[1]
            if why is not None:
                text = f"record {shown_name(record.nomvar)} at byte {place[0]}: {why}"
                self.outcome.lost.append(Lost(f"{text}: {_ONLY_METADATA}"))
            self.outcome.n_recovered += 1
            self._found.append((record.core, place[0]))

    def _copy_listed(
        self, record: fst24.Fst24Record, result: str | fst24.Fst24Error | None
    ) -> None:
        """A record of the directory; ``result`` tells how reading it went."""
        outcome = self.outcome
        if isinstance(result, fst24.Fst24Error):
            kept = self._keep and self._copied(record)
            outcome.lose(record, reason(result) + (" (kept as it is stored)" if kept else ""))
            outcome.n_recovered += kept
            return
        if result is not None:
            outcome.lose(record, f"{result}: {_ONLY_METADATA}")
        if not self._copied(record, metadata=None if result is None else {}):
            # What the directory says reads well, the record's own header does not.
            try:
                metadata = {} if result is not None else record.metadata
                self._target.write(record.decode(), metadata=metadata or None, **_as_was(record))
            except fst24.FstOSError:
                raise
            except (fst24.Fst24Error, ValueError) as error:
                outcome.lose(record, " ".join(str(error).split()))
                return
            outcome.mended.append(f"{place_of(record)}: its own header is damaged: encoded anew")
        outcome.n_recovered += 1

    def _copied(self, record: fst24.Fst24Record, **changed: Any) -> bool:  # noqa: ANN401 - as write
        """Copy a record as it is stored; False when its stored bytes are not sound."""
        try:
            self._target.write(record, **changed)
        except fst24.FstOSError:
            raise
        except (fst24.Fst24Error, ValueError):  # a text that no record has, in a damaged header
            return False
        return True


def _as_was(record: fst24.Fst24Record) -> dict[str, Any]:
    """Arguments that write values as a record has them."""
    return {
        "like": record,
        "mask": record.mask,
        "datyp": record.datyp & ~_MISSING_FLAG,
        "nbits": record.nbits,
    }


def lines(path: str, out: str | None, n_listed: int, outcome: Outcome) -> Iterator[str]:
    """What became of it, for people."""
    yield from (f"{path}: {text}" for text in outcome.mended)
    yield from (f"{path}: lost: {lost.text}" for lost in outcome.lost)
    n_all = n_listed + outcome.n_found
    if out is None and not outcome.n_recovered and outcome.lost:
        yield f"{path}: no record can be recovered, no file was made"
    elif out is None:
        yield f"{path}: {counted(n_all, 'record')}, all readable: nothing to repair"
    else:
        n = outcome.n_recovered
        how_many = f"{n:,} of {n_all:,} records"
        if n == n_all:
            how_many = ("" if outcome.lost else "all ") + counted(n, "record")
        yield f"{path}: {how_many} recovered -> {out}"


@click.command("repair")
@click.argument("path", metavar="FILE")
@click.argument("out", metavar="[OUT]", required=False)
@click.option("--in-place", is_flag=True, help="Put the mended file in the place of FILE.")
@click.option(
    "--keep-undecodable",
    is_flag=True,
    help="Copy records, too, whose values cannot be read, as far as they can be copied.",
)
@click.option(
    "--force",
    is_flag=True,
    help="Replace OUT when it is there; and do not ask whether somebody writes to FILE.",
)
@backend_option
@threads_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def command(
    path: str,
    out: str | None,
    backend: str | None,
    threads: int,
    *,
    in_place: bool,
    keep_undecodable: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Recover all whole records of FILE, which was left open, cut short or damaged.

    The copy OUT (FILE.repaired) has every record whose values can be read, bytes unchanged, in a
    container in order: nobody writes to it, no directory is missing, no space is lost. FILE stays
    as it is, unless --in-place. Records are also looked for where no directory leads. XDF becomes
    RSF when the records are too many or too large for it. A FILE that another process has open for
    writing is refused.

    Shown are what was wrong, what is lost and why, then a line that sums up.

    Exit status: 0 when every record was recovered, 1 when something is lost or nothing could be
    done, 2 when the command was not understood.
    """
    if in_place and out is not None:
        raise click.UsageError("--in-place and OUT exclude each other.")
    one_line_warnings(shown=False)  # they are among what is shown
    target_path = path if in_place else out or f"{path}.repaired"
    with failing_in_one_line():
        if not force:
            fst24.check_unwritten(path)
        with fst24.open(path, mmap=False) as file:
            recovery = Recovery(file, keep_undecodable=keep_undecodable)
            target = open_target(
                target_path, force=force or in_place, backend=backend or container(file)
            )
            made = _make(recovery, target, threads, only_mended=in_place)
            outcome = recovery.outcome
            n_listed = len(file)
    shown = click.format_filename(path)
    if as_json:
        click.echo(json_line(_summary(shown, made, n_listed, outcome)), nl=False)
    else:
        click.echo("\n".join(lines(shown, made, n_listed, outcome)))
    if outcome.lost:
        sys.exit(1)


def _make(
    recovery: Recovery, target: fst24.Fst24Writer, n_threads: int, *, only_mended: bool
) -> str | None:
    """Make the mended file; its name is None when there is none to make."""
    outcome = recovery.outcome
    try:
        recovery.run(target, n_threads)
        if outcome.n_recovered == 0 and outcome.lost:
            return None
        if only_mended and not (outcome.lost or outcome.mended):
            return None
        target.close()
    finally:
        target.abandon()  # nothing to do when it was closed
    return click.format_filename(target.path)


def _summary(path: str, made: str | None, n_listed: int, outcome: Outcome) -> dict[str, Any]:
    return {
        "path": path,
        "out": made,
        "n_listed": n_listed,
        "n_found": outcome.n_found,
        "n_recovered": outcome.n_recovered,
        "lost": [lost.text for lost in outcome.lost],
        "mended": outcome.mended,
    }
