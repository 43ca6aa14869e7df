"""Vertical coordinates: descriptors old and new, which one is meant, and what is refused."""

from __future__ import annotations

import pickle
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fst24
from fst24 import ip
from fst24.vertical import Vertical
from tests.conftest import golden

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

P0 = np.array([[1025.0, 1000.0], [852.5, 610.0]])
ETA = [0.0134575, 0.0541, 0.151, 0.467, 0.985, 1.0]
HYBRID = np.array([ip.encode(eta, "hybrid") for eta in ETA], np.int32)
SIGMA = np.array([ip.encode(eta, "sigma") for eta in ETA], np.int32)
SURFACE = 93423264
TEN_METRES = 75597472
#: The word of a header that names the field.
P0_WORD = float(np.frombuffer(b"P0  \0\0\0\0", np.float64)[0])
#: Tags of the records of golden/vertical.
TAG = {1001: 1000, 1002: 1001, 5001: 1003, 5002: 1004, 5005: 1007, 5100: 1008, 21001: 1009}


@pytest.fixture
def f() -> Iterator[fst24.Fst24File]:
    with fst24.open(golden("vertical/xdf-vertical.fst")) as file:
        yield file


@pytest.fixture
def table(f: fst24.Fst24File) -> Callable[[int], fst24.Fst24Record]:
    def get(vcode: int) -> fst24.Fst24Record:
        record = f.find(nomvar="!!", ip1=TAG[vcode])
        assert record is not None
        assert record.ig1 == vcode
        return record

    return get


def fake(values: Any, nomvar: str = "!!", **fields: Any) -> Any:
    """As much of a record as a descriptor needs to be."""
    return SimpleNamespace(nomvar=nomvar, path="a.fst", index=7, data=values, **fields)


def written(path: Path, *records: tuple[Any, dict[str, Any]]) -> fst24.Fst24File:
    with fst24.open(path, "w") as out:
        for values, fields in records:
            out.write(np.asarray(values), **fields)
    return fst24.open(path)


def field(nomvar: str = "TT", value: float = 0.0, **fields: Any) -> tuple[Any, dict[str, Any]]:
    return np.full((3, 2), value, np.float32), {"nomvar": nomvar, **fields}


def copied(record: fst24.Fst24Record, **changes: Any) -> tuple[Any, dict[str, Any]]:
    """A `!!` to be written again, with another tag."""
    known = {"nomvar": "!!", "typvar": "X", "grtyp": "X", "ip1": record.ip1, "ip2": record.ip2}
    return record.data, {**known, **changes}


HY = (
    np.zeros((1, 1), np.float32),
    {"nomvar": "HY", "ip1": ip.encode(8.05, "hPa"), "ig1": 800, "ig2": 1600},
)

# ------------------------------------------------------------------------------- HY and PT


def test_a_hy_record_makes_the_coefficients_of_the_same_table(
    table: Callable[[int], fst24.Fst24Record], tmp_path: Path
) -> None:
    modern = Vertical.from_record(table(5001))
    with written(tmp_path / "a.fst", HY) as f:
        old = Vertical.from_record(f[0], modern.ip1s)
    assert (old.vcode, old.source, old.pref) == (5001, "HY", 80000.0)
    assert old.ip1s.tolist() == modern.ip1s.tolist()
    for ours, theirs in zip(old.levels()[3:], modern.levels()[3:], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1.3e-6, atol=1e-2)


def test_normalised_hybrid_levels_go_from_the_top_to_the_surface(tmp_path: Path) -> None:
    ends = [ip.encode(0.0, "sigma"), ip.encode(1.0, "sigma")]
    with written(tmp_path / "a.fst", HY) as f:
        v = Vertical.from_record(f[0], ends)
    assert v.vcode == 1003
    np.testing.assert_allclose(v.pressure(ends, P0=P0)[0], 8.05, rtol=1e-6)
    np.testing.assert_allclose(v.pressure(ends, P0=P0)[1], P0)


def test_a_pt_of_one_value_is_the_top_of_eta_levels(tmp_path: Path) -> None:
    with written(tmp_path / "a.fst", field("PT", 10.0)) as f:
        v = Vertical.from_record(f[0], SIGMA)
    eta = v.levels(SIGMA).value.astype(float)[:, None, None]
    assert (v.vcode, v.ptop, v.references) == (1002, 1000.0, ("P0",))
    np.testing.assert_allclose(v.pressure(SIGMA, P0=P0), eta * (P0 - 10) + 10)


