"""A strict reading of RSF files (``docs/format/containers.md``, 3), for tests of what is written.

It shares nothing with the library, and forgives nothing that a reader would live with: each byte of
a file belongs to a segment, each byte of a segment to a record or to free space, and what is told
twice agrees. Files of the reference pass.

>>> import struct
>>> check_rsf(b"")
Traceback (most recent call last):
tests.support.rsfcheck.RsfError: byte 0: the file is empty
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

SOS = 72
EOS_LOW = 20
EOS_HIGH = 48
EMPTY = 140
SEARCH_WORDS = 19
FRAME = 28
DATA, START, END, DIRECTORY, DELETED = 1, 3, 4, 6, 0x80


class RsfError(ValueError):
    """What is wrong, and where."""


@dataclass(frozen=True)
class Entry:
    """A record as the directory has it."""

    offset: int
    n_bytes: int
    live: bool
    keys: tuple[int, ...]
    json: str | None
    payload: bytes


@dataclass
class RsfFile:
    """What a file holds: entries in the order of their numbers, and the spans of its segments."""

    entries: list[Entry] = field(default_factory=list)
    segments: list[tuple[int, int]] = field(default_factory=list)
    free: list[tuple[int, int]] = field(default_factory=list)


def _need(condition: object, at: int, what: str) -> None:
    if not condition:
        raise RsfError(f"byte {at}: {what}")


def _words(image: bytes, at: int, n: int) -> tuple[int, ...]:
    _need(at >= 0 and at + 4 * n <= len(image), at, "leaves the file")
    return struct.unpack_from(f"<{n}I", image, at)


def _long(image: bytes, at: int) -> int:
    """Two words, the high one first."""
    high, low = _words(image, at, 2)
    return high << 32 | low


@dataclass(frozen=True)
class _Start:
    kind: int
    words: int
    n_bytes: int
    dir_words: int
    unit: int


def _start(image: bytes, at: int) -> _Start:
    word, _, _, last = _words(image, at, 4)
    _need(word >> 24 == 0xFE, at, "no start mark")
    _need(word & 0xFF in {DATA, DELETED} or last >> 16 == 0, at, "a control record with elements")
    return _Start(word & 0xFF, word >> 8 & 0xFFFF, _long(image, at + 4), last & 0xFFFF, last >> 24)


def _check_end(image: bytes, end: int, kind: int, words: int, n_bytes: int) -> None:
    at = end - 12
    _need(_long(image, at) == n_bytes, at, "the end mark has another length")
    expected = 0xFF << 24 | words << 8 | kind
    _need(_words(image, at + 8, 1)[0] == expected, at, "the end mark is of another record")


def _check_end_of_segment(
    image: bytes, low: int, high: int, words: int, sizes: tuple[int, ...]
) -> None:
    """Both parts of an EOS; ``high`` is where the second one starts."""
    start = _start(image, low)
    n_bytes = high + EOS_HIGH - low
    _need((start.kind, start.words, start.dir_words) == (END, words, words), low, "no EOS")
    _need(start.n_bytes == n_bytes, low, "the EOS has another length")
    _need(_words(image, low + 16, 1)[0] == 0xBEBEFADA, low, "no sign in the EOS")
    _need(_words(image, high, 1)[0] == 0xCAFEFADE, high, "no sign in the end of the EOS")
    found = tuple(_long(image, high + 4 + 8 * i) for i in range(4))
    _need(found == sizes, high, f"the EOS says {found}, the SOS {sizes}")
    _check_end(image, high + EOS_HIGH, END, words, n_bytes)


def _json_of(image: bytes, at: int, n_words: int) -> str | None:
    if n_words == 0:
        return None
    text = image[at : at + 4 * n_words]
    _need(b"\0" in text, at, "extended metadata without an end")
    return text[: text.index(b"\0")].decode()


def _check_meta(image: bytes, at: int, n_words: int, kind: int) -> tuple[tuple[int, ...], int]:
    """The key words, and the number of words of JSON."""
    first, data_map, version = _words(image, at, 3)
    _need(first == 1 << 16 | 1 << 8 | kind, at, "metadata of another version or class")
    _need(data_map == 0, at, "a data map")
    _need(version >> 16 == 1 << 8 | SEARCH_WORDS, at, "metadata of another version of fst24")
    _need(SEARCH_WORDS + (version & 0xFFFF) == n_words, at, "metadata of another length")
    return _words(image, at + 12, 16), version & 0xFFFF


def _entry(image: bytes, at: int, segment: int, expected: int) -> tuple[Entry, int]:
    """The entry at byte ``at``, of the record that starts at ``expected``, and where it ends."""
    counts = _words(image, at + 24, 1)[0]
    n_words = counts & 0xFFFF
    _need(counts >> 16 == n_words, at, "not all metadata are in the directory")
    kind = _words(image, at + 32, 1)[0] & 0xFF
    live = kind == DATA
    _need(live or kind == DELETED, at, "an entry of another type")
    place, n_bytes = _long(image, at), _long(image, at + 8)
    places = {expected - segment} if live else {expected - segment, expected}
    _need(place in places, at, "an entry of another place")
    own = {0} if live else {0, at}
    _need(_long(image, at + 16) in own, at, "an entry with another offset of itself")
    _need(_words(image, at + 28, 1)[0] in {0, 4}, at, "elements that are no words")
    start = _start(image, expected)
    meta = expected + 16
    _need(start.kind == kind, expected, "the record is of another type than its entry")
    _need((start.words, start.dir_words) == (n_words, n_words), expected, "another length")
    _need(start.n_bytes == n_bytes and n_bytes % 4 == 0, expected, "another length")
    _need(start.unit == 4, expected, "elements that are no words")
    _need(n_bytes >= FRAME + 4 * n_words, expected, "a record shorter than its metadata")
    _check_end(image, expected + n_bytes, DATA, n_words, n_bytes)
    keys, n_json = _check_meta(image, at + 32, n_words, kind)
    _check_meta(image, meta, n_words, DATA)
    same = image[at + 36 : at + 32 + 4 * n_words] == image[meta + 4 : meta + 4 * n_words]
    _need(same, at, "the record has other metadata than its entry")
    payload = image[meta + 4 * n_words : expected + n_bytes - 12]
    json = _json_of(image, meta + 4 * SEARCH_WORDS, n_json)
    return Entry(expected, n_bytes, live, keys, json, payload), at + 32 + 4 * n_words


def _check_directory(image: bytes, segment: int, vdir: int, vdirs: int) -> list[Entry]:
    at = segment + vdir
    start = _start(image, at)
    _need((start.kind, start.words, start.n_bytes) == (DIRECTORY, 1, vdirs), at, "no directory")
    _need(start.dir_words == 0, at, "a directory with metadata")
    n = _words(image, at + 16, 1)[0]
    entry, record, entries = at + 20, segment + SOS, []
    for _ in range(n):
        one, entry = _entry(image, entry, segment, record)
        entries.append(one)
        record += one.n_bytes
    _need(record == at, record, "records that are not in the directory")
    _need(entry + 12 == at + vdirs, entry, "the entries do not fill the directory")
    _check_end(image, at + vdirs, DIRECTORY, 1, vdirs)
    return entries


def _check_segment(image: bytes, at: int, found: RsfFile) -> int:
    """The segment at byte ``at``; gives where the next one starts."""
    start = _start(image, at)
    _need((start.kind, start.n_bytes) == (START, SOS), at, "no start of segment")
    _check_end(image, at + SOS, START, 0, SOS)
    _need(_words(image, at + 24, 1)[0] == 0xDEADBEEF, at, "no sign in the SOS")
    signature = image[at + 16 : at + 24]
    _need(signature in {b"RSF0STDF", b"RSF0<-->"}, at, "another application's segment")
    seg, sseg, vdir, vdirs = sizes = tuple(_long(image, at + 28 + 8 * i) for i in range(4))
    _need(sseg >= EMPTY and at + sseg <= len(image), at, "a segment of a length that cannot be")
    high = at + sseg - EOS_HIGH
    _need(start.words == 0, at, "a writer has it, or died")
    if signature == b"RSF0<-->":
        _need(start.dir_words == 0 and (seg, vdir, vdirs) == (0, 0, 0), at, "no free space")
        _check_end_of_segment(image, at + SOS, high, 0, sizes)
        found.free.append((at, at + sseg))
        return at + sseg
    _need(start.dir_words == SEARCH_WORDS, at, "another number of search words")
    _need(seg + EOS_LOW + EOS_HIGH == sseg, at, "a segment that was not closed")
    if vdir == 0:
        _need((vdirs, sseg) == (0, EMPTY), at, "a segment without a directory")
        _check_end_of_segment(image, at + SOS, high, 0, sizes)
        return at + sseg
    _need(vdir + vdirs == seg, at, "a directory that does not end its segment")
    found.entries += _check_directory(image, at, vdir, vdirs)
    found.segments.append((at, at + sseg))
    _check_end_of_segment(image, at + seg, high, SEARCH_WORDS, sizes)
    return at + sseg


def check_rsf(image: bytes) -> RsfFile:
    """Check a whole file that nobody writes.

    Parameters
    ----------
    image : bytes
        The file.

    Returns
    -------
    RsfFile
        What it holds.

    Raises
    ------
    RsfError
        The first thing that is wrong, and the byte where it is.
    """
    found, at = RsfFile(), 0
    _need(image, 0, "the file is empty")
    while at < len(image):
        end = _check_segment(image, at, found)
        _need(at > 0 or end == EMPTY, 0, "the first segment is not empty")
        at = end
    return found
