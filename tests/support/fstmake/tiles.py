"""Tile streams: MINIMUM and PARALLELOGRAM (``docs/format/codecs.md``, 9.1 to 9.4 and 10.2, 10.3).

A field here is an array of shape (nj, ni): ``i``, the fastest index of a record, is the last axis.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tests.support.fstmake.bits import Words, bit_length, concatenate, signed, split, split_at

Field = npt.NDArray[np.int64]

SAMPLE, MINIMUM, PARALLELOGRAM, LOSSLESS = 1, 3, 4, 5


class Tiles(NamedTuple):
    """A field cut in tiles of ``step`` x ``step``, in stream order.

    ``points`` has shape (tiles, step * step); ``inside`` is False beyond the edges.
    """

    points: Field
    inside: npt.NDArray[np.bool_]


def cut(field: Field, step: int) -> Tiles:
    """Cut a field in tiles, rows of tiles first; cells beyond the edges are 0."""
    nj, ni = field.shape
    rows, columns = -(-nj // step), -(-ni // step)
    padded = np.zeros((rows * step, columns * step), np.int64)
    padded[:nj, :ni] = field
    inside = np.zeros(padded.shape, bool)
    inside[:nj, :ni] = True

    def by_tile(a: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
        blocks = a.reshape(rows, step, columns, step).transpose(0, 2, 1, 3)
        return blocks.reshape(rows * columns, step * step)

    return Tiles(by_tile(padded), by_tile(inside))  # type: ignore[arg-type]


def join(points: Field, nj: int, ni: int, step: int) -> Field:
    """The field whose tiles are ``points``: the inverse of ``cut``."""
    rows, columns = -(-nj // step), -(-ni // step)
    blocks = points.reshape(rows, columns, step, step).transpose(0, 2, 1, 3)
    return blocks.reshape(rows * step, columns * step)[:nj, :ni]


def head_word(
    predictor: int, nbits: int, step: int, *, degree: int = 0, levels: int = 1, version: int = 0
) -> int:
    """First word of a tile stream (9.1)."""
    return (
        predictor | degree << 4 | step << 7 | nbits << 10 | levels << 15 | version << 18
    ) & 0xFFFFFFFF


def _stream(
    heads: tuple[Field, npt.NDArray[np.int64] | int],
    tiles: Tiles,
    point_widths: npt.NDArray[np.int64],
    *columns: tuple[Field, npt.NDArray[np.int64] | int],
) -> Words:
    """Border tokens, then for each tile the given columns (header, minimum, ...) and its points."""
    n_tiles, n_points = tiles.points.shape
    values = np.empty((n_tiles, len(columns) + n_points), np.int64)
    widths = np.empty_like(values)
    for k, (value, width) in enumerate(columns):
        values[:, k], widths[:, k] = value, width
    values[:, len(columns) :] = tiles.points
    widths[:, len(columns) :] = np.where(tiles.inside, point_widths[:, None], 0)
    before = np.broadcast_to(np.asarray(heads[1], np.int64), heads[0].shape)
    return concatenate(
        np.concatenate([heads[0], values.reshape(-1)]),
        np.concatenate([before, widths.reshape(-1)]),
    )


def encode_minimum(field: Field, nbits: int, step: int = 5) -> Words:
    """MINIMUM stream of a field of tokens below 2**nbits, head word included (9.3)."""
    tiles = cut(field, step)
    low = np.where(tiles.inside, tiles.points, 1 << 40).min(axis=1)
    high = np.where(tiles.inside, tiles.points, -1).max(axis=1)
    b = np.minimum(bit_length(high - low), 15)
    raw = b == 15
    points = np.where(raw[:, None], tiles.points, tiles.points - low[:, None])
    stream = _stream(
        (np.zeros(0, np.int64), 0),
        Tiles(points, tiles.inside),
        np.where(raw, 16, b),
        (b, 4),
        (low, np.where(raw, 0, nbits)),
    )
    return _with_head(head_word(MINIMUM, nbits, step), stream)


def _with_head(head: int, stream: Words) -> Words:
    return np.concatenate([np.array([head], np.uint32), stream])


def differences(field: Field) -> Field:
    """``d(i,j)`` of 9.4 for i, j >= 1, shape (nj - 1, ni - 1)."""
    return field[1:, 1:] - field[1:, :-1] - field[:-1, 1:] + field[:-1, :-1]


class Difference(NamedTuple):
    """A stream of differences without head word, and the bits in use after each tile (for 10.5)."""

    words: Words
    bits_after_tile: npt.NDArray[np.int64]
    tile_bits: npt.NDArray[np.int64]


def encode_differences(
    field: Field, nbits: int, step: int = 3, *, header_width: int, cap16: bool
) -> Difference:
    """Border and tiles of differences (9.4; ``cap16`` False: the widths of 10.2 and 10.3)."""
    tiles = cut(differences(field), step)
    b = bit_length(np.abs(tiles.points).max(axis=1, initial=0))
    if cap16:
        b = np.where(b == 16, 15, b)
        width = np.where(b == 0, 0, np.where(b >= 15, 17, b + 1))
    else:
        width = np.where(b == 0, 0, b + 1)
    border = np.concatenate([[header_width], field[0], field[1:, 0]]).astype(np.int64)
    border_widths = np.full(border.shape, nbits, np.int64)
    border_widths[0] = 3
    words = _stream((border, border_widths), tiles, width, (b, header_width))
    used = header_width + tiles.inside.sum(axis=1) * width
    return Difference(words, int(border_widths.sum()) + np.cumsum(used), b)


def encode_parallelogram(
    field: Field, nbits: int, step: int = 3, header_width: int | None = None
) -> Words:
    """PARALLELOGRAM stream of a field of tokens below 2**nbits, head word included (9.4).

    ``header_width`` None: as the reference chooses it.
    """
    if header_width is None:
        wide = nbits >= 15 and np.abs(differences(field)).max(initial=0) > 65535
        header_width = 5 if wide else 4
    stream = encode_differences(field, nbits, step, header_width=header_width, cap16=True).words
    return _with_head(head_word(PARALLELOGRAM, nbits, step, degree=1), stream)


def tile_positions(
    words: Words, n_points: npt.NDArray[np.int64], start: int, header_width: int, rule: list[int]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """First bit and ``b`` of each tile; ``rule[b]`` is the bits of a point (the walk is serial)."""
    n_tiles = len(n_points)
    starts = np.empty(n_tiles, np.int64)
    bs = np.empty(n_tiles, np.int64)
    listed = [*words.tolist(), 0, 0]
    total = 32 * len(words)
    at = start
    mask = (1 << header_width) - 1
    counts = n_points.tolist()
    for k in range(n_tiles):
        if at + header_width > total:
            msg = f"tile {k} begins at bit {at} of {total}"
            raise ValueError(msg)
        word = at >> 5
        pair = listed[word] << 32 | listed[word + 1]
        b = pair >> (64 - header_width - (at & 31)) & mask
        starts[k], bs[k] = at, b
        at += header_width + rule[b] * counts[k]
    return starts, bs


def _points(
    words: Words,
    starts: npt.NDArray[np.int64],
    widths: npt.NDArray[np.int64],
    inside: npt.NDArray[np.bool_],
) -> npt.NDArray[np.int64]:
    """Tokens of each tile, ``widths[k]`` bits each from bit ``starts[k]`` on, cells outside 0."""
    order: Field = np.cumsum(inside, axis=1, dtype=np.int64) - inside
    at = starts[:, None] + order * widths[:, None]
    wide = np.where(inside, widths[:, None], 0)
    return split_at(words, at, wide).astype(np.int64)


RULE_17 = [0, *range(2, 16), 17, 17, *range(18, 33)]  # token bits by b (9.4)
RULE_PLAIN = [0, *range(2, 33)]  # 10.2, 10.3


def decode_differences(
    words: Words, nj: int, ni: int, nbits: int, *, step: int, rule: list[int]
) -> Field:
    """Inverse of ``encode_differences``; the caller reduces modulo its word size."""
    header_width = int(split(words, 3, 1)[0])
    border = split(words, nbits, ni + nj - 1, 3).astype(np.int64)
    shape = cut(np.zeros((nj - 1, ni - 1), np.int64), step)
    start = 3 + nbits * (ni + nj - 1)
    counts = shape.inside.sum(axis=1)
    starts, b = tile_positions(words, counts, start, header_width, rule)
    widths = np.asarray(rule, np.int64)[b]
    tokens = _points(words, starts + header_width, widths, shape.inside)
    d = join(signed(tokens.view(np.uint64), widths[:, None]), nj - 1, ni - 1, step)
    first_row, first_column = border[:ni], np.concatenate([border[:1], border[ni:]])
    edges = first_row[None, :] + first_column[:, None] - border[0]
    inner = np.zeros((nj, ni), np.int64)
    inner[1:, 1:] = np.cumsum(np.cumsum(d, axis=0), axis=1)
    return np.asarray(edges + inner, np.int64)


def decode(words: Words, nj: int, ni: int) -> Field:
    """Field of a MINIMUM or PARALLELOGRAM stream that begins with its head word."""
    head = int(words[0])
    predictor, step, nbits = head & 15, head >> 7 & 7, head >> 10 & 31
    if predictor == PARALLELOGRAM:
        field = decode_differences(words[1:], nj, ni, nbits, step=step, rule=RULE_17)
        return np.asarray(field & 0xFFFF, np.int64)
    if predictor != MINIMUM:
        msg = f"predictor {predictor}"
        raise ValueError(msg)
    stream = words[1:]
    inside = cut(np.zeros((nj, ni), np.int64), step).inside
    counts = inside.sum(axis=1)
    # The minimum counts as one more token in front of the points: fold it into a per-tile start.
    starts = np.empty(len(counts), np.int64)
    b = np.empty(len(counts), np.int64)
    at = 0
    listed = [*stream.tolist(), 0, 0]
    for k, count in enumerate(counts.tolist()):
        word = at >> 5
        b[k] = (listed[word] << 32 | listed[word + 1]) >> (60 - (at & 31)) & 15
        starts[k] = at + 4
        at += 4 + (16 * count if b[k] == 15 else nbits + int(b[k]) * count)
    raw = b == 15
    low = np.where(raw, 0, split_at(stream, starts, nbits).astype(np.int64))
    widths = np.where(raw, 16, b)
    tokens = _points(stream, np.where(raw, starts, starts + nbits), widths, inside)
    return join(tokens + low[:, None], nj, ni, step)