def test_a_pt_that_varies_is_a_reference_field() -> None:
    top = np.array([[10.0, 12.0], [11.0, 10.0]])
    v = Vertical.from_record(fake(top, "PT"), SIGMA)
    eta = v.levels(SIGMA).value.astype(float)[:, None, None]
    assert v.references == ("P0", "PT")
    np.testing.assert_allclose(v.pressure(SIGMA, P0=P0, PT=top), eta * (P0 - top) + top)
    assert v.cf().attrs["formula_terms"] == "sigma: level ps: P0 ptop: PT"


@pytest.mark.parametrize(
    "record",
    [
        fake(None, "HY", ip1=ip.encode(900, "hPa"), ig1=800, ig2=1600),
        fake(None, "HY", ip1=ip.encode(10, "above_ground"), ig1=800, ig2=1600),
        fake(None, "HY", ip1=1000, ig1=0, ig2=1600),
        fake(None, "HY", ip1=10, ig1=800, ig2=0),
        fake(np.array([[-1.0, 10.0]]), "PT"),
        fake(np.array([[np.nan, 10.0]]), "PT"),
    ],
)
def test_pressures_that_cannot_be_are_corrupt(record: Any) -> None:
    with pytest.raises(fst24.CorruptFileError, match=r"a\.fst: record 7") as error:
        Vertical.from_record(record, SIGMA)
    assert error.value.record == 7


@pytest.mark.parametrize(
    ("nomvar", "ip1s", "reason"),
    [
        ("TT", SIGMA, "!!, HY and PT do"),
        ("HY", None, "give the ip1s"),
        ("PT", HYBRID, "is not for levels of kind 5"),
        ("HY", [850], "is not for levels of kind 2"),
    ],
)
def test_a_record_that_does_not_describe_the_levels_is_refused(
    nomvar: str, ip1s: Any, reason: str
) -> None:
    with pytest.raises(fst24.InvalidArgumentError, match=reason):
        Vertical.from_record(fake(np.ones((1, 1)), nomvar), ip1s)


# ---------------------------------------------------------------------- without descriptor


@pytest.mark.parametrize(
    ("unit", "vcode", "name", "standard_name", "positive"),
    [
        ("above_sea", 0, "altitude", "altitude", "up"),
        ("sigma", 1001, "level", "atmosphere_sigma_coordinate", "down"),
        ("hPa", 2001, "pres", "air_pressure", "down"),
        ("arbitrary", 3000, "sfclevel", "model_level_number", "down"),
        ("above_ground", 4001, "height", "height", "up"),
        ("hybrid", 5000, "level", None, "down"),
        ("theta", 6000, "theta", "air_potential_temperature", "up"),
        ("below_sea", 7000, "depth", "depth", "down"),
        ("meters_pressure", 21000, "level", None, "up"),
    ],
)
def test_levels_without_descriptor_are_what_their_kind_is(
    unit: str, vcode: int, name: str, standard_name: str | None, positive: str
) -> None:
    values = [0.5, 1.0] if unit in ("sigma", "hybrid") else [100, 200]
    v = Vertical.from_ip1s(ip.encode(values, unit))
    cf = v.cf()
    assert v.vcode == vcode
    assert (cf.name, cf.attrs.get("standard_name")) == (name, standard_name)
    assert (cf.attrs["positive"], cf.attrs["axis"]) == (positive, "Z")
    assert sorted(cf.values.tolist()) == values


def test_levels_are_listed_from_top_to_bottom_once() -> None:
    new_style = ip.encode(500, "hPa")
    assert Vertical.from_ip1s([1000, 850, 500, new_style]).levels().value.tolist() == [
        500,
        850,
        1000,
    ]
    heights = [ip.encode(h, "above_ground") for h in (2.0, 10.0)]
    assert Vertical.from_ip1s(heights).levels().value.tolist() == [10, 2]


