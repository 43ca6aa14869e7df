"""A record to be written, and its 16 key words (``docs/format/containers.md``, 2.5)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tests.support.fstmake import codec, dates

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.support.fstmake.bits import Words

INTEGERS = (
    *("deet", "npas", "ni", "nj", "nk", "ip1", "ip2", "ip3", "ig1", "ig2", "ig3", "ig4"),
    *("datyp", "nbits", "dasiz", "ubc", "datev"),
)
TEXTS = {"nomvar": 4, "typvar": 2, "etiket": 12}


@dataclass(frozen=True, kw_only=True)
class Record:
    """Metadata as a user sees it, and the words of the payload.

    ``words`` are the significant ones, ``n_words`` is the payload's size in the file (None: just
    enough).
    ``datev`` is the stamp of the validity date, the one that is stored.
    """

    nomvar: str = "TT"
    typvar: str = "P"
    etiket: str = "TEST"
    grtyp: str = "X"
    datev: int = 497283000
    deet: int = 0
    npas: int = 0
    ni: int = 1
    nj: int = 1
    nk: int = 1
    ip1: int = 0
    ip2: int = 0
    ip3: int = 0
    ig1: int = 0
    ig2: int = 0
    ig3: int = 0
    ig4: int = 0
    datyp: int = 5
    nbits: int = 32
    dasiz: int = 32
    ubc: int = 0
    words: Words = field(default_factory=lambda: np.zeros(1, np.uint32))
    n_words: int | None = None
    json: str | None = None

    @property
    def dateo(self) -> int:
        """Stamp of the origin, as readers show it."""
        return dates.origin(self.datev, self.deet, self.npas)

    def but(self, **changes: Any) -> Record:
        """The same record with other fields."""
        return replace(self, **changes)


def make(
    array: codec.Array,
    datyp: int = 5,
    nbits: int = 32,
    *,
    backend: codec.Backend = "XDF",
    fast: bool = False,
    **fields: Any,
) -> Record:
    """A record of ``array``, shape (ni, nj) or (ni, nj, nk), encoded as the reference would."""
    done = codec.encode(array, datyp, nbits, backend=backend, fast=fast)
    ni, nj, nk = array.shape + (1,) * (3 - array.ndim)
    return Record(
        **fields,
        ni=ni,
        nj=nj,
        nk=nk,
        datyp=done.datyp,
        nbits=done.nbits,
        dasiz=done.dasiz_in(backend),
        words=done.words,
        n_words=done.n_words,
    )


def columns(records: Sequence[Record]) -> dict[str, npt.NDArray[Any]]:
    """The metadata of records as columns, for ``keys``."""
    table: dict[str, npt.NDArray[Any]] = {
        name: np.array([getattr(r, name) for r in records], np.int64) for name in INTEGERS
    }
    for name in (*TEXTS, "grtyp"):
        table[name] = np.array([getattr(r, name).encode("latin-1") for r in records], "S12")
    return table


def _text(column: npt.NDArray[Any], width: int) -> npt.NDArray[np.int64]:
    """Six-bit codes, shape (n, width): upper case, blanks behind."""
    padded = np.char.ljust(column.astype(f"S{width}"), width).astype(f"S{width}")
    c = np.ascontiguousarray(padded).view(np.uint8).reshape(-1, width).astype(np.int64)
    c = np.where(c == 0, 32, c)
    return ((c & ~((c & 64) >> 1)) - 32) & 63


def keys(table: Mapping[str, npt.NDArray[Any]]) -> npt.NDArray[np.uint32]:
    """The 16 key words of each row, shape (n, 16). Columns that are absent are as in ``Record``."""
    n = len(next(iter(table.values())))

    def col(name: str) -> npt.NDArray[np.int64]:
        if name in table:
            return table[name].astype(np.int64)
        return np.full(n, getattr(Record, name), np.int64)

    def six(name: str) -> npt.NDArray[np.int64]:
        if name in table:
            return _text(table[name], TEXTS[name])
        return _text(np.array([getattr(Record, name).encode()] * n), TEXTS[name])

    def packed(codes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        out = np.zeros(n, np.int64)
        for column in codes.T:
            out = out << 6 | column
        return out

    grtyp = np.frombuffer(
        np.asarray(table.get("grtyp", np.array([b"X"] * n))).astype("S1").tobytes(), np.uint8
    ).astype(np.int64)
    grtyp = np.where(grtyp == 0, 32, grtyp)
    etiket, ni, nj, ig2 = six("etiket"), col("ni"), col("nj"), col("ig2")
    words = [
        col("deet") << 8 | col("nbits"),
        (ni & 0xFFFFFF) << 8 | grtyp,
        (nj & 0xFFFFFF) << 8 | col("datyp"),
        col("nk") << 12 | col("ubc"),
        col("npas") << 6,
        col("ig4") << 8 | ig2 >> 16,
        col("ig1") << 8 | (ig2 >> 8 & 0xFF),
        col("ig3") << 8 | (ig2 & 0xFF),
        packed(etiket[:, :5]) << 2,
        packed(etiket[:, 5:10]) << 2,
        packed(etiket[:, 10:]) << 20 | packed(six("typvar")) << 8 | ni >> 24,
        packed(six("nomvar")) << 8 | col("dasiz"),
        col("ip1") << 4,
        col("ip2") << 4 | (nj >> 24 & 15),
        col("ip3") << 4 | nj >> 28,
        dates.stored(col("datev")).astype(np.int64),
    ]
    return (np.stack(words, axis=1) & 0xFFFFFFFF).astype(np.uint32)
