"""The structure of an RSF file (docs/format/containers.md, 3)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ._structure import Bytes, Examined

_SOS, _START, _END, _EOS, _EOS_LOW, _EOS_HIGH = 72, 16, 12, 68, 20, 48
_ENTRY, _FRAME = 32, 28
_DATA, _SOS_TYPE, _EOS_TYPE, _DIRECTORY, _DELETED = 1, 3, 4, 6, 0x80
_EXCLUSIVE = 0xFFFF
_STARTS, _ENDS = 0xFE, 0xFF  # tags of marks
_CHUNK = 1 << 22
_LOW_TAIL, _HIGH_HEAD = 0xBEBEFADA, 0xCAFEFADE


class Mark(NamedTuple):
    """The start or the end of a record."""

    type: int
    words: int
    tag: int
    n_bytes: int


class Segment(NamedTuple):
    """What the start of a segment says."""

    at: int
    application: bytes
    writers: int
    seg: int
    sseg: int
    vdir: int
    vdirs: int


def _pair(content: bytes, at: int) -> int:
    high, low = struct.unpack_from("<II", content, at)
    return int(high << 32 | low)


def start_at(content: bytes, at: int = 0) -> Mark:
    """The mark that starts a record."""
    word: int = struct.unpack_from("<I", content, at)[0]
    return Mark(word & 0xFF, word >> 8 & 0xFFFF, word >> 24, _pair(content, at + 4))


def end_at(content: bytes, at: int = 0) -> Mark:
    """The mark that ends a record."""
    word: int = struct.unpack_from("<I", content, at + 8)[0]
    return Mark(word & 0xFF, word >> 8 & 0xFFFF, word >> 24, _pair(content, at))


def examine(found: Examined) -> None:
    """Look at segments, directories and the marks of records."""
    at, size = 0, found.data.size
    while size - at >= _SOS:
        segment = _segment(found, at)
        if segment is None:
            return
        if at == 0 and segment.writers:
            n = segment.writers
            who = "a writer has it" if n == _EXCLUSIVE else f"{n} parallel writers have it"
            found.fault(0, f"the file is marked as being written: {who}, or died with it")
        found.own(at, at + _SOS, f"the start of the segment at byte {at:,}")
        end = at + segment.sseg if segment.sseg else size
        if end > size:
            cut = f"the segment should end at byte {end:,}: the file is cut"
            if size < at + segment.vdir < end:
                found.loss(at + 36, f"{cut}, and records with it")
            else:
                found.fault(at + 36, cut)
            end = size
        _examine_segment(found, segment, end)
        at = end


def _segment(found: Examined, at: int) -> Segment | None:
    content = found.data.filled(at, _SOS)
    if content[16:20] != b"RSF0":
        found.fault(at, "no segment starts here, where the next one should")
        return None
    start, end = start_at(content), end_at(content, 60)
    sound = (start.type, start.tag, start.n_bytes) == (_SOS_TYPE, _STARTS, _SOS)
    if not sound or (end.type, end.tag, end.n_bytes) != (_SOS_TYPE, _ENDS, _SOS):
        found.fault(at, "the marks of the start of the segment are damaged")
    sizes = [_pair(content, k) for k in (28, 36, 44, 52)]
    return Segment(at, content[20:24], start.words, *sizes)


def _examine_segment(found: Examined, segment: Segment, end: int) -> None:
    at = segment.at
    if segment.application == b"<-->":
        found.own(at + _SOS, end, f"the free space at byte {at:,}")
        return
    if segment.application != b"STDF":
        found.fault(at + 20, "a segment of another application")
        found.own(at + _SOS, end, f"the foreign segment at byte {at:,}")
        return
    if segment.seg == 0:
        found.fault(at, "the segment was not closed: a writer has it, or died with it")
        _examine_open(found, segment, end)
        return
    entries = _entries(found, segment)
    limit = at + (segment.vdir or segment.seg)
    walked = _walk(found, at + _SOS, min(limit, end))
    for number, entry in enumerate(entries or ()):
        _check_entry(found, segment, number, entry, walked)
    gone = {place for e in entries or () if not e.live for place in (e.at, at + e.at)}
    listed = {at + e.at for e in entries or () if e.live}
    for start, mark in walked.items():
        if start not in listed and (start in gone or mark.type != _DATA):
            found.own(start, start + mark.n_bytes, f"the record at byte {start:,}")
    _check_end(found, segment, end)


class Entry(NamedTuple):
    """An entry of a directory: place in the segment, length, words of metadata, whether live."""

    at: int
    n_bytes: int
    words: int
    live: bool


def _entries(found: Examined, segment: Segment) -> list[Entry] | None:
    """The entries of a segment's directory, as far as they can be followed."""
    if not segment.vdir and not segment.vdirs:
        return None
    at = segment.at + segment.vdir
    content = found.data.at(at, segment.vdirs) if segment.vdirs <= found.data.size else b""
    if len(content) != segment.vdirs or segment.vdirs < _FRAME + 4:
        found.fault(at, "the directory lies beyond the end of the file")
        return None
    if segment.vdir + segment.vdirs == segment.seg:
        found.own(at, at + segment.vdirs, f"the directory at byte {at:,}")
    start, end = start_at(content), end_at(content, segment.vdirs - _END)
    if (start.type, start.tag, start.n_bytes) != (_DIRECTORY, _STARTS, segment.vdirs):
        found.fault(at, "no directory where the segment should have it")
        return None
    if (end.type, end.tag, end.n_bytes) != (_DIRECTORY, _ENDS, segment.vdirs):
        found.fault(at + segment.vdirs - _END, "the end mark of the directory is damaged")
    entries: list[Entry] = []
    n, place, last = struct.unpack_from("<I", content, 16)[0], 20, segment.vdirs - _END
    while len(entries) < n and place + _ENTRY + 4 <= last:
        lengths, meta = struct.unpack_from("<I4xI", content, place + 24)
        words = lengths & 0xFFFF
        entries.append(
            Entry(_pair(content, place), _pair(content, place + 8), words, meta & 0xFF != _DELETED)
        )
        place += _ENTRY + 4 * (lengths >> 16 or words)
    if len(entries) != n or place != last:
        found.fault(at, f"the directory counts {n:,} entries, which do not fill it")
    return entries


