"""RSF files (``docs/format/containers.md``, 3), little-endian as every writer makes them.

Positions inside this module are in words of 32 bits; the format counts bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from tests.support.fstmake import record
from tests.support.fstmake.record import Record
from tests.support.fstmake.words import Image, Payloads, lengths, place

if TYPE_CHECKING:
    from collections.abc import Sequence

NULL, DATA, SOS, EOS, DIRECTORY, FILE, DELETED = 0, 1, 3, 4, 6, 7, 0x80
SOS_WORDS, EOS_LOW_WORDS, EOS_HIGH_WORDS, EOS_WORDS = 18, 5, 12, 17
START_WORDS, END_WORDS, ENTRY_HEAD_WORDS, SEARCH_WORDS = 4, 3, 8, 19
EXCLUSIVE = 0xFFFF
STDF, FREE = "STDF", "<-->"


def _name(text: str) -> int:
    return int.from_bytes(text.encode(), "little")


def _long(value: int) -> list[int]:
    """Two words, the high one first; negative numbers as 64-bit two's complement."""
    return [value >> 32 & 0xFFFFFFFF, value & 0xFFFFFFFF]


def start(kind: int, rlm: int, n_bytes: int, rlmd: int, *, dul: int = 0, ubc: int = 0) -> list[int]:
    """The four words in front of a record (3.1)."""
    return [0xFE << 24 | rlm << 8 | kind, *_long(n_bytes), dul << 24 | ubc << 16 | rlmd]


def end(kind: int, rlm: int, n_bytes: int) -> list[int]:
    """The three words behind a record."""
    return [*_long(n_bytes), 0xFF << 24 | rlm << 8 | kind]


class Sizes(NamedTuple):
    """What SOS and EOS say of a segment, in bytes."""

    seg: int = 0
    sseg: int = 0
    vdir: int = 0
    vdirs: int = 0

    def words(self) -> list[int]:
        """Four pairs of words."""
        return [w for value in self for w in _long(value)]


def start_of_segment(
    sizes: Sizes, *, rlm: int = 0, rlmd: int = SEARCH_WORDS, code: str = STDF
) -> npt.NDArray[np.uint32]:
    """SOS, 18 words."""
    words = [
        *start(SOS, rlm, 72, rlmd),
        _name("RSF0"),
        _name(code),
        0xDEADBEEF,
        *sizes.words(),
        *end(SOS, 0, 72),
    ]
    return np.array(words, np.uint32)


def eos_low(n_bytes: int, meta: int = SEARCH_WORDS) -> npt.NDArray[np.uint32]:
    """First part of EOS, 5 words; ``n_bytes`` is the whole EOS with its hole."""
    return np.array([*start(EOS, meta, n_bytes, meta), 0xBEBEFADA], np.uint32)


def eos_high(n_bytes: int, sizes: Sizes, meta: int = SEARCH_WORDS) -> npt.NDArray[np.uint32]:
    """Second part of EOS, 12 words."""
    return np.array([0xCAFEFADE, *sizes.words(), *end(EOS, meta, n_bytes)], np.uint32)


def eos(sizes: Sizes, meta: int = SEARCH_WORDS) -> npt.NDArray[np.uint32]:
    """A compact EOS, 17 words."""
    return np.concatenate([eos_low(68, meta), eos_high(68, sizes, meta)])


def first_segment(writers: int = 0) -> npt.NDArray[np.uint32]:
    """Segment 0: empty, 35 words; ``writers`` is its write flag (EXCLUSIVE or a count)."""
    sizes = Sizes(seg=72, sseg=140)
    return np.concatenate([start_of_segment(sizes, rlm=writers), eos(sizes, 0)])


@dataclass(frozen=True)
class Raw:
    """A record that is no field: an embedded file, a hole, a type of another program.

    ``listed`` False: the directory does not name it (holes).
    """

    kind: int
    meta: npt.NDArray[np.uint32]
    words: npt.NDArray[np.uint32]
    listed: bool = True


def hole(n_words: int) -> Raw:
    """A null record (3.11)."""
    return Raw(NULL, np.zeros(0, np.uint32), np.zeros(n_words, np.uint32), listed=False)


def embedded_file(name: str, content: bytes) -> Raw:
    """An embedded file (3.11): class 0x80, size, then the name led and padded by zeros."""
    padded = b"\0" + name.encode()
    text = np.frombuffer(padded + bytes(-len(padded) % 4), "<u4").astype(np.uint32)
    head = np.array([0x80 << 8 | FILE, *_long(len(content))], np.uint32)
    body = np.frombuffer(content + bytes(-len(content) % 4), "<u4").astype(np.uint32)
    return Raw(FILE, np.concatenate([head, text]), body)


def json_words(text: str) -> npt.NDArray[np.uint32]:
    """Extended metadata: UTF-8, a NUL, zeros to the next word."""
    raw = text.encode() + b"\0"
    return np.frombuffer(raw + bytes(-len(raw) % 4), "<u4").astype(np.uint32)


