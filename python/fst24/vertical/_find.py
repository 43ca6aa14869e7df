"""Which descriptor describes the levels of a record (``docs/format/metadata.md``, 8.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fst24 import _core, ip
from fst24._errors import (
    CorruptFileError,
    InvalidArgumentError,
    RecordNotFoundError,
    UnsupportedError,
    make_error,
)

from ._vertical import Vertical

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from fst24._errors import Fst24Error
    from fst24._file import Fst24File
    from fst24._record import Fst24Record

_SIGMA, _ABOVE_GROUND, _HYBRID = 1, 4, 5
#: Kinds whose levels may be in a table; the others describe themselves.
_MAY_HAVE_TABLE = (1, 4, 5, 21)
#: Those that say nothing without a descriptor.
_NEED_TABLE = (5, 21)
_MOST_NAMED = 5


def vertical_of(file: Fst24File, of: Fst24Record | int, *, strict: bool = False) -> Vertical | None:
    """What `Fst24File.vertical` gives."""
    if not isinstance(of, int | np.integer) and not hasattr(of, "ip1"):
        raise TypeError(f"a coordinate is that of a record or of an ip1, not of {of!r}")
    return _Search(file, of, strict=strict).found()


class _Search:
    """One question, and what is known of it."""

    def __init__(self, file: Fst24File, of: Fst24Record | int, *, strict: bool) -> None:
        self.file, self.strict = file, strict
        self.record = None if isinstance(of, int | np.integer) else of
        self.ip1 = int(of) if isinstance(of, int | np.integer) else of.ip1
        self.kind = ip.decode(self.ip1).kind

    def found(self) -> Vertical | None:
        record = self.record
        if record is not None and (
            _core.is_descriptor(record.nomvar) or record.nomvar[:1] in ("!", "<", ">", "^")
        ):
            return None
        # 0 is written for "no level", though it can be read as 0 hPa (trap 1).
        if self.ip1 == 0 or self.kind not in ip.LEVEL_KINDS:
            return None
        found = self._in_tables() if self.kind in _MAY_HAVE_TABLE else None
        return found or self._by_rule()

    # ------------------------------------------------------------------------------ tables

    def _in_tables(self) -> Vertical | None:
        tables = self.file.read_records(nomvar="!!")
        tagged = [table for table in tables if self._is_tag(table)]
        if tagged:
            found = self._listing(tagged)
            if found is None and self.kind in _NEED_TABLE:
                raise self._error(
                    RecordNotFoundError,
                    f"is not in the !! of its tag, {_named(tagged)}:"
                    " Vertical.from_ip1s makes a coordinate without it",
                )
            return found
        if not tables or self.strict:
            return None
        if len({table.data.tobytes() for table in tables}) == 1:
            return self._listing(tables)
        if self.kind in _NEED_TABLE:
            raise self._error(
                RecordNotFoundError,
                f"has no !! with ip1={self._igs()[0]} and ip2={self._igs()[1]}, and the file has"
                f" several others, {_named(tables)}: choose one, Vertical.from_record(f[index])",
            )
        return None

    def _is_tag(self, table: Fst24Record) -> bool:
        if self.record is None:
            return True
        ig1, ig2, ig3 = self._igs()
        return (table.ip1, table.ip2) == (ig1, ig2) and table.ip3 in (0, ig3)

    def _igs(self) -> tuple[int, int, int]:
        record = self.record
        return (0, 0, 0) if record is None else (record.ig1, record.ig2, record.ig3)

    def _listing(self, tables: list[Fst24Record]) -> Vertical | None:
        """The coordinate of those tables that list the level: the same in all of them."""
        found = [(t, made) for t in tables if (made := self._made(t)) and self.ip1 in made]
        if self.record is not None and len({made for _, made in found}) > 1:
            path = self.record.path
            found = [pair for pair in found if pair[0].path == path] or found
        if len({made for _, made in found}) > 1:
            raise self._error(
                InvalidArgumentError,
                f"is in several !!, {_named(table for table, _ in found)}, that differ:"
                " choose one, Vertical.from_record(f[index])"
                + ("" if self.record is not None else ", or give a record, whose tag tells which"),
            )
        return found[0][1] if found else None

    def _made(self, table: Fst24Record) -> Vertical | None:
        """A table; None for a bad one where levels mean something without it."""
        try:
            return Vertical.from_record(table)
        except (CorruptFileError, UnsupportedError):
            if self.kind in _NEED_TABLE or (self.kind == _SIGMA and self._is_tag(table)):
                raise
            return None

    # ------------------------------------------------------------------------------- rules

    def _by_rule(self) -> Vertical:
        hybrids = self.file.read_records(nomvar="HY") if self.kind in (_SIGMA, _HYBRID) else []
        if self.kind == _SIGMA:
            tops = self._tops()
            if tops:
                return self._same([Vertical.from_record(top, self._ip1s()) for top in tops], "PT")
        if hybrids:
            return self._same([Vertical.from_record(hy, self._ip1s()) for hy in hybrids], "HY")
        if self.kind == _SIGMA and (old := self.file.find(nomvar="E1")) is not None:
            raise self._error(
                UnsupportedError,
                f"is of the old SEF eta coordinate, as record {old.index} (E1) tells: its pressures"
                " are not known; Vertical.from_ip1s reads the levels as plain sigma",
            )
        if self.kind in _NEED_TABLE:
            needed = "a !! or a HY" if self.kind == _HYBRID else "a !!"
            raise self._error(
                RecordNotFoundError,
                f"needs {needed} that describes it{' and has its tag' * self.strict}, and there is"
                " none: link the file that has it,"
                " fst24.open([file, other]), or take Vertical.from_ip1s, without pressures",
            )
        return Vertical.from_ip1s(self._ip1s())

    def _tops(self) -> list[Fst24Record]:
        """PT of the date and the grid of the record, else what there is of it."""
        tops = self.file.read_records(nomvar="PT")
        record = self.record
        if record is None:
            return tops
        on_grid = [top for top in tops if _grid(top) == _grid(record)] or tops
        return [top for top in on_grid if top.datev == record.datev] or on_grid

    def _same(self, made: list[Vertical], nomvar: str) -> Vertical:
        if len(set(made)) > 1:
            raise self._error(
                InvalidArgumentError,
                f"could be described by {len(made)} records {nomvar} that differ:"
                " choose one, Vertical.from_record(f[index], ip1s)",
            )
        return made[0]

    def _ip1s(self) -> npt.NDArray[np.int32]:
        """The levels of the variable, or of all fields, that are of the same kind."""
        record = self.record
        if record is None:
            chosen = self.file.select(level_unit=self.kind, skip_descriptors=True)
        else:
            chosen = self.file.select(
                nomvar=[record.nomvar],
                level_unit=self.kind,
                **{name: getattr(record, name) for name in ("ig1", "ig2", "ig3", "ig4")},
            )
        ip1s = np.unique(chosen.table.column("ip1"))
        return np.union1d(ip1s[ip1s != 0], [self.ip1]).astype(np.int32)

    def _error(self, kind: type[Fst24Error], message: str) -> Fst24Error:
        value, number = ip.decode(self.ip1)
        level = f"ip1 {self.ip1} (value {value:g} of kind {number})"
        record = self.record
        if record is None:
            return make_error(kind, f"{level} {message}", path=self.file.path)
        text = f"{record.nomvar}: {level} {message}"
        return make_error(kind, text, path=record.path, record=record.index)


def _grid(record: Fst24Record) -> tuple[object, ...]:
    igs = (record.ig1, record.ig2, record.ig3, record.ig4)
    return (record.grtyp, record.ni, record.nj, *igs)


def _named(records: Iterable[Fst24Record]) -> str:
    """Where records are."""
    places = [str(record.index) for record in records]
    more = f" and {len(places) - _MOST_NAMED} more" if len(places) > _MOST_NAMED else ""
    return f"record{'s' * (len(places) > 1)} {', '.join(places[:_MOST_NAMED])}{more}"
