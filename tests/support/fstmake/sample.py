"""SAMPLE streams, which nobody writes any more (``docs/format/codecs.md``, 9.5).

A field here is an array of shape (nj, ni). All arithmetic is on integers but for the cubic.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tests.support.fstmake.bits import Words, bit_length, concatenate, signed, split, split_at
from tests.support.fstmake.tiles import (
    RULE_17,
    SAMPLE,
    Field,
    cut,
    head_word,
    join,
    tile_positions,
)

STEP, LEVELS = 3, 3


def nodes(n: int) -> npt.NDArray[np.int64]:
    """The points of a line that the next coarser grid holds: 0, 3, 6, ... and the last."""
    return np.unique(np.append(np.arange(0, n, STEP), n - 1))


def _round(values: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    return np.trunc(values + np.where(values < 0, -0.5001, 0.5001)).astype(np.int64)


def _fill_lines(z: Field) -> None:
    """Interpolate along the last axis, in place; nodes stay. Indices are 1-based, as in 9.5."""
    a = z.shape[-1]
    ax = (a - 1) % 3
    last = a - 3 - ax
    limit = last - 3 if ax == 0 else last
    for i in range(1, last + 1, 3):
        r = min(limit, max(4, i))
        p, q, s, t = (z[..., k - 1].astype(np.float64) for k in (r - 3, r, r + 3, min(a, r + 6)))
        for point in (i + 1, i + 2):
            x = float(point - r)
            inner = 2 * x * ((t - p) + 3 * (q - s)) + 18 * ((p + s) - 2 * q)
            slope = 6 * x * inner + 108 * (6 * s - t - 3 * q - 2 * p)
            z[..., point - 1] = _round(q + x * slope / 1944)
    if ax == 2:
        z[..., a - 2] = _round((z[..., a - 1] + z[..., a - 3]) / 2.0)


def interpolate(coarse: Field, nj: int, ni: int) -> Field:
    """A grid of nj x ni guessed from the coarser one."""
    if 4 <= min(nj, ni) <= 7:
        raise ValueError("a level of 4 to 7 points in one direction is not defined")
    z = np.zeros((nj, ni), np.int64)
    z[np.ix_(nodes(nj), nodes(ni))] = coarse
    ay = (nj - 1) % 3
    rows = np.unique(np.append(np.arange(0, nj - ay, 3), np.arange(nj - 1 - ay, nj)))
    lines = z[rows]
    _fill_lines(lines)
    z[rows] = lines
    _fill_lines(z.T)
    return z


def _pyramid(field: Field) -> list[Field]:
    """The field and its three coarser grids."""
    grids = [field]
    for _ in range(LEVELS):
        nj, ni = grids[-1].shape
        grids.append(grids[-1][np.ix_(nodes(nj), nodes(ni))])
    return grids


def encode(field: Field, nbits: int) -> Words:
    """SAMPLE stream of a field of tokens below 2**nbits, head word included."""
    grids = _pyramid(field)
    head = head_word(SAMPLE, nbits, STEP, levels=LEVELS)
    coarsest = grids[-1].reshape(-1)
    values, widths = [coarsest], [np.full(coarsest.shape, nbits, np.int64)]
    for fine, coarse in zip(grids[-2::-1], grids[:0:-1], strict=True):
        d = fine - interpolate(coarse, *fine.shape)
        c = 5 if np.abs(d).max() > 65535 else 4
        tiles = cut(d, STEP)
        inside = tiles.inside.copy()
        inside[:, 0] = False  # the first corner is a node
        b = bit_length(np.abs(tiles.points[:, 1:]).max(axis=1))
        b = np.where(b == 16, 15, b)
        width = np.asarray(RULE_17, np.int64)[b]
        values += [np.array([c]), np.column_stack([b, tiles.points]).reshape(-1)]
        wide = np.column_stack([np.full(b.shape, c), np.where(inside, width[:, None], 0)])
        widths += [np.array([3]), wide.reshape(-1)]
    stream = concatenate(np.concatenate(values), np.concatenate(widths))
    return np.concatenate([np.array([head], np.uint32), stream])


def decode(words: Words, nj: int, ni: int) -> Field:
    """The field of a stream that begins with its head word."""
    nbits = int(words[0]) >> 10 & 31
    stream = words[1:]
    shapes = [(len(g), g.size // len(g)) for g in _pyramid(np.zeros((nj, ni), np.int64))]
    n_coarse = shapes[-1][0] * shapes[-1][1]
    grid = split(stream, nbits, n_coarse).astype(np.int64).reshape(shapes[-1])
    at = n_coarse * nbits
    for level, shape in enumerate(shapes[-2::-1]):
        c = int(split_at(stream, np.array([at]), 3)[0])
        inside = cut(np.zeros(shape, np.int64), STEP).inside.copy()
        inside[:, 0] = False
        counts = inside.sum(axis=1)
        starts, b = tile_positions(stream, counts, at + 3, c, RULE_17)
        width = np.asarray(RULE_17, np.int64)[b]
        order: Field = np.cumsum(inside, axis=1, dtype=np.int64) - inside
        wide = np.where(inside, width[:, None], 0)
        tokens = split_at(stream, starts[:, None] + c + order * width[:, None], wide)
        at = int(starts[-1]) + c + int(width[-1] * counts[-1])
        fine = interpolate(grid, *shape) + join(signed(tokens, wide), *shape, STEP)
        if level == LEVELS - 1:
            fine = np.maximum(fine, 0)
            fine[np.ix_(nodes(nj), nodes(ni))] = grid
        grid = fine
    return grid
