"""From a record to its grid: its axes found in a file (``docs/format/metadata.md``, 5 and 7.6)."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Protocol

from fst24._errors import CorruptFileError, RecordNotFoundError, described, make_error

from ._grid import Grid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ._grid import Codes

#: Types whose points are in the records >> and ^^.
WITH_AXES = ("Z", "#")


class RecordLike(Protocol):
    """What is needed of a record."""

    @property
    def file(self) -> Any: ...  # noqa: ANN401 - what the record came from
    @property
    def path(self) -> str: ...
    @property
    def index(self) -> int: ...
    @property
    def nomvar(self) -> str: ...
    @property
    def grtyp(self) -> str: ...
    @property
    def ni(self) -> int: ...
    @property
    def nj(self) -> int: ...
    @property
    def ig1(self) -> int: ...
    @property
    def ig2(self) -> int: ...
    @property
    def ig3(self) -> int: ...
    @property
    def ig4(self) -> int: ...
    @property
    def dateo(self) -> int: ...
    @property
    def datev(self) -> int: ...
    def decode(self) -> Any: ...  # noqa: ANN401 - an array


class FileLike(Protocol):
    """What is needed of a file."""

    @property
    def path(self) -> str: ...
    def iter_records(self, **criteria: Any) -> Iterator[Any]: ...  # noqa: ANN401


def _codes(record: RecordLike) -> Codes:
    return record.ig1, record.ig2, record.ig3, record.ig4


def _candidates(file: FileLike, record: RecordLike, nomvar: str) -> list[RecordLike]:
    """Descriptors with the record's tag and of its size: several may have one tag."""
    tag = {"ip1": record.ig1, "ip2": record.ig2}
    if record.grtyp != "#":  # there ig3 and ig4 say where the tile begins
        tag["ip3"] = record.ig3
    search = getattr(file, "iter_records", None)
    found = [] if search is None else list(search(nomvar=nomvar, **tag))
    if not found:
        name = "a record on its own" if search is None else file.path
        message = (
            f"{record.nomvar} is on a grid {record.grtyp} whose axes are not in {name}: there is "
            f"no {nomvar} with {', '.join(f'{k}={v}' for k, v in tag.items())}. Take them from "
            "another file with other.grid(record), or open both with fst24.open([path, other])"
        )
        raise make_error(RecordNotFoundError, message, path=record.path, record=record.index)
    if record.grtyp == "#":
        return found
    n = record.ni if nomvar == ">>" else record.nj
    fitting = [one for one in found if one.ni * one.nj == n]
    if not fitting:
        sizes = ", ".join(f"{one.ni}x{one.nj}" for one in found)
        raise _contradiction(record, f"{nomvar} has {sizes} values, the record {n} along it")
    return fitting


def _contradiction(record: RecordLike, message: str) -> Exception:
    return make_error(CorruptFileError, message, path=record.path, record=record.index)


def _best(record: RecordLike, candidates: list[RecordLike]) -> RecordLike:
    """That of the record's date, else any; of several the last one written."""
    dates = {record.dateo, record.datev}
    return max(candidates, key=lambda one: (one.datev in dates or one.dateo in dates, one.index))


def axes_of(file: FileLike, record: RecordLike) -> tuple[RecordLike, RecordLike]:
    """The records ``>>`` and ``^^`` of a record."""
    across, along = (_candidates(file, record, name) for name in (">>", "^^"))
    x = _best(record, across)
    same = [one for one in along if (one.grtyp, _codes(one)) == (x.grtyp, _codes(x))]
    if not same:
        y = _best(record, along)
        raise _contradiction(
            record,
            f">> is on {x.grtyp} {_codes(x)} and ^^ on {y.grtyp} {_codes(y)}: they are no pair",
        )
    return x, _best(record, same)


def _make(record: RecordLike, axes: tuple[RecordLike, RecordLike] | None) -> Grid:
    size = record.ni, record.nj
    try:
        if axes is None:
            return Grid(record.grtyp, *size, _codes(record))
        x, y = axes
        return Grid(
            record.grtyp,
            *size,
            _codes(record),
            ax=x.decode(),
            ay=y.decode(),
            ref_grtyp=x.grtyp,
            ref_ig=_codes(x),
        )
    except CorruptFileError as error:
        text = described(str(error), record.path, record.index, None)
        located = CorruptFileError(text)
        located.path, located.record = record.path, record.index
        raise located from None


def grid_of(file: FileLike, record: RecordLike) -> Grid:
    """The grid of a record, made anew."""
    return _make(record, axes_of(file, record) if record.grtyp in WITH_AXES else None)


class SharedGrids:
    """The grids of a file, each made once. Any thread may ask."""

    __slots__ = ("_lock", "_made")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: dict[tuple[Any, ...], Grid] = {}

    def of(self, file: FileLike, record: RecordLike) -> Grid:
        """The grid of a record whose axes are in ``file``."""
        axes = axes_of(file, record) if record.grtyp in WITH_AXES else None
        places = () if axes is None else tuple(axis.index for axis in axes)
        codes = _codes(record)
        # The tag of a pair that is known says nothing more, but for tiles, which it gives a place.
        key = (record.grtyp, record.ni, record.nj, codes, places)
        with self._lock:
            if key not in self._made:
                self._made[key] = _make(record, axes)
            return self._made[key]
