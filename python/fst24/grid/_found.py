"""From a record to its grid: its axes found in a file (``docs/format/metadata.md``, 5 and 7.6)."""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Any, Protocol

from fst24 import _core
from fst24._errors import (
    CorruptFileError,
    Fst24Error,
    InvalidArgumentError,
    RecordNotFoundError,
    described,
    make_error,
)

from ._grid import Grid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ._grid import Codes

#: Where the points of a type are told: records by name, those of x first.
_TOLD_IN = {
    **dict.fromkeys("Z#YOXM", (">>", "^^")),
    "U": ("^>",),
}
_DESCRIPTORS = (">>", "^^", "^>")
_AXES = [">>", "^^", "^>"]
#: For each point its own.
_POINTS = "YOXM"
#: Fields of longitudes and latitudes that stand in for missing ``>>`` and ``^^`` (7.8).
_FIELDS = ("LO", "LA")
#: The axes of such fields are degrees: a grid L that changes nothing.
_DEGREES = (100, 100, 9000, 0)
_PAIR = 2


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
    def etiket(self) -> str: ...
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
    def __getitem__(self, place: int, /) -> Any: ...  # noqa: ANN401
    def iter_records(self, **criteria: Any) -> Iterator[Any]: ...  # noqa: ANN401


class LinkedLike(FileLike, Protocol):
    """One file, or linked ones."""

    @property
    def starts(self) -> list[int]: ...


def _codes(record: RecordLike) -> Codes:
    return record.ig1, record.ig2, record.ig3, record.ig4


def _search(file: FileLike, **criteria: Any) -> list[RecordLike]:  # noqa: ANN401 - as they are
    """What a file has; a record on its own has no others."""
    search = getattr(file, "iter_records", None)
    return [] if search is None else list(search(**criteria))


def _tag(record: RecordLike) -> dict[str, int]:
    tag = {"ip1": record.ig1, "ip2": record.ig2}
    # Of a tile ig3 and ig4 say where it begins.
    return tag if record.grtyp == "#" else {**tag, "ip3": record.ig3}


def _sizes(record: RecordLike, nomvar: str) -> set[int]:
    """How many values an axis of the record may have; none: any number."""
    if record.grtyp in "#U":
        return set()
    points = record.ni * record.nj
    if record.grtyp in _POINTS:
        return {points}
    return {record.ni if nomvar == ">>" else record.nj, points}


def _candidates(file: FileLike, record: RecordLike, nomvar: str) -> list[RecordLike]:
    """Descriptors with the record's tag and of its size: several may have one tag."""
    found = _search(file, nomvar=nomvar, **_tag(record))
    if not found:
        raise _missing(file, record, nomvar)
    wanted = _sizes(record, nomvar)
    fitting = [one for one in found if not wanted or one.ni * one.nj in wanted]
    if not fitting:
        sizes = ", ".join(f"{one.ni}x{one.nj}" for one in found)
        n = " or ".join(str(size) for size in sorted(wanted))
        raise _contradiction(record, f"{nomvar} has {sizes} values, the record needs {n}")
    return fitting


def _missing(file: FileLike, record: RecordLike, nomvar: str) -> Exception:
    name = file.path if hasattr(file, "iter_records") else "a record on its own"
    tag = ", ".join(f"{name}={value}" for name, value in _tag(record).items())
    message = (
        f"{record.nomvar} is on a grid {record.grtyp} whose axes are not in {name}: there is no "
        f"{nomvar} with {tag}. Take them from another file with other.grid(record), or open both "
        "with fst24.open([path, other])"
    )
    return make_error(RecordNotFoundError, message, path=record.path, record=record.index)


def _contradiction(record: RecordLike, message: str) -> Exception:
    return make_error(CorruptFileError, message, path=record.path, record=record.index)


def _best(record: RecordLike, candidates: list[RecordLike]) -> RecordLike:
    """That of the record's own file among linked ones, then of its date; then the last written."""
    dates = {record.dateo, record.datev}
    return max(
        candidates,
        key=lambda one: (
            one.path == record.path,
            one.datev in dates or one.dateo in dates,
            one.index,
        ),
    )


def _pair(file: FileLike, record: RecordLike) -> tuple[RecordLike, ...]:
    """The records ``>>`` and ``^^`` of a record, of one grid, of sizes that go together."""
    across, along = (_candidates(file, record, name) for name in (">>", "^^"))
    points = record.ni * record.nj
    x = _best(record, [one for one in across if one.ni * one.nj == record.ni] or across)
    same = [one for one in along if (one.grtyp, _codes(one)) == (x.grtyp, _codes(x))]
    if not same:
        y = _best(record, along)
        raise _contradiction(
            record,
            f">> is on {x.grtyp} {_codes(x)} and ^^ on {y.grtyp} {_codes(y)}: they are no pair",
        )
    if record.grtyp == "Z":
        n = record.nj if x.ni * x.nj == record.ni else points
        same = [one for one in same if one.ni * one.nj == n] or same
    return x, _best(record, same)


def _fields(file: FileLike, record: RecordLike) -> tuple[RecordLike, ...]:
    """LO and LA of the record's size: with its etiket for a list of stations."""
    found = []
    for nomvar in _FIELDS:
        fitting = _search(file, nomvar=nomvar, ni=record.ni, nj=record.nj)
        if record.grtyp == "Y":
            fitting = [one for one in fitting if one.etiket == record.etiket]
        if not fitting:
            return ()
        found.append(_best(record, fitting))
    return tuple(found)


