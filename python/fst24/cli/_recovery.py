"""The whole records of a damaged file: where they are, and copying them."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import fst24

from ._output import counted
from ._structure import Bytes, Examined, Finder, Span, examine
from ._work import in_order, progress
from .check import place_of, reason, shown_name

if TYPE_CHECKING:
    from ._structure import Kind

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


class Remains:
    """What there is of a file: the records that are listed, and where others are."""

    def __init__(
        self, kind: Kind, listed: list[fst24.Fst24Record], examined: Examined, finder: Finder
    ) -> None:
        self._kind = kind
        self.listed = listed
        self.examined = examined
        self.finder = finder
        #: Places of whole records that are not listed, and their lengths.
        self.places = deque(p for span in examined.stray for p in finder.places(span))

    @classmethod
    def of_file(cls, file: fst24.Fst24File) -> Remains:
        """Those of a file that opens."""
        kind: Kind = "XDF" if file.backend == "XDF" else "RSF"
        return cls(kind, list(file), examine(file), Finder(file.path, kind))

    @classmethod
    def of_bytes(cls, path: str) -> Remains:
        """Those of a file of which nothing is believed."""
        with Path(path).open("rb") as raw:
            data = Bytes(raw.fileno())
            head = data.filled(0, 32)
            examined = Examined(data)
        examined.stray.append(Span(0, data.size, "no record"))
        kinds: dict[Kind, bool] = {"XDF": head[8:12] == b"XDF0", "RSF": head[16:20] == b"RSF0"}
        named = [kind for kind, is_it in kinds.items() if is_it] or list(kinds)
        tried = [cls(kind, [], examined, Finder(path, kind)) for kind in named]
        return max(tried, key=lambda one: len(one.places))

    def container(self) -> Kind:
        """The file's own container; RSF when its records may not fit into XDF."""
        size = self.examined.data.size
        lengths = [r.nbytes for r in self.listed if r.offset + r.nbytes <= size]
        lengths += [n_bytes for _, n_bytes in self.places]
        pages = _PAGE_BYTES * (len(lengths) // _PAGE_RECORDS + 2)
        fits = len(lengths) <= _MOST_RECORDS and sum(lengths) + pages <= _MOST_BYTES
        return "XDF" if fits and self._kind == "XDF" else "RSF"


def verify(record: fst24.Fst24Record) -> str | None:
    """Decode a record; tells why its extended metadata cannot be read."""
    record.decode()
    try:
        record.metadata  # noqa: B018 - it reads
    except fst24.CorruptFileError as error:
        return reason(error)
    return None


class Recovery:
    """Copies all whole records of a file into one that is open for writing."""

    def __init__(
        self, remains: Remains, target: fst24.Fst24Writer, *, keep_undecodable: bool
    ) -> None:
        self._remains = remains
        self._target = target
        self._keep = keep_undecodable
        self._found: list[tuple[fst24.CoreMetadata, int]] = []
        self._n_whole = 0  # bytes of these
        self.outcome = Outcome()

    def run(self, n_threads: int) -> None:
        """Copy them, in the order in which they were written."""
        records = self._remains.listed
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
        outcome, examined = self.outcome, self._remains.examined
        n_stray = sum(span.end - span.start for span in examined.stray) - self._n_whole
        if n_stray > 0:
            where = examined.stray[0].start
            text = f"from byte {where}: {counted(n_stray, 'byte')} that are no whole record"
            outcome.lost.append(Lost(text))
        outcome.lost += [Lost(f"byte {fault.offset}: {fault.text}") for fault in examined.losses]
        outcome.mended += [f"byte {fault.offset}: {fault.text}" for fault in examined.faults]

    def _copy_found(self, before: float) -> None:
        """Records in no directory that stand in front of a byte."""
        places = self._remains.places
        while places and places[0][0] < before:
            place = places.popleft()
            record = self._remains.finder.record(place)
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
            own = self._remains.finder.own(record)
            if own is not None and self._copied(own):
                outcome.mended.append(f"{place_of(record)}: {reason(result)}: taken as it is there")
                outcome.n_recovered += 1
                return
            is_there = not isinstance(result, fst24.FstOSError)  # a disk that gives it, that is
            kept = self._keep and is_there and self._copied(record)
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