def _check_entry(
    found: Examined, segment: Segment, number: int, entry: Entry, walked: dict[int, Mark]
) -> None:
    """An entry and the record that it leads to; ``number`` counts within the directory."""
    if not entry.live:
        return  # its place may be relative or absolute (3.5)
    start = segment.at + entry.at
    name = f"entry {number} of the directory at byte {segment.at + segment.vdir:,}"
    if start + entry.n_bytes > found.data.size or entry.n_bytes < _FRAME:
        found.fault(start, f"{name} has its record where none can be")
        return
    found.own(start, start + entry.n_bytes, f"the record at byte {start:,}")
    mark = walked.get(start) or start_at(found.data.filled(start, _START))
    if mark.type == _DELETED:
        found.fault(start, f"deleted by its own mark, live in {name}")
    elif (mark.tag, mark.n_bytes, mark.words) != (_STARTS, entry.n_bytes, entry.words):
        found.fault(start, f"the start mark disagrees with {name}")
    elif start not in walked and not _is_whole(found.data, start, mark):
        found.fault(start, f"the end mark disagrees with the start mark ({name})")


def _is_whole(data: Bytes, at: int, mark: Mark) -> bool:
    end = data.at(at + mark.n_bytes - _END, _END)
    return len(end) == _END and end_at(end)[1:] == (mark.words, _ENDS, mark.n_bytes)


