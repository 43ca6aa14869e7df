"""Placing many small pieces in one array of words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tests.support.fstmake.bits import Words

Payloads = Sequence[Words] | npt.NDArray[np.uint32]
"""Words of each record: a list, or an array of shape (records, words)."""

Image = npt.NDArray[Any]
"""A file as words of the file's own byte order (dtype ``>u4`` or ``<u4``)."""


def place(image: Image, at: npt.NDArray[np.int64], pieces: Payloads) -> None:
    """Put ``pieces[k]`` at word ``at[k]``."""
    if isinstance(pieces, np.ndarray):
        image[at[:, None] + np.arange(pieces.shape[1])] = pieces
        return
    for start, piece in zip(at.tolist(), pieces, strict=True):
        image[start : start + len(piece)] = piece


def lengths(pieces: Payloads) -> npt.NDArray[np.int64]:
    """Words of each piece."""
    if isinstance(pieces, np.ndarray):
        return np.full(len(pieces), pieces.shape[1], np.int64)
    return np.array([len(piece) for piece in pieces], np.int64)