@pytest.mark.parametrize(
    ("ip1s", "reason"),
    [
        ([], "no ip1 was given"),
        ([850, SURFACE], "kinds 2, 5"),
        ([ip.encode(6, "hours")], "is no level"),
        ([[850]], "not of shape"),
        ([32768], "is no level"),
        ([2**40], "is no level"),
    ],
)
def test_what_is_no_list_of_levels_of_one_kind_is_refused(ip1s: Any, reason: str) -> None:
    with pytest.raises(fst24.InvalidArgumentError, match=reason):
        Vertical.from_ip1s(ip1s)


def test_heights_above_ground_are_heights() -> None:
    assert Vertical.from_ip1s([TEN_METRES]).height(TEN_METRES) == 10


# ----------------------------------------------------------------------------- bad tables


def a_table() -> Any:
    """The 5005 of the golden file: 3 columns, 3 rows of header, 12 and 12 rows."""
    with fst24.open(golden("vertical/xdf-vertical.fst")) as f:
        record = f.find(nomvar="!!", ip1=TAG[5005])
        assert record is not None
        return np.array(record.data)


def changed(at: tuple[int, int], value: float) -> Any:
    values = a_table()
    values[at] = value
    return values


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (a_table()[:, :-1], "23 rows cannot be the momentum"),
        (a_table()[:, :3], "the table is cut"),
        (a_table()[:, :0], "the table is cut"),
        (a_table()[[0, 1, 2, 2]], "5005 has 3 columns, not 4"),
        (changed((1, 0), 100), "5100 has 4 columns, not 3"),
        (a_table()[:, :, None].repeat(2, 2), "a table of float64"),
        (a_table().astype(np.float32), "a table of float64, not float32"),
        (changed((0, 0), 5.5), "kind, version, header rows"),
        (changed((0, 0), np.nan), "kind, version, header rows"),
        (changed((2, 0), 1), "the table is cut"),
        (changed((2, 0), 1e9), "the table is cut"),
        (changed((0, 5), 0.5), "does not begin with an ip1"),
        (changed((0, 5), np.nan), "does not begin with an ip1"),
        (changed((0, 5), ip.encode(6, "hours")), "is no level"),
        (changed((1, 5), np.inf), "not finite"),
        (changed((2, -2), 0.5), "twice, with other coefficients"),
        (changed((1, 1), -9999.0), "reference pressure is -9999"),
        (changed((1, 2), np.uint64(0xFFFF).view(np.float64)), "name of a reference field"),
    ],
)
def test_a_table_that_is_cut_or_contradicts_itself_is_corrupt(values: Any, reason: str) -> None:
    with pytest.raises(fst24.CorruptFileError, match=reason) as error:
        Vertical.from_record(fake(values))
    assert str(error.value).startswith("a.fst: record 7: !!: ")


def test_an_unknown_version_is_unsupported_and_says_what_is_known() -> None:
    with pytest.raises(fst24.UnsupportedError, match=r"kind 5, version 77: .*5005.*from_ip1s"):
        Vertical.from_record(fake(changed((1, 0), 77)))


def test_old_tables_without_a_name_follow_p0() -> None:
    header = [5, 1, 2, 805, 80000, 1.6]
    rows = [SURFACE, 0, 1]
    values = np.array([*header, *rows], np.float64).reshape((3, 3), order="F")
    assert Vertical.from_record(fake(values)).references == ("P0",)