def _walk(found: Examined, at: int, end: int) -> dict[int, Mark]:
    """Records by their marks, up to the first that is not whole."""
    walked: dict[int, Mark] = {}
    while end - at >= _FRAME:
        mark = start_at(found.data.filled(at, _START))
        if mark.tag != _STARTS or mark.type in {_SOS_TYPE, _EOS_TYPE} or mark.n_bytes > end - at:
            break
        if mark.n_bytes < _FRAME or mark.n_bytes % 4 or not _is_whole(found.data, at, mark):
            break
        walked[at] = mark
        at += mark.n_bytes
    return walked


def _examine_open(found: Examined, segment: Segment, end: int) -> None:
    """A segment whose directory was never written: what is whole is the reader's (3.10)."""
    at = segment.at + _SOS
    walked = _walk(found, at, end)
    for start, mark in walked.items():
        found.own(start, start + mark.n_bytes, f"the record at byte {start:,}")
        at = start + mark.n_bytes
    if segment.sseg and end == segment.at + segment.sseg:
        found.own(end - _EOS_HIGH, end, f"the end of the segment at byte {segment.at:,}")
        end -= _EOS_HIGH
    mark = start_at(found.data.filled(at, _START))
    if mark.tag != _STARTS:
        return
    if mark.type == _DIRECTORY:  # it was being written: its records are there
        found.own(at, end, "a directory that was not finished")
    elif mark.type == _EOS_TYPE:
        found.own(at, min(end, at + (_EOS if mark.n_bytes == _EOS else _EOS_LOW)), "its end")
        at += _EOS
        if found.data.at(at + 20, 4) == b"<-->":  # what is left, to become free space
            found.own(at, end, f"the free space at byte {at:,}")


def _check_end(found: Examined, segment: Segment, end: int) -> None:
    """The mark that ends a closed segment says the same as the one that starts it."""
    at = segment.at + segment.seg
    if at + _EOS > end:
        if end < found.data.size:
            found.fault(segment.at, "the segment has no room for its end")
        found.own(min(at, end), end, f"the end of the segment at byte {segment.at:,}")
        return
    if end == found.data.size and segment.sseg - segment.seg > end - at:
        end = at + _EOS  # cut, or a wrong size: the end may be compact
    found.own(min(at, end), end, f"the end of the segment at byte {segment.at:,}")
    low, high = found.data.filled(at, _EOS_LOW), found.data.filled(end - _EOS_HIGH, _EOS_HIGH)
    n_bytes, start, last = end - at, start_at(low), end_at(high, 36)
    sound = (start.type, start.tag, start.n_bytes) == (_EOS_TYPE, _STARTS, n_bytes)
    sound &= (last.type, last.tag, last.n_bytes) == (_EOS_TYPE, _ENDS, n_bytes)
    sound &= struct.unpack_from("<I", low, 16)[0] == _LOW_TAIL
    sound &= struct.unpack_from("<I", high)[0] == _HIGH_HEAD
    if not sound:
        found.fault(at, "the end of the segment is damaged")
    elif [_pair(high, k) for k in (4, 12, 20, 28)] != list(segment[3:]):
        found.fault(at, "the end of the segment has other sizes than its start")


def length_at(data: Bytes, at: int) -> int | None:
    """The length of a data record whose own marks are at a place."""
    mark = start_at(data.filled(at, _START))
    fits = _FRAME <= mark.n_bytes <= data.size - at and mark.n_bytes % 4 == 0
    is_one = (mark.tag, mark.type) == (_STARTS, _DATA)
    return mark.n_bytes if is_one and fits and _is_whole(data, at, mark) else None


def places(data: Bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where whole records may be: data records whose marks agree."""
    for low in range(-(-start // 4) * 4, end, _CHUNK):
        chunk = data.at(low, min(_CHUNK, end - low))
        words = np.frombuffer(chunk[: len(chunk) // 4 * 4], "<u4")
        for i in np.flatnonzero(words & 0xFF0000FF == 0xFE000000 | _DATA).tolist():
            offset = low + 4 * i
            n_bytes = length_at(data, offset)
            if n_bytes is not None and offset + n_bytes <= end:
                yield offset, n_bytes
