"""The headers of the records that a Dataset is made of: columns, and what their codes mean."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fst24 import Fst24DataInterface, InvalidArgumentError, date, ip
from fst24.table._meaning import is_tagged
from fst24.table._table import distinct

from ._ensemble import member, names_member

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from fst24 import Fst24File, Fst24Record
    from fst24.table import Table

    from ._notes import Notes
    from ._options import Options

    Ints = npt.NDArray[np.int64]

#: Stands for "no date" in seconds.
NEVER = np.iinfo(np.int64).min
#: Stamps that are written where there is no date (``docs/format/cf.md``, 3).
_NO_DATES = (0, 10101011, 101010101)
_LAST_OLD = 32767
_COMPRESSED = 128
#: Of a value of a compressed record: 5 x 5 points of one value take some bits.
_LEAST_BITS = 1 / 32
_TIME = 10
#: typvar of masks, and the second letter of that of fields with a mask.
_MASK, _MASKED = "@@", "@"


class Period(NamedTuple):
    """A time code of ip2 or ip3 in each row: hours, and where it is one."""

    hours: npt.NDArray[np.float64]
    is_new_style: npt.NDArray[np.bool_]


class Headers:
    """Columns of some fields of a file, or of linked files, one row a record.

    Records that describe grids and levels are left out: they are found by the file.
    """

    def __init__(self, file: Fst24File, table: Table) -> None:
        self.file = file
        self._table = table
        self._columns: dict[str, npt.NDArray[Any]] = {}
        self._periods: dict[str, Period] = {}
        codes, names = table.coded("nomvar")
        tagged = [code for code, name in enumerate(names) if is_tagged(name)]
        self._rows = np.flatnonzero(~np.isin(codes, tagged)).astype(np.int64)

    @classmethod
    def of(cls, file: Fst24File, options: Options, notes: Notes) -> Headers:
        """Those of the records that the options choose."""
        given = options.records
        if isinstance(given, Fst24DataInterface):
            chosen = given
        elif given is None:
            chosen = Fst24DataInterface(file)
        else:
            chosen = Fst24DataInterface(file.read_records(given))
        _check_own(chosen, file)
        criteria = dict(options.select or {})
        if options.variables is not None:
            if not {"variables", "nomvar"}.isdisjoint(criteria):
                raise InvalidArgumentError("give variables, or nomvar among the criteria, not both")
            criteria["variables"] = options.variables
        if criteria:
            chosen = chosen.select(**criteria)
        return cls(file, chosen.table).possible(notes)

    def possible(self, notes: Notes) -> Headers:
        """Without records whose stored bytes cannot hold the values that they announce."""
        n_values = np.prod([self[n].astype(np.float64) for n in ("ni", "nj", "nk")], axis=0)
        bits = np.where(self["datyp"] & _COMPRESSED, _LEAST_BITS, np.maximum(self["nbits"], 1))
        good = (n_values > 0) & (n_values * bits <= 8.0 * self["nbytes"])
        if good.all():
            return self
        for row in np.flatnonzero(~good).tolist():
            ni, nj, nk = (int(self[name][row]) for name in ("ni", "nj", "nk"))
            notes.add(
                "records announce more values than their bytes can hold",
                f"record {self['index'][row]}, {self.text('nomvar', row)}: {ni} x {nj} x {nk}",
                "they are left out; `fst24 check` looks at the whole file",
            )
        found = Headers(self.file, self._table)
        found._rows = self._rows[good]
        return found

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        """A column of numbers."""
        found = self._columns.get(name)
        if found is None:
            found = self._columns[name] = self._table.column(name)[self._rows]
        return found

    @cached_property
    def _coded(self) -> dict[str, tuple[npt.NDArray[np.int32], list[str]]]:
        found = {}
        for name in ("nomvar", "typvar", "etiket", "grtyp"):
            codes, texts = self._table.coded(name)
            found[name] = codes[self._rows], texts
        return found

    def codes(self, name: str) -> npt.NDArray[np.int32]:
        """A number for each distinct text of a column."""
        return self._coded[name][0]

    def texts(self, name: str) -> list[str]:
        """The texts that `codes` number."""
        return self._coded[name][1]

    def text(self, name: str, row: int) -> str:
        """The text in one row."""
        codes, texts = self._coded[name]
        return texts[int(codes[row])]

    def record(self, row: int) -> Fst24Record:
        """The record of a row."""
        return self.file[int(self["index"][row])]

    @property
    def is_linked(self) -> bool:
        """Whether records are of several files."""
        return len(self.file.paths) > 1

    @cached_property
    def part(self) -> npt.NDArray[np.int64]:
        """Which of linked files each record is in."""
        starts = self.file.starts[1:]
        found: npt.NDArray[np.int64] = np.searchsorted(starts, self["index"], side="right")
        return found

    @property
    def element_sizes(self) -> npt.NDArray[np.int32]:
        """Bits of an element in memory, as stored; 0 where it is not."""
        return self._table.stored_column("dasiz")[self._rows].astype(np.int32)

    # ------------------------------------------------------------------------------- meaning

    @cached_property
    def valid(self) -> Ints:
        """Date of validity in seconds since 1970, `NEVER` where there is none."""
        datev = self["datev"]
        codes, rows = distinct(datev)
        when = date.decode(datev[rows]).astype(np.int64)
        when[np.isin(datev[rows], _NO_DATES)] = NEVER
        found: Ints = when[codes]
        return found

    @cached_property
    def lead(self) -> Ints:
        """Seconds from the origin to the validity."""
        found: Ints = self["deet"].astype(np.int64) * self["npas"]
        return found

    @cached_property
    def origin(self) -> Ints:
        """Date of origin in seconds since 1970, `NEVER` where there is none."""
        found: Ints = np.where(self.valid == NEVER, NEVER, self.valid - self.lead)
        return found

    @cached_property
    def level(self) -> ip.Levels:
        """Value and kind of ip1."""
        codes, rows = distinct(self["ip1"])
        value, kind = ip.decode(self["ip1"][rows])
        return ip.Levels(value[codes], kind[codes])

    @cached_property
    def ip3(self) -> npt.NDArray[np.int32]:
        """ip3, 0 where it is the number of an ensemble member.

        It is one where all records of an etiket that names a member have that very number, but
        for those whose ip3 is a time of the new style.
        """
        codes, ip3 = self.codes("etiket"), self["ip3"]
        found = ip3.copy()
        for code, text in enumerate(self.texts("etiket")):
            named = member(text) if names_member(text) else None
            if named is not None:
                own = (codes == code) & (ip3 <= _LAST_OLD)
                if own.any() and (ip3[own] == named[1]).all():
                    found[own] = 0
        return found

    @cached_property
    def is_mask(self) -> npt.NDArray[np.bool_]:
        """Which records say which values of others count."""
        return self._has_typvar(lambda text: text == _MASK)

    @cached_property
    def is_masked(self) -> npt.NDArray[np.bool_]:
        """Which records have values that masks say the use of."""
        return self._has_typvar(lambda text: text != _MASK and text[1:] == _MASKED)

    def _has_typvar(self, is_wanted: Callable[[str], bool]) -> npt.NDArray[np.bool_]:
        wanted = [code for code, text in enumerate(self.texts("typvar")) if is_wanted(text)]
        found: npt.NDArray[np.bool_] = np.isin(self.codes("typvar"), wanted)
        return found

    def period(self, name: str) -> Period:
        """The time that ip2 or ip3 code, in hours; plain numbers are hours."""
        if name not in self._periods:
            self._periods[name] = self._period(name)
        return self._periods[name]

    def _period(self, name: str) -> Period:
        column = self.ip3 if name == "ip3" else self[name]
        codes, rows = distinct(column)
        code = column[rows]
        value, kind = ip.decode(code)
        new = (code > _LAST_OLD) & (kind == _TIME)
        plain = (code >= 0) & (code <= _LAST_OLD)
        hours = np.where(new, value.astype(np.float64), np.where(plain, code, np.nan))
        return Period(hours[codes], new[codes])


def _check_own(chosen: Fst24DataInterface, file: Fst24File) -> None:
    """Records are read by their place in a file: those of another one would be misread."""
    other = next((one for one in chosen._files() if one is not file), None)  # noqa: SLF001 - ours
    if other is not None:
        raise InvalidArgumentError(
            f"{file.path}: some of the records to take are of another file that was opened,"
            f" {other.path}: open both with fst24.open([path, other]), and take records of that"
        )
