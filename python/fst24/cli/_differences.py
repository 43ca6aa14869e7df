"""What ``fst24 diff`` shows: a row for two records, or one without a partner, and a last line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._output import Column, Form, Table, counted

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Sequence

    import fst24
    from fst24.compare import Comparison, Tolerance

    from ._fields import Field


def _short(value: float) -> str:
    return f"{value:.5g}"


def _long(value: float) -> str:
    return f"{value:.7g}"


def _place(place: tuple[int, int, int]) -> str:
    return f"({place[0]},{place[1]},{place[2]})"


def _tolerance(tolerance: Tolerance) -> str:
    parts = [(tolerance.absolute, ""), (tolerance.relative, " rel")]
    return " or ".join(f"{value:.4g}{unit}" for value, unit in parts if value)


#: What a row is of, and the places of the records in both files.
WHAT = [Column("state", 9, left=True), Column("index_a", 7), Column("index_b", 7)]
_MEASURED = [
    *(Column(name, len(name)) for name in ("different", "beyond", "one_sided")),
    *(Column(name, 10, text=_short) for name in ("rel_max", "rel_mean", "abs_max", "abs_mean")),
    Column("max_at", 11, left=True, text=_place),
    *(Column(name, 12, text=_long) for name in ("mean_a", "bias", "var_a", "var_b", "corr")),
    Column("one_minus_corr", 14, text=_short),
    Column("tolerance", 9, left=True, text=_tolerance),
    Column("reason", left=True),
]
#: The same for JSON and CSV: a place is three numbers, a tolerance two.
_FLAT = {
    "different": ("points", "different"),
    "max_at": ("max_i", "max_j", "max_k"),
    "tolerance": ("atol", "rtol"),
}
STATES = ("equal", "within", "different", "only_a", "only_b", "unreadable")


def measured_columns(form: Form) -> list[Column]:
    """The columns that follow those of the record."""
    if form == "text":
        return _MEASURED
    return [Column(part) for c in _MEASURED for part in _FLAT.get(c.name, (c.name,))]


class Report:
    """Rows as they are found; of equal records when ``show_all``."""

    def __init__(
        self, table: Table, form: Form, fields: Sequence[Field], *, show_all: bool
    ) -> None:
        self._table, self._fields, self._show_all = table, fields, show_all
        self._names = [column.name for column in measured_columns(form)]

    def pair(
        self, a: fst24.Fst24Record, b: fst24.Fst24Record, found: Comparison | fst24.Fst24Error
    ) -> None:
        """Two records; the columns of the record are those of A's."""
        places = (a.index, b.index)
        if isinstance(found, Exception):
            self._write("unreadable", a, places, {})
        elif found.verdict != "equal" or self._show_all:
            self._write(found.verdict, a, places, self._measured(found))

    def only(self, record: fst24.Fst24Record, *, is_of_a: bool) -> None:
        """A record without a partner."""
        places = (record.index, None) if is_of_a else (None, record.index)
        self._write("only_a" if is_of_a else "only_b", record, places, {})

    @staticmethod
    def _measured(found: Comparison) -> dict[str, Any]:
        known: dict[str, Any] = {} if found.statistics is None else found.statistics._asdict()
        known |= {"reason": found.reason, "tolerance": found.tolerance}
        known |= dict(zip(_FLAT["tolerance"], found.tolerance, strict=True))
        if known.get("max_at"):
            known |= dict(zip(_FLAT["max_at"], known["max_at"], strict=True))
        return known

    def _write(
        self,
        state: str,
        record: fst24.Fst24Record,
        places: tuple[int | None, int | None],
        known: dict[str, Any],
    ) -> None:
        what = [field.get(record) for field in self._fields]
        self._table.write([[state, *places, *what, *map(known.get, self._names)]])


def summed_up(counts: Counter[str], n_a: int, n_b: int) -> dict[str, int]:
    """How many records there are, and of which state."""
    return {"records_a": n_a, "records_b": n_b} | {state: counts[state] for state in STATES}


def last_line(known: dict[str, int]) -> str:
    """The same for people."""
    words = ("equal", "within the tolerance", "different", "only in A", "only in B", "unreadable")
    shown = [f"{known[s]:,} {text}" for s, text in zip(STATES, words, strict=True) if known[s]]
    files = (f"{side}: {counted(known[f'records_{side.lower()}'], 'record')}" for side in "AB")
    return f"{', '.join(files)}: {', '.join(shown) or 'nothing to compare'}\n"