def metadata(r: Record, keys: npt.NDArray[np.uint32], version: int) -> npt.NDArray[np.uint32]:
    """Metadata words of a data record (3.2), ``version`` being RSF's own."""
    extended = np.zeros(0, np.uint32) if r.json is None else json_words(r.json)
    fst24 = (0 if version == 0 else 1) << 24 | SEARCH_WORDS << 16 | len(extended)
    first = version << 16 | 1 << 8 | DATA
    head = [first, fst24, 0] if version == 0 else [first, 0, fst24]
    return np.concatenate([np.array(head, np.uint32), keys, extended])


@dataclass(frozen=True)
class Segment:
    """A segment: one session of a writer.

    deleted     places in ``records`` that were deleted afterwards.
    version     RSF version byte of its records.
    n_bytes     None: compact. Else a sparse segment reserved up to this many bytes; what is left
                of a closed one becomes a segment of free space.
    is_open     its writer is at work, or died: no directory; a compact one has no end either.
    absolute    deleted entries as the reference rewrites them, with offsets from the file's start.
    """

    records: Sequence[Record | Raw] = ()
    deleted: frozenset[int] = field(default_factory=frozenset)
    version: int = 1
    n_bytes: int | None = None
    is_open: bool = False
    absolute: bool = True


class Body(NamedTuple):
    """The records of a segment: key words, payloads, and where they go from its start."""

    metas: Payloads
    payloads: Payloads
    kinds: npt.NDArray[np.int64]
    listed: npt.NDArray[np.bool_]
    directory_words: npt.NDArray[np.int64]

    def record_words(self) -> npt.NDArray[np.int64]:
        """Length of each record, marks included."""
        return START_WORDS + lengths(self.metas) + lengths(self.payloads) + END_WORDS


def body(segment: Segment) -> Body:
    """Metadata and payloads of a segment's records."""
    fields = [r for r in segment.records if isinstance(r, Record)]
    table = record.keys(record.columns(fields)) if fields else np.zeros((0, 16), np.uint32)
    keys = iter(table)
    metas: list[npt.NDArray[np.uint32]] = []
    payloads: list[npt.NDArray[np.uint32]] = []
    listed: list[bool] = []
    for r in segment.records:
        if isinstance(r, Raw):
            metas.append(r.meta)
            payloads.append(r.words)
            listed.append(r.listed)
            continue
        size = max(len(r.words), r.n_words or 0)
        metas.append(metadata(r, next(keys), segment.version))
        payloads.append(np.concatenate([r.words, np.zeros(size - len(r.words), np.uint32)]))
        listed.append(True)
    kinds = np.array([r.kind if isinstance(r, Raw) else DATA for r in segment.records], np.int64)
    # Records of version 0 keep their JSON to themselves.
    limit = SEARCH_WORDS if segment.version == 0 else 0xFFFF
    return Body(metas, payloads, kinds, np.array(listed, bool), np.minimum(lengths(metas), limit))


def data_body(keys: npt.NDArray[np.uint32], payloads: Payloads) -> Body:
    """Plain data records from key words (n, 16)."""
    n = len(keys)
    metas = np.empty((n, SEARCH_WORDS), np.uint32)
    metas[:, :3] = [1 << 16 | 1 << 8 | DATA, 0, 1 << 24 | SEARCH_WORDS << 16]
    metas[:, 3:] = keys
    return Body(
        metas,
        payloads,
        np.full(n, DATA, np.int64),
        np.ones(n, bool),
        np.full(n, SEARCH_WORDS, np.int64),
    )


def _two(values: npt.NDArray[np.int64]) -> npt.NDArray[np.uint32]:
    return np.stack([values >> 32, values & 0xFFFFFFFF], axis=1).astype(np.uint32)


def records_image(what: Body, gone: npt.NDArray[np.bool_]) -> Image:
    """The records one after the other, as they follow SOS."""
    total = what.record_words()
    at = np.concatenate([[0], np.cumsum(total)])
    image: Image = np.zeros(int(at[-1]), "<u4")
    at = at[:-1]
    rlm = lengths(what.metas)
    marks = np.zeros((len(at), START_WORDS), np.uint32)
    marks[:, 0] = 0xFE << 24 | rlm << 8 | np.where(gone, DELETED, what.kinds)
    marks[:, 1:3] = _two(4 * total)
    marks[:, 3] = np.where(what.kinds == NULL, 0, 4 << 24) | what.directory_words
    place(image, at, marks)
    place(image, at + START_WORDS, what.metas)
    place(image, at + START_WORDS + rlm, what.payloads)
    ends = np.zeros((len(at), END_WORDS), np.uint32)
    ends[:, :2] = _two(4 * total)
    ends[:, 2] = 0xFF << 24 | rlm << 8 | what.kinds
    place(image, at + total - END_WORDS, ends)
    return image


