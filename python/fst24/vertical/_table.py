"""The table of a ``!!`` record (``docs/format/metadata.md``, 8.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import numpy as np

from fst24 import ip
from fst24._errors import CorruptFileError, UnsupportedError, make_error

from ._versions import VERSIONS, Lists, Version, split

if TYPE_CHECKING:
    import numpy.typing as npt

    from fst24._errors import Fst24Error
    from fst24._record import Fst24Record

_MOST_CODE = 2**31 - 1
#: The single precision of what made the tables.
_TWINS = 1e-6
#: Columns of a row: ip1, A, B, C.
_C = 3


class Table(NamedTuple):
    """What a ``!!`` record says, checked."""

    vcode: int
    #: ip1 of each row, and its coefficients: float64 of shape (rows, 3), C being 0 where there is
    #: none.
    ip1s: npt.NDArray[np.int32]
    coefficients: npt.NDArray[np.float64]
    lists: Lists
    #: Pressures in Pa, exponents, names of the reference fields: what the header has of them.
    ptop: float | None
    pref: float | None
    rcoefs: tuple[float, ...]
    references: tuple[str, ...]


def read_table(record: Fst24Record) -> Table:
    """Decode and check a ``!!`` record.

    Raises
    ------
    CorruptFileError
        The table contradicts itself or is cut.
    UnsupportedError
        A kind and version that this package does not know.
    """
    values = record.data
    if values.dtype != np.float64 or values.ndim != 2:  # noqa: PLR2004 - columns and rows
        _corrupt(record, f"a !! holds a table of float64, not {values.dtype} {values.shape}")
    flat = values.ravel(order="F")
    vcode, skip = _beginning(record, flat)
    version = VERSIONS[vcode]
    ni, nj = values.shape
    if ni != version.n_columns:
        _corrupt(record, f"a table of version {vcode} has {version.n_columns} columns, not {ni}")
    if skip * ni < version.n_words or skip >= nj:
        _corrupt(
            record,
            f"the table is cut: {nj} rows, of which {skip} are header,"
            f" which has {version.n_words} words in version {vcode}",
        )
    rows = values.T[skip:]
    ip1s = _codes(record, rows[:, 0])
    coefficients = np.zeros((len(rows), _C))
    coefficients[:, : ni - 1] = rows[:, 1:]
    if not np.isfinite(coefficients).all():
        _corrupt(record, "a coefficient of the table is not finite")
    _check_twins(record, ip1s, coefficients)
    lists = split(version.layout, ip1s)
    if lists is None:
        _corrupt(
            record,
            f"the table is cut: {len(ip1s)} rows cannot be the momentum and the thermodynamic"
            f" levels of version {vcode}",
        )
    header = flat[: skip * ni]
    words = dict(zip(version.words, header[3:].tolist(), strict=False))
    references = _references(record, version, header)
    _check_references(record, version, words, references, coefficients)
    return Table(
        vcode,
        ip1s,
        coefficients,
        lists,
        ptop=_positive(words, "ptop"),
        pref=_positive(words, "pref"),
        rcoefs=tuple(words[name] for name in ("r1", "r2", "r3", "r4") if _is_given(words, name)),
        references=references,
    )


def _beginning(record: Fst24Record, flat: npt.NDArray[Any]) -> tuple[int, int]:
    """The version, known, and the rows of the header."""
    if len(flat) < 3:  # noqa: PLR2004 - kind, version, rows of the header
        _corrupt(record, f"the table is cut: {len(flat)} words")
    words = flat[:3].tolist()
    if not all(0 <= word <= _MOST_CODE and word == int(word) for word in words):
        _corrupt(record, f"the table begins with {words}, not with kind, version, header rows")
    kind, number, skip = map(int, words)
    vcode = 1000 * kind + number
    if vcode not in VERSIONS or not VERSIONS[vcode].has_table:
        known = ", ".join(str(code) for code, version in VERSIONS.items() if version.has_table)
        raise _error(
            UnsupportedError,
            record,
            f"a vertical coordinate of kind {kind}, version {number}: known are {known};"
            " levels can be had without it: Vertical.from_ip1s(ip1s)",
        )
    return vcode, skip


def _codes(record: Fst24Record, column: npt.NDArray[np.float64]) -> npt.NDArray[np.int32]:
    with np.errstate(invalid="ignore"):
        ip1s = column.astype(np.int64)
    if (ip1s != column).any() or (ip1s < 0).any() or (ip1s > _MOST_CODE).any():
        _corrupt(record, "a row of the table does not begin with an ip1")
    codes = ip1s.astype(np.int32)
    wrong = ~np.isin(ip.decode(codes).kind, ip.LEVEL_KINDS)
    if wrong.any():
        _corrupt(record, f"a row of the table is of ip1 {codes[wrong][0]}, which is no level")
    return codes


def _check_twins(
    record: Fst24Record, ip1s: npt.NDArray[np.int32], coefficients: npt.NDArray[np.float64]
) -> None:
    """Rows of one ip1, which the lists may share, say the same."""
    _, first, which = np.unique(ip1s, return_index=True, return_inverse=True)
    differ = ~np.isclose(coefficients, coefficients[first[which]], rtol=_TWINS, atol=_TWINS)
    if differ.any():
        row = int(np.argmax(differ.any(axis=1)))
        _corrupt(record, f"the table has ip1 {ip1s[row]} twice, with other coefficients")


def _references(
    record: Fst24Record, version: Version, header: npt.NDArray[np.float64]
) -> tuple[str, ...]:
    """Names of the fields: the first four bytes of a word, whatever number that is."""
    names = []
    for at, word in enumerate(version.words, 3):
        if word.startswith("ref"):
            stored = header[at : at + 1].astype("<f8").tobytes()[:4]
            name = stored.decode("latin-1").rstrip(" \0")
            if not (name.isascii() and name.isprintable()):
                _corrupt(record, f"the name of a reference field is {stored!r}")
            names.append(name)
    if names and not names[0]:
        names[0] = "ME" if version.form == "height" else "P0"
    return tuple(name for name in names if name)


def _check_references(
    record: Fst24Record,
    version: Version,
    words: dict[str, float],
    references: tuple[str, ...],
    coefficients: npt.NDArray[np.float64],
) -> None:
    """Every coefficient that is used has its field, and a logarithm its reference pressure."""
    for at, letter in enumerate("BC"):
        is_used = bool((coefficients[:, 1 + at] != 0).any())
        if is_used and len(references) <= at:
            _corrupt(record, f"the table has coefficients {letter}, but names no field for them")
    if version.form == "log" and not _positive(words, "pref"):
        _corrupt(record, f"the reference pressure is {words['pref']} Pa")


def _is_given(words: dict[str, float], name: str) -> bool:
    return words.get(name, -1.0) >= 0


def _positive(words: dict[str, float], name: str) -> float | None:
    """A pressure in Pa; absent ones are -9999 or negative."""
    return words[name] if words.get(name, -1.0) > 0 else None


def _error(kind: type[Fst24Error], record: Fst24Record, message: str) -> Fst24Error:
    return make_error(kind, f"{record.nomvar}: {message}", path=record.path, record=record.index)


def _corrupt(record: Fst24Record, message: str) -> NoReturn:
    raise _error(CorruptFileError, record, message)