@pytest.mark.parametrize(
    ("kind", "version", "words", "level", "expected"),
    [
        (0, 1, [], 3000.0, 30000.0),
        (1, 3, [800, 80000, 1.6, P0_WORD], 0.5, 30000 + 0.25 * 1e5),
        (4, 1, [], 100.0, 30000.0),
        (5, 999, [P0_WORD], 0.5, 30000 + 0.25 * 1e5),
    ],
)
def test_tables_that_no_library_makes_any_more_are_read_by_their_formula(
    kind: int, version: int, words: list[float], level: float, expected: float
) -> None:
    n_header = -(-(3 + len(words)) // 3)
    header = np.zeros(3 * n_header)
    header[: 3 + len(words)] = [kind, version, n_header, *words]
    row = [ip.encode(level, kind), 30000.0, 0.25 if words else 0.0]
    v = Vertical.from_record(fake(np.append(header, row).reshape((3, -1), order="F")))
    found = v.pressure(unit="Pa", P0=1000.0) if words else v.height()
    assert (v.kind, v.version, found.tolist()) == (kind, version, [expected])


@given(
    st.lists(
        st.tuples(st.integers(0, 80), st.integers(0, 2**64 - 1) | st.sampled_from([0, 2**62])),
        max_size=4,
    ),
    st.integers(0, 27),
)
def test_any_words_are_a_coordinate_or_an_error(words: list[tuple[int, int]], cut: int) -> None:
    flat = a_table().ravel(order="F").view(np.uint64).copy()
    for at, word in words:
        flat[at] = word
    values = flat.view(np.float64).reshape((3, 27), order="F")[:, :cut]
    try:
        made = Vertical.from_record(fake(values))
    except fst24.Fst24Error:
        return
    assert made.levels().a.shape == made.ip1s.shape


# ------------------------------------------------------------------------ which one it is


def test_the_tag_chooses_among_tables(f: fst24.Fst24File) -> None:
    for vcode, tag in TAG.items():
        record = f.find(nomvar="UU", ig1=tag)
        assert record is not None
        made = f.vertical(record)
        assert made is not None
        assert made.vcode == vcode


def test_a_diagnostic_level_is_of_the_table_that_lists_it(f: fst24.Fst24File) -> None:
    record = f.find(nomvar="UU", ig1=TAG[5005], ip1=TEN_METRES)
    assert record is not None
    made = f.vertical(record)
    assert made is not None
    assert made.vcode == 5005
    assert made.diagnostic.tolist() == [TEN_METRES, 76696048]


def test_a_height_that_the_table_does_not_list_is_a_height(
    table: Callable[[int], fst24.Fst24Record], tmp_path: Path
) -> None:
    forty = ip.encode(40, "above_ground")
    tt = field(ip1=forty, ig1=1, ig2=2)
    with written(tmp_path / "a.fst", copied(table(5005), ip1=1, ip2=2), tt) as f:
        assert f.vertical(f[1]) == Vertical.from_ip1s([forty])


def test_the_only_table_is_taken_whatever_its_tag_unless_strict(
    table: Callable[[int], fst24.Fst24Record], tmp_path: Path
) -> None:
    known = table(5005)
    with written(tmp_path / "a.fst", copied(known), field(ip1=SURFACE, ig1=1, ig2=2)) as f:
        assert f.vertical(f[1]) == Vertical.from_record(known)
        with pytest.raises(fst24.RecordNotFoundError, match="has its tag"):
            f.vertical(f[1], strict=True)


def test_several_tables_of_other_tags_are_named_not_chosen(
    table: Callable[[int], fst24.Fst24Record], tmp_path: Path
) -> None:
    others = copied(table(5005)), copied(table(5002))
    with (
        written(tmp_path / "a.fst", *others, field(ip1=SURFACE, ig1=1, ig2=2)) as f,
        pytest.raises(fst24.RecordNotFoundError, match=r"records 0, 1: .*from_record") as error,
    ):
        f.vertical(f[2])
    assert error.value.record == 2


def test_two_tables_of_one_tag_that_differ_are_refused(
    table: Callable[[int], fst24.Fst24Record], tmp_path: Path
) -> None:
    twins = copied(table(5005), ip1=1, ip2=2), copied(table(5002), ip1=1, ip2=2)
    with (
        written(tmp_path / "a.fst", *twins, field(ip1=SURFACE, ig1=1, ig2=2)) as f,
        pytest.raises(fst24.InvalidArgumentError, match="that differ"),
    ):
        f.vertical(f[2])


def test_the_same_table_in_each_of_linked_files_is_one() -> None:
    paths = [golden(f"model/gem-2024051712_00{hour}.fst") for hour in (0, 3, 6)]
    with fst24.open(paths) as f:
        assert len(f.read_records(nomvar="!!")) == 3
        assert {f.vertical(r) for r in f.iter_records(nomvar=["TT", "UU"])} == {f.vertical(SURFACE)}


def test_a_level_that_the_table_of_its_tag_lacks_is_told(
    table: Callable[[int], fst24.Fst24Record], tmp_path: Path
) -> None:
    tt = field(ip1=ip.encode(0.777, "hybrid"), ig1=1, ig2=2)
    with (
        written(tmp_path / "a.fst", copied(table(5005), ip1=1, ip2=2), tt) as f,
        pytest.raises(fst24.RecordNotFoundError, match=r"0\.777 of kind 5.* not in the !!"),
    ):
        f.vertical(f[1])


@pytest.mark.parametrize("unit", ["hybrid", "meters_pressure"])
def test_hybrid_levels_without_descriptor_say_what_is_missing(unit: str, tmp_path: Path) -> None:
    with (
        written(tmp_path / "a.fst", field(ip1=ip.encode(0.5, unit))) as f,
        pytest.raises(fst24.RecordNotFoundError, match=r"needs a !!.*fst24\.open\(\[file, other"),
    ):
        f.vertical(f[0])


def test_old_descriptors_are_found(tmp_path: Path) -> None:
    levels = [field(ip1=code, ig1=3) for code in SIGMA.tolist()]
    with written(tmp_path / "a.fst", *levels) as f:
        plain = f.vertical(f[0])
    with written(tmp_path / "b.fst", *levels, HY) as f:
        normalised = f.vertical(f[0])
    with written(tmp_path / "c.fst", *levels, HY, field("PT", 10.0)) as f:
        eta = f.vertical(f[0])
    assert plain and normalised and eta  # noqa: PT018 - three alike
    assert [v.vcode for v in (plain, normalised, eta)] == [1001, 1003, 1002]
    assert sorted(eta.ip1s.tolist()) == sorted(SIGMA.tolist())


def test_tops_that_differ_are_refused(tmp_path: Path) -> None:
    tops = field("PT", 10.0, ip3=1), field("PT", 20.0, ip3=2)
    with (
        written(tmp_path / "a.fst", *tops, field(ip1=int(SIGMA[0]))) as f,
        pytest.raises(fst24.InvalidArgumentError, match="2 records PT that differ"),
    ):
        f.vertical(f[2])


def test_old_eta_levels_are_not_taken_for_sigma(tmp_path: Path) -> None:
    with (
        written(tmp_path / "a.fst", field("E1", 10.0), field(ip1=int(SIGMA[0]))) as f,
        pytest.raises(fst24.UnsupportedError, match=r"record 0 \(E1\).*from_ip1s"),
    ):
        f.vertical(f[1])


def test_what_has_no_level_has_no_coordinate(gem: Path) -> None:
    with fst24.open(gem) as f:
        for nomvar in ("P0", "!!", ">>"):
            record = f.find(nomvar=nomvar)
            assert record is not None
            assert f.vertical(record) is None
        assert f.vertical(0) is None
        assert f.vertical(ip.encode(6, "hours")) is None


def test_pressure_levels_are_those_of_the_variable() -> None:
    with fst24.open(golden("model/press-2024051712_000.fst")) as f:
        tt = f.find(nomvar="TT")
        assert tt is not None
        v = f.vertical(tt)
    assert v is not None
    assert v.pressure().tolist() == [100, 250, 500, 700, 850, 1000]
    assert v.pressure(unit="Pa").tolist() == [10000, 25000, 50000, 70000, 85000, 100000]


def test_a_bad_table_of_another_tag_leaves_levels_that_need_none(tmp_path: Path) -> None:
    bad = np.zeros((3, 4)), {"nomvar": "!!", "ip1": 1, "ip2": 2}
    levels = field(ip1=int(SIGMA[0])), field(ip1=TEN_METRES, ig1=1, ig2=2)
    with written(tmp_path / "a.fst", bad, *levels, field(ip1=int(SIGMA[0]), ig1=1, ig2=2)) as f:
        sigma, height = f.vertical(f[1]), f.vertical(f[2])
        assert sigma is not None
        assert height is not None
        assert (sigma.vcode, height.vcode) == (1001, 4001)
        with pytest.raises(fst24.UnsupportedError, match="record 0"):
            f.vertical(f[3])


def test_something_else_is_a_type_error(gem: Path) -> None:
    with fst24.open(gem) as f, pytest.raises(TypeError, match="of a record or of an ip1"):
        f.vertical("TT")  # type: ignore[arg-type]


# ------------------------------------------------------------------- pressures and heights


def test_a_level_in_another_style_is_the_same(table: Callable[[int], fst24.Fst24Record]) -> None:
    v = Vertical.from_record(table(1001))
    old = int(v.ip1s[3])
    assert old < 32768
    new = ip.encode(float(ip.decode(old).value), "sigma")
    assert new != old
    assert v.levels([new]).b == v.levels([old]).b


def test_a_level_that_is_not_there_is_named(table: Callable[[int], fst24.Fst24Record]) -> None:
    v = Vertical.from_record(table(5005))
    with pytest.raises(fst24.InvalidArgumentError, match=r"ip1 850 \(value 850 of kind 2\)"):
        v.pressure([SURFACE, 850], P0=P0)
    assert 850 not in v
    assert SURFACE in v
    assert "TT" not in v


@pytest.mark.parametrize(
    ("vcode", "fields", "reason"),
    [
        (5005, {}, r"needs P0: .*P0=f\.find"),
        (5100, {"P0": P0}, "needs P0LS"),
        (21001, {}, "use height"),
        (5005, {"ME": P0}, "ME: the reference fields .* are P0"),
        (5005, {"P0": P0 * 100}, "give it in hPa"),
        (5005, {"P0": P0 * 0}, "has 0 hPa"),
        (5005, {"P0": P0, "unit": "mb"}, "'hPa' or 'Pa'"),
        (5005, {"P0": P0, "dtype": int}, "float32 or float64"),
        (5100, {"P0": P0, "P0LS": np.ones((3, 5))}, "no one shape"),
    ],
)
def test_a_pressure_that_cannot_be_says_what_to_do(
    vcode: int,
    fields: dict[str, Any],
    reason: str,
    table: Callable[[int], fst24.Fst24Record],
) -> None:
    with pytest.raises(fst24.InvalidArgumentError, match=reason):
        Vertical.from_record(table(vcode)).pressure(**fields)


@pytest.mark.parametrize(
    ("unit", "method", "reason"),
    [
        ("hybrid", "pressure", "needs the !!"),
        ("meters_pressure", "height", "needs the !!"),
        ("theta", "pressure", "has no pressure"),
        ("below_sea", "height", "has no height"),
        ("hPa", "height", "use pressure"),
        ("above_ground", "pressure", "use height"),
    ],
)
def test_a_coordinate_without_pressure_or_height_says_so(
    unit: str, method: str, reason: str
) -> None:
    v = Vertical.from_ip1s([ip.encode(1.0, unit)])
    with pytest.raises(fst24.InvalidArgumentError, match=reason):
        getattr(v, method)()


def test_a_field_that_no_level_needs_may_be_left_out(
    table: Callable[[int], fst24.Fst24Record],
) -> None:
    v = Vertical.from_record(table(5100))
    top = v.momentum[:1]
    assert not v.levels(top).b.any()
    np.testing.assert_allclose(v.pressure(top), [13.457500375807285])
    surface = v.pressure([SURFACE], P0=P0)
    np.testing.assert_allclose(surface[0], P0)


def test_results_have_the_shape_type_and_order_of_the_fields(
    table: Callable[[int], fst24.Fst24Record],
) -> None:
    v = Vertical.from_record(table(5005))
    single = np.asfortranarray(P0, np.float32)
    many = v.pressure(v.momentum, P0=single)
    assert (many.shape, many.dtype) == ((12, 2, 2), np.dtype(np.float32))
    assert many[0].flags.f_contiguous
    assert v.pressure(SURFACE, P0=P0).shape == (2, 2)
    assert v.pressure(SURFACE, P0=P0).flags.c_contiguous
    assert v.pressure(P0=1000.0).shape == (23,)
    assert v.pressure(v.momentum, P0=single, dtype=np.float64).dtype == np.float64
    np.testing.assert_allclose(many, v.pressure(v.momentum, P0=P0), rtol=1e-7)


def test_records_are_taken_as_fields(gem: Path) -> None:
    with fst24.open(gem) as f:
        p0 = f.find(nomvar="P0")
        v = f.vertical(SURFACE)
        assert p0 is not None
        assert v is not None
        np.testing.assert_allclose(v.pressure(SURFACE, P0=p0), p0.data, rtol=1e-6)


def test_missing_points_stay_missing_on_all_levels(
    table: Callable[[int], fst24.Fst24Record],
) -> None:
    missing = np.where(P0 == 1000, np.nan, P0)
    v = Vertical.from_record(table(5005))
    found = v.pressure(P0=missing)
    assert (np.isnan(found) == np.isnan(missing)).all()
    masked = np.ma.masked_equal(P0.astype(np.int64), 1000)
    assert (np.isnan(v.pressure(P0=masked)) == np.isnan(missing)).all()


# --------------------------------------------------------------------------------- values


def test_coordinates_are_values(table: Callable[[int], fst24.Fst24Record]) -> None:
    made = [Vertical.from_record(table(vcode)) for vcode in (5005, 5005, 5002)]
    assert made[0] == made[1] != made[2]
    assert len(set(made)) == 2
    assert pickle.loads(pickle.dumps(made[0])) == made[0]  # noqa: S301 - our own
    assert made[0] != "5005"


def test_nobody_can_change_what_others_use(table: Callable[[int], fst24.Fst24Record]) -> None:
    v = Vertical.from_record(table(5005))
    with pytest.raises(ValueError, match="read-only"):
        v.ip1s[0] = 0
    v.levels().a[0] = 0
    assert v.levels().a[0] != 0


def test_a_suffix_is_on_every_name_that_is_made(table: Callable[[int], fst24.Fst24Record]) -> None:
    v = Vertical.from_record(table(5100))
    cf = v.cf(v.thermodynamic, suffix="_t")
    assert {cf.name, *cf.terms} == {"level_t", "a_t", "b_t", "c_t", "pref_t"}
    terms = "a: a_t b: b_t ps: P0 c: c_t psl: P0LS pref: pref_t"
    assert cf.attrs["formula_terms"] == terms


# --------------------------------------------------------------------------------- bounds


@pytest.mark.parametrize("vcode", [5002, 5005, 5100, 21001])
def test_staggered_levels_end_at_those_of_the_other_family(
    vcode: int, table: Callable[[int], fst24.Fst24Record]
) -> None:
    v = Vertical.from_record(table(vcode))
    families = [[c for c in codes.tolist() if c not in v.diagnostic] for codes in (
        v.momentum, v.thermodynamic)]  # fmt: skip
    # The list that begins at the top ends the first layer of the other one.
    outer, inner = families[::-1] if vcode == 5002 else families
    ends, rows = v.bounds(inner), v.levels(outer)
    assert ends is not None
    order = slice(None, None, -1) if vcode == 21001 else slice(None)
    for name in ("value", "a", "b", "c"):
        of_others, found = getattr(rows, name), getattr(ends, name)[:, order]
        np.testing.assert_array_equal(found[:, 0], of_others[: len(inner)])
        np.testing.assert_array_equal(found[: len(outer) - 1, 1], of_others[1:])


@pytest.mark.parametrize("vcode", [1001, 1002, 5001, 5002, 5005, 5100, 21001])
@pytest.mark.parametrize("family", ["momentum", "thermodynamic"])
def test_layers_meet_and_enclose_their_levels(
    family: str, vcode: int, table: Callable[[int], fst24.Fst24Record]
) -> None:
    v = Vertical.from_record(table(vcode))
    codes = np.array([c for c in getattr(v, family).tolist() if c not in v.diagnostic])
    codes = codes[np.argsort(v.levels(codes).value)]
    ends = v.bounds(codes)
    assert ends is not None
    value = v.levels(codes).value
    assert ((ends.value[:, 0] <= value) & (value <= ends.value[:, 1])).all()
    np.testing.assert_array_equal(ends.value[1:, 0], ends.value[:-1, 1])
    np.testing.assert_array_equal(ends.a[1:, 0], ends.a[:-1, 1])


@pytest.mark.parametrize(("vcode", "top"), [(1002, 0.0), (5001, 805 / 80000), (5002, 805 / 1e5)])
def test_the_first_layer_begins_at_the_top_that_the_table_gives(
    vcode: int, top: float, table: Callable[[int], fst24.Fst24Record]
) -> None:
    v = Vertical.from_record(table(vcode))
    ends = v.bounds(v.thermodynamic[:1])
    assert ends is not None
    assert ends.value[0, 0] == np.float32(top)
    a = ends.a[0, 0]
    assert (np.exp(a) if vcode == 5002 else a) == pytest.approx(v.ptop)
    assert ends.b[0, 0] == 0


def test_bounds_have_a_formula_of_their_own(table: Callable[[int], fst24.Fst24Record]) -> None:
    v = Vertical.from_record(table(5100))
    cf = v.cf_bounds(v.thermodynamic, suffix="_t")
    assert cf is not None
    assert {cf.name, *cf.terms} == {"level_t_bnds", "a_t_bnds", "b_t_bnds", "c_t_bnds"}
    terms = "a: a_t_bnds b: b_t_bnds ps: P0 c: c_t_bnds psl: P0LS pref: pref_t"
    assert cf.attrs == {"formula_terms": terms}
    assert {cf.values.shape, *(np.shape(t.values) for t in cf.terms.values())} == {(12, 2)}
    assert Vertical.from_ip1s([500]).cf_bounds() is None


def test_half_way_between_levels_pressure_is_half_way(
    table: Callable[[int], fst24.Fst24Record],
) -> None:
    v = Vertical.from_record(table(5001))
    ends = v.bounds()
    assert ends is not None
    p = v.pressure(P0=850.0, unit="Pa")
    np.testing.assert_allclose((ends.a + ends.b * 85000)[:-1, 1], (p[1:] + p[:-1]) / 2)


def test_diagnostic_levels_are_points(table: Callable[[int], fst24.Fst24Record]) -> None:
    v = Vertical.from_record(table(5005))
    ends = v.bounds(v.diagnostic)
    assert ends is not None
    assert ends.value.tolist() == [[10, 10], [1.5, 1.5]]


def test_bounds_of_the_ground_are_those_of_the_family_asked_for(
    table: Callable[[int], fst24.Fst24Record],
) -> None:
    v = Vertical.from_record(table(5005))
    alone, hot = v.bounds([SURFACE]), v.bounds(v.thermodynamic[-3:-1])
    assert alone is not None
    assert hot is not None
    assert alone.value.tolist() == [[v.levels(v.thermodynamic[-3:-2]).value[0], 1]]
    assert hot.value[1].tolist() == [1, 1]


def test_levels_without_a_table_of_the_model_have_no_bounds(tmp_path: Path) -> None:
    with written(tmp_path / "a.fst", HY) as f:
        assert Vertical.from_record(f[0], HYBRID).bounds() is None
    assert Vertical.from_ip1s(SIGMA).bounds() is None
    assert Vertical.from_ip1s([500, 850]).bounds() is None


def test_a_table_in_another_order_has_no_bounds() -> None:
    values = a_table()
    values[:, [5, 6]] = values[:, [6, 5]]
    v = Vertical.from_record(fake(values))
    assert v.bounds() is None
    assert v.levels().a.shape == (23,)


def test_bounds_of_a_level_that_is_not_there_are_refused(
    table: Callable[[int], fst24.Fst24Record],
) -> None:
    with pytest.raises(fst24.InvalidArgumentError, match="ip1 850"):
        Vertical.from_record(table(5005)).bounds([850])


# -------------------------------------------------------------------------------- formula


def test_a_formula_makes_what_pressure_does(table: Callable[[int], fst24.Fst24Record]) -> None:
    v = Vertical.from_record(table(5005))
    formula = v.formula(v.momentum)
    ours = formula.compute({"P0": formula.field("P0", P0)})
    np.testing.assert_array_equal(ours, v.pressure(v.momentum, P0=P0, unit="Pa"))
    np.testing.assert_array_equal(formula.of(slice(2, 4)).a, formula.a[2:4])


def test_levels_with_neither_pressure_nor_height_have_no_formula() -> None:
    with pytest.raises(fst24.InvalidArgumentError, match="has no pressure"):
        Vertical.from_ip1s(ip.encode([300.0], "theta")).formula()


def test_nominal_pressures_are_over_a_surface_at_1000_hpa(
    table: Callable[[int], fst24.Fst24Record],
) -> None:
    v = Vertical.from_record(table(5100))
    nominal = v.level_pressure(v.momentum)
    np.testing.assert_array_equal(nominal, v.pressure(v.momentum, P0=1000.0, P0LS=1000.0))
    assert Vertical.from_ip1s([500]).level_pressure().tolist() == [500]