def directory_image(
    what: Body, gone: npt.NDArray[np.bool_], *, at: int, absolute: bool = True
) -> Image:
    """The directory record of a segment that begins at byte ``at`` of the file (3.3, 3.5)."""
    total = what.record_words()
    wa = 4 * (SOS_WORDS + np.concatenate([[0], np.cumsum(total)])[:-1])
    keep = what.listed
    n_meta = what.directory_words
    size = ENTRY_HEAD_WORDS + n_meta[keep]
    places = np.concatenate([[0], np.cumsum(size)])
    n_words = START_WORDS + 1 + int(places[-1]) + END_WORDS
    vdir = 4 * (SOS_WORDS + int(total.sum()))
    image: Image = np.zeros(n_words, "<u4")
    image[:START_WORDS] = start(DIRECTORY, 1, 4 * n_words, 0)
    image[START_WORDS] = int(keep.sum())
    image[-END_WORDS:] = end(DIRECTORY, 1, 4 * n_words)
    first = START_WORDS + 1 + places[:-1]
    moved = gone[keep] & absolute
    heads = np.zeros((len(first), ENTRY_HEAD_WORDS), np.uint32)
    heads[:, 0:2] = _two(wa[keep] + np.where(moved, at, 0))
    heads[:, 2:4] = _two(4 * total[keep])
    heads[:, 4:6] = _two(np.where(moved, at + vdir + 4 * first, 0))
    heads[:, 6] = n_meta[keep] << 16 | lengths(what.metas)[keep]
    # dul, word 7, is 0 in every directory seen, as in the page's dump.
    place(image, first, heads)
    if isinstance(what.metas, np.ndarray):
        place(image, first + ENTRY_HEAD_WORDS, what.metas[keep])
    else:
        cut = [m[:k] for m, k, kept in zip(what.metas, n_meta, keep, strict=True) if kept]
        place(image, first + ENTRY_HEAD_WORDS, cut)
    dead = first[gone[keep]] + ENTRY_HEAD_WORDS
    image[dead] = image[dead] & ~np.uint32(0xFF) | np.uint32(DELETED)
    return image


def closed_segment(
    what: Body, gone: npt.NDArray[np.bool_], *, at: int, absolute: bool = True
) -> Image:
    """A whole compact segment that begins at byte ``at``."""
    rows = records_image(what, gone)
    vdir = directory_image(what, gone, at=at, absolute=absolute)
    seg = 4 * (SOS_WORDS + len(rows) + len(vdir))
    sizes = Sizes(seg, seg + 4 * EOS_WORDS, 4 * (SOS_WORDS + len(rows)), 4 * len(vdir))
    return np.concatenate([start_of_segment(sizes), rows, vdir, eos(sizes)]).astype("<u4")


def _segment_image(segment: Segment, at: int) -> Image:
    what = body(segment)
    gone = np.isin(np.arange(len(segment.records)), list(segment.deleted))
    if not segment.is_open:
        compact = closed_segment(what, gone, at=at, absolute=segment.absolute)
        if segment.n_bytes is None:
            return compact
        rest = segment.n_bytes - 4 * len(compact)
        return np.concatenate([compact, free_space(rest)]).astype("<u4")
    rows = records_image(what, gone)
    if segment.n_bytes is None:
        return np.concatenate([start_of_segment(Sizes(), rlm=SEARCH_WORDS), rows]).astype("<u4")
    sizes = Sizes(sseg=segment.n_bytes)
    image: Image = np.zeros(segment.n_bytes // 4, "<u4")
    image[:SOS_WORDS] = start_of_segment(sizes, rlm=SEARCH_WORDS)
    hole_bytes = segment.n_bytes - 72
    behind = rows if len(rows) else eos_low(hole_bytes)
    image[SOS_WORDS : SOS_WORDS + len(behind)] = behind
    image[-EOS_HIGH_WORDS:] = eos_high(hole_bytes, sizes)
    return image


def free_space(n_bytes: int) -> Image:
    """A segment of free space (3.7)."""
    sizes = Sizes(sseg=n_bytes)
    image: Image = np.zeros(n_bytes // 4, "<u4")
    image[:SOS_WORDS] = start_of_segment(sizes, rlmd=0, code=FREE)
    image[SOS_WORDS : SOS_WORDS + EOS_LOW_WORDS] = eos_low(n_bytes - 72, 0)
    image[-EOS_HIGH_WORDS:] = eos_high(n_bytes - 72, sizes, 0)
    return image


def image(segments: Sequence[Segment | Sequence[Record]], *, writers: int = 0) -> bytes:
    """A file as bytes: segment 0 with its write flag, then the given segments."""
    parts = [first_segment(writers).astype("<u4").tobytes()]
    for segment in segments:
        one = segment if isinstance(segment, Segment) else Segment(segment)
        parts.append(_segment_image(one, sum(map(len, parts))).tobytes())
    return b"".join(parts)


def image_of(keys: npt.NDArray[np.uint32], payloads: Payloads) -> Image:
    """A file of one session from key words (n, 16) and payloads, fast for a million records."""
    what = data_body(keys, payloads)
    gone = np.zeros(len(keys), bool)
    front = first_segment().astype("<u4")
    return np.concatenate([front, closed_segment(what, gone, at=4 * len(front))]).astype("<u4")
