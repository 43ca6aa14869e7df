"""What is stored: fields with their defaults and other words for them, dtypes, packing, limits."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pytest

import fst24

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

    Backend = Literal["XDF", "RSF"]

ZERO = np.zeros((3, 4), np.float32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "file.fst"


@pytest.fixture(params=["XDF", "RSF"])
def f(request: pytest.FixtureRequest, path: Path) -> Iterator[fst24.Fst24Writer]:
    with fst24.open(path, "w", backend=request.param, sync=False) as opened:
        yield opened


@pytest.fixture
def xdf(path: Path) -> Iterator[fst24.Fst24Writer]:
    with fst24.open(path, "w", sync=False) as opened:
        yield opened


def write(f: fst24.Fst24Writer, values: Any, **given: Any) -> fst24.Fst24Record:
    """The record as it is read back."""
    told = f.write(values, **({"nomvar": "TT"} | given))
    assert told is not None
    record = f[-1]
    for name in ("nomvar", "typvar", "etiket", "grtyp", "datev", "dateo", "datyp", "nbits", "ni"):
        assert getattr(record, name) == getattr(told, name), name
    return record


# ------------------------------------------------------------------------------------- fields


def test_fields_have_defaults(f: fst24.Fst24Writer) -> None:
    r = write(f, ZERO)
    assert (r.nomvar, r.typvar, r.etiket, r.grtyp) == ("TT", "P", "", "X")
    assert (r.ip1, r.ip2, r.ip3, r.ig1, r.ig2, r.ig3, r.ig4, r.deet, r.npas) == (0,) * 9
    assert (r.ni, r.nj, r.nk, r.datyp, r.nbits) == (3, 4, 1, 5, 32)


def test_a_name_is_needed(f: fst24.Fst24Writer) -> None:
    with pytest.raises(fst24.InvalidArgumentError, match="nomvar= is needed"):
        f.write(ZERO)
    assert len(f) == 0


@pytest.mark.parametrize(
    ("name", "meant"),
    [("etikett", "etiket"), ("IP1", "ip1"), ("levels", "level"), ("nom_var", "nomvar")],
)
def test_an_unknown_field_is_told_with_what_may_be_meant(
    f: fst24.Fst24Writer, name: str, meant: str
) -> None:
    value: Any = 1
    with pytest.raises(fst24.InvalidArgumentError, match=f"'{name}' .did you mean '{meant}'"):
        f.write(ZERO, nomvar="TT", **{name: value})


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("nomvar", "tt", "'TT' would fit"),
        ("nomvar", "TTTTT", "4 characters at most"),
        ("typvar", "PPP", "2 characters at most"),
        ("etiket", "é", "'_' would fit"),
        ("etiket", "A" * 13, "12 characters at most"),
        ("grtyp", "ZZ", "one character"),
        ("ip1", -1, "ip1"),
        ("ip2", 2**28, "ip2"),
        ("ig1", 2**24, "ig1"),
        ("ig4", -5, "ig4"),
        ("deet", 2**24, "deet"),
        ("npas", 2**26, "npas"),
        ("datev", 101010108, "newer style"),
    ],
)
def test_what_a_field_cannot_keep_is_refused_by_name(
    f: fst24.Fst24Writer, name: str, value: Any, said: str
) -> None:
    with pytest.raises(fst24.EncodingError, match=said) as caught:
        f.write(ZERO, **({"nomvar": "TT"} | {name: value}))
    assert name in str(caught.value) or name == "datev"
    assert len(f) == 0


@pytest.mark.parametrize(
    ("name", "value"), [("nomvar", 5), ("ip1", "500"), ("ip1", 1.5), ("npas", b"1")]
)
def test_a_field_of_another_type_is_a_type_error(
    f: fst24.Fst24Writer, name: str, value: Any
) -> None:
    with pytest.raises(TypeError, match=f"{name} is "):
        f.write(ZERO, **({"nomvar": "TT"} | {name: value}))


def test_numbers_of_numpy_are_numbers(f: fst24.Fst24Writer) -> None:
    r = write(f, ZERO, ip1=np.int64(5), ig1=np.uint8(7))
    assert (r.ip1, r.ig1) == (5, 7)


def test_blanks_behind_a_text_do_not_count(f: fst24.Fst24Writer) -> None:
    r = write(f, ZERO, nomvar="TT  ", etiket=" A" + " " * 20)
    assert (r.nomvar, r.etiket) == ("TT", " A")


def test_none_means_not_given(f: fst24.Fst24Writer) -> None:
    r = write(f, ZERO, etiket=None, ip1=None, level=None, valid_time=None)
    assert (r.etiket, r.ip1) == ("", 0)


@pytest.mark.parametrize(
    ("level", "unit", "kind"), [(850, "hPa", 2), (0.995, "hybrid", 5), (2, 4, 4)]
)
def test_a_level_is_an_ip1(f: fst24.Fst24Writer, level: float, unit: str | int, kind: int) -> None:
    r = write(f, ZERO, level=level, level_unit=unit)
    assert r.ip1 == fst24.ip.encode(level, unit)
    found = fst24.ip.decode(r.ip1)
    assert found[0] == pytest.approx(level)
    assert found[1] == kind


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"level": 850}, "needs its level_unit"),
        ({"level_unit": "hPa"}, "without level="),
        ({"level": 850, "level_unit": "hPa", "ip1": 850}, "give one"),
        ({"origin_time": "2024-01-01", "dateo": 1}, "give one"),
        ({"valid_time": "2024-01-01", "datev": 1}, "give one"),
        ({"lead_time": np.timedelta64(1, "h"), "npas": 1}, "give one"),
        ({"origin_time": "2024-01-01", "valid_time": "2024-01-02", "npas": 1}, "give lead_time"),
        ({"compress": "much"}, "'best' or 'fast'"),
        ({"nbits": 12, "max_error": 1.0}, "give one"),
        ({"max_error": 0.0}, "above 0"),
        ({"max_error": 1.0, "datyp": 5}, "types 1 and 6"),
        ({"max_error": 1.0, "values": np.zeros((3, 4), np.int16)}, "is for floats"),
        ({"datyp": "Q7"}, "a letter of"),
        ({"ni": 4}, r"ni=4, but the values have the shape \(3, 4\)"),
    ],
)
def test_arguments_that_contradict_each_other_are_told(
    f: fst24.Fst24Writer, given: dict[str, Any], said: str
) -> None:
    given = dict(given)
    values = given.pop("values", ZERO)
    with pytest.raises(fst24.InvalidArgumentError, match=said):
        f.write(values, nomvar="TT", **given)
    assert len(f) == 0


NOON = dt.datetime(2024, 5, 17, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    "when",
    [
        NOON,
        np.datetime64("2024-05-17T12"),
        "2024-05-17T12",
        fst24.date.encode("2024-05-17T12"),
        np.int32(fst24.date.encode("2024-05-17T12")),
    ],
    ids=lambda when: type(when).__name__,
)
def test_dates_are_given_in_many_ways(f: fst24.Fst24Writer, when: Any) -> None:
    stamp = fst24.date.encode("2024-05-17T12")
    for name in ("origin_time", "dateo", "valid_time", "datev"):
        r = write(f, ZERO, **{name: when})
        assert (r.dateo, r.datev) == (stamp, stamp)


def test_one_date_gives_the_other(f: fst24.Fst24Writer) -> None:
    six = fst24.date.encode("2024-05-17T18")
    from_origin = write(f, ZERO, origin_time=NOON, deet=300, npas=72)
    from_valid = write(f, ZERO, valid_time="2024-05-17T18", deet=300, npas=72)
    both = write(
        f, ZERO, origin_time=NOON, valid_time="2024-05-17T18", lead_time=np.timedelta64(6, "h")
    )
    for r in (from_origin, from_valid, both):
        assert (r.datev, r.dateo) == (six, fst24.date.encode(NOON))
    assert (both.deet, both.npas) == (3600, 6)
    between = write(f, ZERO, origin_time=NOON, valid_time="2024-05-17T18:30")
    assert (between.deet, between.npas, between.dateo) == (60, 390, fst24.date.encode(NOON))


@pytest.mark.parametrize(
    ("lead", "deet", "steps"),
    [
        (np.timedelta64(6, "h"), None, (3600, 6)),
        (dt.timedelta(minutes=90), None, (60, 90)),
        (np.timedelta64(45, "s"), None, (1, 45)),
        (np.timedelta64(6, "h"), 300, (300, 72)),
        (dt.timedelta(0), None, (3600, 0)),
    ],
)
def test_a_lead_time_is_a_number_of_steps(
    f: fst24.Fst24Writer, lead: Any, deet: int | None, steps: tuple[int, int]
) -> None:
    r = write(f, ZERO, lead_time=lead, deet=deet, origin_time=NOON)
    assert (r.deet, r.npas) == steps


@pytest.mark.parametrize(
    ("lead", "deet"),
    [(np.timedelta64(7, "s"), 5), (dt.timedelta(hours=-1), None), (np.timedelta64(5, "ms"), None)],
)
def test_a_lead_time_that_is_none_is_refused(
    f: fst24.Fst24Writer, lead: Any, deet: int | None
) -> None:
    with pytest.raises(fst24.EncodingError, match="lead_time"):
        f.write(ZERO, nomvar="TT", lead_time=lead, deet=deet)
    with pytest.raises(TypeError, match="a timedelta"):
        f.write(ZERO, nomvar="TT", lead_time=6)


def test_like_gives_the_fields_that_are_not_given(gem: Path, f: fst24.Fst24Writer) -> None:
    with fst24.open(gem) as source:
        tt = source.find(nomvar="TT")
        assert tt is not None
        r = write(f, tt.data + 1, like=tt, nomvar="TX", ip3=5)
        for name in ("typvar", "etiket", "grtyp", "datev", "deet", "npas", "ip1", "ip2", "ig1"):
            assert getattr(r, name) == getattr(tt, name), name
        assert (r.nomvar, r.ip3, r.datyp) == ("TX", 5, 5)
        later = write(f, ZERO, like=tt, npas=tt.npas + 12)
        assert later.datev == tt.datev  # the validity date is what a file holds
        other = write(f, ZERO, like=tt, origin_time=NOON)
        assert other.dateo == fst24.date.encode(NOON)


# ------------------------------------------------------------------------------------- values

LOSSLESS: list[tuple[str, tuple[int, int]]] = [
    ("f4", (5, 32)),
    ("f8", (5, 64)),
    ("f2", (5, 32)),
    ("i1", (4, 8)),
    ("i2", (4, 16)),
    ("i4", (4, 32)),
    ("u1", (2, 8)),
    ("u2", (2, 16)),
    ("u4", (2, 32)),
    ("c8", (8, 32)),
    ("c16", (8, 64)),
    ("?", (2, 8)),
    (">f4", (5, 32)),
    (">i4", (4, 32)),
    ("S1", (7, 8)),
]


@pytest.mark.parametrize(("dtype", "stored"), LOSSLESS)
@pytest.mark.parametrize("shape", [(5,), (5, 4), (5, 4, 3)], ids=str)
def test_every_dtype_is_stored_without_loss(
    f: fst24.Fst24Writer, dtype: str, stored: tuple[int, int], shape: tuple[int, ...]
) -> None:
    values = np.arange(np.prod(shape)).reshape(shape) % 7 + 65
    array = values.astype(dtype) if dtype != "S1" else values.astype(np.uint8).view("S1")
    if dtype == "?":
        array = values % 2 == 0
    r = write(f, array)
    assert (r.datyp, r.nbits) == stored
    wanted = array.view(np.uint8) if dtype == "S1" else array
    assert np.array_equal(r.data.reshape(shape, order="F"), wanted)
    assert (r.ni, r.nj, r.nk) == (*shape, 1, 1)[:3]


@pytest.mark.parametrize("order", ["C", "F", "strided"])
def test_any_layout_of_memory_is_taken(f: fst24.Fst24Writer, order: str) -> None:
    whole = np.arange(480, dtype=np.float32).reshape(8, 10, 6)
    array = whole[::2, ::-1, 1] if order == "strided" else np.array(whole, order=order)  # type: ignore[call-overload]
    assert np.array_equal(write(f, array).data, array)


def test_what_is_no_array_becomes_one(f: fst24.Fst24Writer) -> None:
    assert write(f, [[1.5, 2], [3, 4]]).data.tolist() == [[1.5, 2], [3, 4]]
    assert write(f, 7.25).ni == 1
    assert write(f, "SOME TEXT").data.tobytes() == b"SOME TEXT"
    assert write(f, b"\x00\xff").data.tolist() == [[0], [255]]


@pytest.mark.parametrize(
    "values",
    [
        np.array(["a", "b"]),
        np.array([None]),
        np.array(["2024-01-01"], "M8[s]"),
        np.zeros(2, [("a", "f4")]),
        np.zeros(3, np.longdouble),
        np.array([b"ab", b"cd"]),
    ],
    ids=lambda values: str(values.dtype),
)
def test_a_dtype_that_cannot_be_stored_is_told(f: fst24.Fst24Writer, values: Any) -> None:
    with pytest.raises(fst24.EncodingError, match="convert it to float32"):
        f.write(values, nomvar="TT")


def test_shapes_that_are_no_field_are_told(f: fst24.Fst24Writer) -> None:
    with pytest.raises(fst24.EncodingError, match="holds no value"):
        f.write(np.zeros((3, 0)), nomvar="TT")
    with pytest.raises(fst24.InvalidArgumentError, match="4 dimensions"):
        f.write(np.zeros((1, 1, 1, 1)), nomvar="TT")
    with pytest.raises(fst24.EncodingError, match="ASCII"):
        f.write("é", nomvar="TT")
    assert len(f) == 0


def test_wide_integers_that_fit_go_to_xdf_as_narrow_ones(xdf: fst24.Fst24Writer) -> None:
    r = write(xdf, np.array([[1, -(2**31)], [2**31 - 1, 0]]))
    assert (r.datyp, r.nbits, r.data.dtype) == (4, 32, np.int32)
    assert r.data.tolist() == [[1, -(2**31)], [2**31 - 1, 0]]
    with pytest.raises(fst24.EncodingError, match=r"64-bit integers: use RSF"):
        xdf.write(np.array([2**31]), nomvar="TT")


def test_wide_integers_are_kept_in_rsf(path: Path) -> None:
    values = np.array([-(2**63), 2**63 - 1, 5])
    with fst24.open(path, "w", backend="RSF") as f:
        r = write(f, values)
        assert (r.datyp, r.nbits) == (4, 64)
        assert r.data.dtype == np.int64
        assert r.data[:, 0].tolist() == values.tolist()
        assert write(f, np.array([2**64 - 1], np.uint64)).data.item() == 2**64 - 1


@pytest.mark.parametrize(
    ("asked", "stored"),
    [
        ({"nbits": 12}, (6, 12)),
        ({"nbits": 20}, (1, 20)),
        ({"nbits": 28}, (5, 28)),
        ({"datyp": 6}, (6, 16)),
        ({"datyp": 1}, (1, 16)),
        ({"datyp": 5, "nbits": 24}, (5, 24)),
        ({"compress": True}, (133, 32)),
        ({"compress": True, "nbits": 12}, (134, 12)),
        ({"compress": True, "datyp": 1, "nbits": 16}, (129, 16)),
        ({"compress": True, "datyp": 1, "nbits": 12}, (1, 12)),
        ({"datyp": "f16"}, (134, 16)),
        ({"datyp": "E24"}, (5, 24)),
        ({"datyp": "mR20"}, (1, 20)),
        ({"datyp": "R", "nbits": 20}, (1, 20)),
        ({"datyp": 134, "nbits": 16}, (134, 16)),
        ({"compress": "best", "nbits": 16}, (134, 16)),
        ({"compress": "fast", "nbits": 16}, (134, 16)),
    ],
    ids=str,
)
def test_reals_are_stored_as_asked(
    f: fst24.Fst24Writer, asked: dict[str, Any], stored: tuple[int, int]
) -> None:
    i, j = np.mgrid[0:60, 0:50].astype(np.float32)
    values = 273 + 40 * np.sin(i / 9) * np.cos(j / 7)
    r = write(f, values, **asked)
    assert (r.datyp, r.nbits) == stored
    assert np.abs(r.data - values).max() <= 80 / 2.0 ** min(r.nbits - 1, 20) + 2.0**-6
    assert r.data.dtype == np.float32


@pytest.mark.parametrize(
    ("asked", "stored"),
    [
        ({"nbits": 12}, (2, 12)),
        ({"compress": True}, (130, 16)),
        ({"datyp": 4}, (4, 16)),
        ({"datyp": 0}, (0, 16)),
    ],
    ids=str,
)
def test_integers_are_stored_as_asked(
    f: fst24.Fst24Writer, asked: dict[str, Any], stored: tuple[int, int]
) -> None:
    values = (np.arange(60 * 50) // 7).reshape(60, 50).astype(np.uint16)
    r = write(f, values, **asked)
    assert (r.datyp, r.nbits) == stored
    assert np.array_equal(r.data, values)


def test_characters_are_of_eight_bits(f: fst24.Fst24Writer) -> None:
    letters = np.frombuffer(b"ABCDEF", np.uint8)
    for datyp in (3, 7):
        r = write(f, letters, datyp=datyp)
        assert (r.datyp, r.nbits, r.data.tobytes()) == (datyp, 8, b"ABCDEF")
    with pytest.raises(fst24.EncodingError, match="datyp 3 keeps one level"):
        f.write(np.zeros((2, 2, 2), np.uint8), nomvar="TT", datyp=3)


def test_a_compression_that_does_not_pay_is_dropped(f: fst24.Fst24Writer) -> None:
    noise = np.random.default_rng(1).integers(0, 2**16, (40, 40)).astype(np.uint16)
    assert write(f, noise, compress=True).datyp == 2
    assert write(f, ZERO[0], compress=True, nbits=12).datyp == 6  # a line


def test_best_takes_no_more_room_and_gives_the_same(f: fst24.Fst24Writer) -> None:
    rng = np.random.default_rng(2)
    for scale in (0.1, 1, 10):
        i, j = np.mgrid[0:100, 0:80]
        values = (np.sin(i / 5) * np.cos(j / 9) * 50 + rng.normal(0, scale, i.shape)).astype("f4")
        usual = write(f, values, nbits=16, compress=True)
        best = write(f, values, nbits=16, compress="best")
        assert best.nbytes <= usual.nbytes
        assert best.data.tobytes() == usual.data.tobytes()


def test_max_error_takes_few_bits(f: fst24.Fst24Writer) -> None:
    i, j = np.mgrid[0:60, 0:50]
    values = (273 + 40 * np.sin(i / 9) * np.cos(j / 7)).astype(np.float32)
    for error in (10.0, 1.0, 0.1, 0.01, 0.001):
        r = write(f, values, max_error=error)
        assert np.abs(r.data - values).max() <= error
        fewer = write(f, values, datyp=r.datyp, nbits=r.nbits - 2)
        assert np.abs(fewer.data - values).max() > error / 2
    assert write(f, values, max_error=1e-12).datyp == 5
    with pytest.raises(fst24.EncodingError, match="leave datyp out"):
        f.write(values, nomvar="TT", max_error=1e-12, datyp=6)


def test_max_error_is_kept_beside_missing_points(f: fst24.Fst24Writer) -> None:
    # What stands for them makes the range wider, and with it the step.
    rng = np.random.default_rng(3)
    kept = 0
    for k in range(400):
        width, offset = 2.0 ** rng.uniform(-3, 3), float(rng.choice([0, 1, -273, 1e4]))
        values = (rng.random((20, 30)) * width + offset).astype(["f4", "f8"][k % 2])
        mask = rng.random(values.shape) < 0.1
        error = width * 2.0 ** -rng.uniform(-1, 12)
        try:
            r = write(f, values, max_error=error, datyp=[1, 6][k // 2 % 2], mask=mask)
        except fst24.EncodingError:
            continue
        kept += 1
        assert np.abs(r.data[~mask].astype("f8") - values[~mask]).max() <= error
    assert kept > 200


def test_max_error_beyond_float32_keeps_doubles(f: fst24.Fst24Writer) -> None:
    r = write(f, np.array([[1, 1e300]]), max_error=1.0)
    assert (r.datyp, r.nbits, r.data.tolist()) == (5, 64, [[1, 1e300]])


@pytest.mark.parametrize(
    ("values", "asked", "said"),
    [
        ([[1, np.nan]], {"nbits": 12}, r"nan at \(1,2,1\)"),
        ([[1, 2], [np.inf, 3]], {"datyp": 1}, r"inf at \(2,1,1\)"),
        ([[1, 2]], {"datyp": 5, "nbits": 8}, "use datyp 1 or 6"),
        ([[1, 2]], {"datyp": 1, "nbits": 1}, "misread by the reference"),
        ([[1, 2]], {"datyp": 2}, "reals: use datyp 1, 5 or 6"),
        ([[1, 2]], {"datyp": 9}, "none that can be written"),
        ([[1, 2]], {"nbits": 0}, " 1 to 64"),
        ([[1, 2]], {"nbits": 65}, " 1 to 64"),
    ],
)
def test_reals_that_a_type_cannot_keep_are_told(
    f: fst24.Fst24Writer, values: Any, asked: dict[str, Any], said: str
) -> None:
    with pytest.raises((fst24.EncodingError, fst24.UnsupportedError), match=said):
        f.write(np.array(values, np.float32), nomvar="TT", **asked)
    assert len(f) == 0


def test_integers_have_to_fit_unless_told_otherwise(f: fst24.Fst24Writer) -> None:
    values = np.array([[1, 300]], np.uint16)
    with pytest.raises(fst24.EncodingError, match=r"300 at \(1,2,1\)"):
        f.write(values, nomvar="TT", nbits=8)
    assert write(f, values, nbits=8, exact=False).data.tolist() == [[1, 300 & 255]]


def test_doubles_have_to_fit_unless_told_otherwise(f: fst24.Fst24Writer) -> None:
    values = np.array([[1, 1e300]])
    with pytest.raises(fst24.EncodingError, match=r"1e\+300 at \(1,2,1\)"):
        f.write(values, nomvar="TT", datyp=5, nbits=32)
    assert write(f, values, datyp=5, nbits=32, exact=False).data.tolist() == [[1, np.inf]]


# ------------------------------------------------------------------------------------- missing


@pytest.mark.parametrize(
    ("dtype", "asked", "datyp"),
    [
        ("f4", {}, 69),
        ("f8", {}, 69),
        ("f4", {"nbits": 12}, 70),
        ("f4", {"nbits": 12, "compress": True}, 198),
        ("f4", {"datyp": 1}, 65),
        ("i4", {}, 68),
        ("u2", {}, 66),
        ("u2", {"compress": True}, 194),
    ],
)
def test_missing_points_come_back(
    f: fst24.Fst24Writer, dtype: str, asked: dict[str, Any], datyp: int
) -> None:
    values = (np.arange(40 * 30).reshape(40, 30) // 9).astype(dtype)
    mask = values % 5 == 1
    for given in (
        {"values": values, "mask": mask},
        {"values": np.ma.MaskedArray(values, mask)},
        {"values": np.ma.MaskedArray(values, mask & (values < 50)), "mask": mask},
    ):
        r = write(f, given["values"], mask=given.get("mask"), **asked)
        assert r.datyp == datyp
        assert r.mask is not None
        assert np.array_equal(r.mask, mask)
        assert np.abs(r.data[~mask].astype("f8") - values[~mask]).max() <= 0.1


def test_a_mask_without_a_missing_point_is_none(f: fst24.Fst24Writer) -> None:
    r = write(f, ZERO, mask=np.zeros((3, 4), np.bool_))
    assert r.datyp == 5
    assert r.mask is None
    assert write(f, np.ma.MaskedArray(ZERO)).mask is None


def test_what_hides_behind_a_mask_does_not_count(f: fst24.Fst24Writer) -> None:
    values: npt.NDArray[np.float32] = np.array([[1, np.nan], [np.inf, 2]], np.float32)
    r = write(f, values, mask=~np.isfinite(values), nbits=12)
    assert r.mask is not None
    assert r.mask.tolist() == [[False, True], [True, False]]


@pytest.mark.parametrize(
    ("mask", "error", "said"),
    [
        (np.zeros((4, 3), np.bool_), fst24.InvalidArgumentError, r"shape \(4, 3\)"),
        (np.zeros((3, 4)), TypeError, "array of bool"),
    ],
)
def test_a_mask_that_does_not_fit_is_told(
    f: fst24.Fst24Writer, mask: Any, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        f.write(ZERO, nomvar="TT", mask=mask)


def test_types_without_missing_points_say_so(f: fst24.Fst24Writer) -> None:
    mask = np.ones((3, 4), np.bool_)
    with pytest.raises(fst24.EncodingError, match="cannot have missing values"):
        f.write(ZERO.astype(np.complex64), nomvar="TT", mask=mask)
    with pytest.raises(fst24.EncodingError, match="no room there"):
        f.write(np.arange(256).astype(np.uint8), nomvar="TT", mask=np.arange(256) == 7)


# ------------------------------------------------------------------------------------- limits


def test_what_is_too_large_for_xdf_points_to_rsf(xdf: fst24.Fst24Writer) -> None:
    long = np.broadcast_to(np.zeros(1, np.uint8), (2**24,))
    with pytest.raises(fst24.EncodingError, match=r"16777215 at most in XDF.*RSF"):
        xdf.write(long, nomvar="TT")
    wide = np.broadcast_to(np.zeros(1, np.float32), (4096, 8200))  # 128 MiB and a little
    with pytest.raises(fst24.EncodingError, match=r"bytes of data at most.*RSF"):
        xdf.write(wide, nomvar="TT")
    assert len(xdf) == 0


def test_what_is_too_large_for_xdf_goes_into_rsf(path: Path) -> None:
    with fst24.open(path, "w", backend="RSF", sync=False) as f:
        r = write(f, np.zeros(2**24 + 5, np.uint8))
        assert (r.ni, r.nj) == (2**24 + 5, 1)