def axes_of(file: FileLike, record: RecordLike) -> tuple[RecordLike, ...]:
    """The records that tell where the points of a record are: none, ``^>``, or a pair."""
    if _core.is_descriptor(record.nomvar):
        message = f"{record.nomvar} describes a grid or levels: it is no field on a grid"
        raise make_error(InvalidArgumentError, message, path=record.path, record=record.index)
    names = _TOLD_IN.get(record.grtyp, ())
    if len(names) < _PAIR:
        return tuple(_best(record, _candidates(file, record, name)) for name in names)
    try:
        return _pair(file, record)
    except RecordNotFoundError:
        fields = _fields(file, record) if record.grtyp in "XY" else ()
        if not fields:
            raise
        return fields


def grid_from(
    record: RecordLike,
    axes: tuple[RecordLike, ...],
    *,
    size: tuple[int, int] | None = None,
    ig: Codes | None = None,
) -> Grid:
    """The grid of a record with these axes; ``size`` and ``ig`` in place of its own."""
    given: dict[str, Any] = {}
    if axes:
        given = {name: one.decode() for name, one in zip(("ax", "ay"), axes, strict=False)}
    if len(axes) == _PAIR:
        x = axes[0]
        is_field = x.nomvar == _FIELDS[0]
        given["ref_grtyp"] = "L" if is_field else x.grtyp
        given["ref_ig"] = _DEGREES if is_field else _codes(x)
    try:
        return Grid(record.grtyp, *(size or (record.ni, record.nj)), ig or _codes(record), **given)
    except CorruptFileError as error:
        raise _located(error, record) from None


def _located(error: CorruptFileError, record: RecordLike) -> CorruptFileError:
    """The same error, with the place of a record."""
    located = CorruptFileError(described(str(error), record.path, record.index, None))
    located.path, located.record = record.path, record.index
    return located


def grid_of(file: FileLike, record: RecordLike) -> Grid:
    """The grid of a record, made anew."""
    return grid_from(record, axes_of(file, record))


def _tagged(file: FileLike) -> dict[Any, list[int]]:
    """Places of descriptors by name and tag."""
    found: dict[Any, list[int]] = {}
    for one in file.iter_records(nomvar=_DESCRIPTORS):
        found.setdefault((one.nomvar, one.ip1, one.ip2), []).append(one.index)
    return found


class _ByTag:
    """A file that looks descriptors up by their tag.

    Thousands of linked files that have a grid each would be searched for each of the grids.
    """

    def __init__(
        self, file: FileLike, tagged: dict[Any, list[int]], part: tuple[int, int] | None = None
    ) -> None:
        self._file, self._tagged = file, tagged
        self.path = file.path
        #: The first record of the one linked file to look in, and that after its last.
        self._part = part

    def __getitem__(self, place: int, /) -> Any:  # noqa: ANN401
        return self._file[place]

    def iter_records(self, **criteria: Any) -> Iterator[Any]:  # noqa: ANN401
        if "ip1" not in criteria:
            return self._file.iter_records(**criteria)
        places = self._tagged.get(tuple(criteria[name] for name in ("nomvar", "ip1", "ip2")), [])
        if self._part is not None:
            low, high = (bisect_left(places, place) for place in self._part)
            places = places[low:high]
        found = (self._file[place] for place in places)  # records would keep the file open
        return (one for one in found if one.ip3 == criteria.get("ip3", one.ip3))


def _own_axes(
    file: LinkedLike, tagged: dict[Any, list[int]], record: RecordLike
) -> tuple[RecordLike, ...]:
    """Those in the record's own file among linked ones, where one tag may be of several grids."""
    starts = file.starts
    names = _TOLD_IN.get(record.grtyp)
    if names is None or len(starts) <= _PAIR or record.file is not file:
        return ()
    at = bisect_right(starts, record.index)
    own = _ByTag(file, tagged, (starts[at - 1], starts[at]))
    if not _search(own, nomvar=names[0], **_tag(record)):
        return ()
    try:
        return axes_of(own, record)
    except (CorruptFileError, RecordNotFoundError):
        return ()  # those of another file may fit


class SharedGrids:
    """The grids of a file, each made once. Any thread may ask."""

    __slots__ = ("_lock", "_made", "_tagged")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: dict[tuple[Any, ...], Grid] = {}
        self._tagged: dict[Any, list[int]] | None = None

    def of(self, file: LinkedLike, record: RecordLike) -> Grid:
        """The grid of a record whose axes are in ``file``."""
        with self._lock:
            if self._tagged is None:
                self._tagged = _tagged(file)
        axes = _own_axes(file, self._tagged, record) or axes_of(_ByTag(file, self._tagged), record)
        places = tuple(axis.index for axis in axes)
        key = (record.grtyp, record.ni, record.nj, _codes(record), places)
        with self._lock:
            if key not in self._made:
                self._made[key] = grid_from(record, axes)
            return self._made[key]


def contradictions(file: LinkedLike) -> list[tuple[int, int]]:
    """Records of axes that cannot both be right, by their places.

    They are of the same file, name, tag, size and date, with other values or on another frame.

    >>> with fst24.open(sample) as f:
    ...     contradictions(f)
    []
    """
    known: dict[tuple[Any, ...], int] = {}
    found = []
    for record in file.iter_records(nomvar=_AXES):
        tag = (record.path, record.nomvar, record.ip1, record.ip2, record.ip3)
        key = (*tag, record.ni, record.nj, record.datev)
        first = known.setdefault(key, record.index)
        if first != record.index and not _is_same(file[first], record):
            found.append((first, record.index))
    return found


def _is_same(a: Any, b: Any) -> bool:  # noqa: ANN401 - records
    if (a.grtyp, _codes(a)) != (b.grtyp, _codes(b)):
        return False
    try:
        return bool(a.decode().tobytes() == b.decode().tobytes())
    except Fst24Error:
        return True  # a damaged one is told of where it is used
