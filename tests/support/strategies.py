"""Hypothesis strategies: fields of every stored form with any metadata the format can keep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from tests.support.fstmake import codec, missing, record

if TYPE_CHECKING:
    from collections.abc import Callable

Backend = Literal["XDF", "RSF"]


@dataclass(frozen=True)
class Made:
    """A record, the array it must decode to (plugs restored as NaN or special values), its mask.

    ``given`` is what was encoded, (ni, nj, nk), special values at missing points; ``asked`` are the
    datyp (flags included) and the bits that were asked for.
    """

    record: record.Record
    expected: npt.NDArray[np.generic]
    mask: npt.NDArray[np.bool_] | None
    given: npt.NDArray[Any]
    asked: tuple[int, int]


def text(width: int) -> st.SearchStrategy[str]:
    """What six bits a character can keep, without trailing blanks."""
    return st.text(st.characters(min_codepoint=32, max_codepoint=95), max_size=width).map(
        lambda s: s.rstrip(" ")
    )


def metadata(backend: Backend) -> st.SearchStrategy[dict[str, Any]]:
    """All fields that do not speak of the values."""
    ip = st.integers(0, 2**28 - 1)
    ig = st.integers(0, 2**24 - 1)
    new_style = st.integers(0, 150_000_000).map(lambda t: 123_200_000 + t // 8 * 10 + t % 8)
    fields: dict[str, st.SearchStrategy[Any]] = {
        "nomvar": text(4),
        "typvar": text(2),
        "etiket": text(12),
        "grtyp": st.sampled_from("XZYEALNSGU#!+zé"),
        "datev": new_style | st.sampled_from([497283000, 10180000, 70179180, 101010101]),
        "deet": st.integers(0, 3600),
        "npas": st.integers(0, 2000),
        **dict.fromkeys(("ip1", "ip2", "ip3"), ip),
        **dict.fromkeys(("ig1", "ig2", "ig3", "ig4"), ig),
    }
    if backend == "RSF":
        fields["json"] = st.none() | st.dictionaries(
            st.text(max_size=5), st.integers(-1000, 1000), max_size=3
        ).map(_json)
    return st.fixed_dictionaries(fields)


def _json(value: dict[str, int]) -> str:
    import json

    return json.dumps(value, ensure_ascii=False)


Content = npt.NDArray[np.float64]


def _contents() -> dict[str, Callable[[tuple[int, ...], np.random.Generator], Content]]:
    def axes(shape: tuple[int, ...]) -> tuple[Content, Content]:
        i, j = np.arange(float(shape[0])), np.arange(float(shape[1]))
        return i[:, None, None], j[None, :, None]

    return {
        "zero": lambda shape, _: np.zeros(shape),
        "constant": lambda shape, rng: np.full(shape, rng.uniform(-500, 500)),
        "smooth": lambda shape, _: np.broadcast_to(
            250 + 40 * np.sin(axes(shape)[0] / 5) * np.cos(axes(shape)[1] / 4), shape
        ).copy(),
        "noise": lambda shape, rng: rng.uniform(0, 1000, shape),
        "signed": lambda shape, rng: rng.normal(0, 30, shape),
        "wide": lambda shape, rng: np.ldexp(rng.normal(0, 1, shape), rng.integers(-30, 30, shape)),
        "spike": lambda shape, rng: np.where(rng.random(shape) < 0.02, 1e4, 5.0),
    }


REALS = [
    *((1, n) for n in range(1, 31)),
    *((5, n) for n in (*range(16, 33), 64)),
    *((6, n) for n in range(1, 17)),
    *((129, n) for n in range(1, 17)),
    *((133, n) for n in range(16, 33)),
    *((134, n) for n in range(1, 17)),
]


@st.composite
def made(draw: st.DrawFn, backend: Backend) -> Made:
    """A record of any type, and what reading it must give."""
    kind = draw(st.sampled_from(["real", "real", "unsigned", "signed", "text", "complex", "raw"]))
    side = st.integers(1, 40)
    shape = (draw(side), draw(side), draw(st.sampled_from([1, 1, 1, 1, 2, 3])))
    if kind == "text":
        shape = (*shape[:2], 1)  # characters keep one level
    content = draw(st.sampled_from(sorted(_contents())))
    seed = draw(st.integers(0, 2**32 - 1))
    fields = draw(metadata(backend))
    rng = np.random.default_rng(seed)
    values = _contents()[content](shape, rng)
    array, datyp, nbits = _typed(draw, kind, values, rng, backend)
    can_be_absent = kind in {"real", "unsigned", "signed"} and array.dtype.name in missing.SPECIAL
    absent = can_be_absent and draw(st.booleans())
    mask: npt.NDArray[np.bool_] | None = None
    if absent:
        mask = rng.random(shape) < draw(st.sampled_from([0.02, 0.5]))
        if datyp in {1, 129} and mask.all():
            mask[0, 0, 0] = False  # R has no room for the plug of a field without values (D13)
        array = array.copy()
        array[mask] = np.asarray(missing.SPECIAL[array.dtype.name], array.dtype)
        datyp |= codec.MISSING
    array = np.asfortranarray(array)
    done = codec.encode(array, datyp, nbits, backend=backend)
    one = record.make(array, datyp, nbits, backend=backend, **fields)
    expected = np.asfortranarray(codec.decode(done, shape))
    mask = None
    if one.datyp & codec.MISSING:
        mask = missing.restore(expected)
        expected = expected.copy(order="F")
        special = np.nan if expected.dtype.kind == "f" else missing.SPECIAL[expected.dtype.name]
        expected[mask] = np.asarray(special, expected.dtype)
    expected = expected if shape[2] > 1 else expected[:, :, 0]
    return Made(one, expected, _level(mask), array, (datyp, nbits))


def _level(mask: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.bool_] | None:
    return mask[:, :, 0] if mask is not None and mask.shape[2] == 1 else mask


def _typed(  # noqa: PLR0911 - one return a kind
    draw: st.DrawFn, kind: str, values: Content, rng: np.random.Generator, backend: Backend
) -> tuple[npt.NDArray[np.generic], int, int]:
    """The array to be stored, the datyp and the bits asked for."""
    if kind == "real":
        datyp, nbits = draw(st.sampled_from(REALS))
        return values.astype(np.float64 if nbits == 64 else np.float32), datyp, nbits
    if kind == "complex":
        nbits = draw(st.sampled_from([16, 20, 32, 64]))
        parts = values + 1j * rng.normal(0, 1, values.shape)
        return parts.astype(np.complex128 if nbits == 64 else np.complex64), 8, nbits
    if kind == "text":
        letters = rng.integers(0, 256, values.shape).astype(np.uint8)
        return letters, draw(st.sampled_from([3, 7])), 8
    sizes = [8, 16, 32, 64] if kind == "raw" or backend == "RSF" else [8, 16, 32]
    size = draw(st.sampled_from(sizes))
    words = rng.integers(0, 2**64, values.shape, dtype=np.uint64)
    if kind == "raw":
        return (words >> np.uint64(64 - size)).astype(f"u{size // 8}"), 0, size
    nbits = 64 if size == 64 else draw(st.integers(1 if kind == "unsigned" else 2, size))
    bits = (words >> np.uint64(64 - nbits)).astype(np.uint64)
    if kind == "unsigned":
        turbo = draw(st.booleans()) and nbits <= 16
        if turbo:
            bits = np.minimum(np.abs(values), 2**nbits - 1).astype(np.uint64)
        return bits.astype(f"u{size // 8}"), 130 if turbo else 2, nbits
    if nbits == 64:
        return bits.view(np.int64), 4, 64
    centred = bits.astype(np.int64) - (1 << (nbits - 1))
    return centred.astype(f"i{size // 8}"), 4, nbits
