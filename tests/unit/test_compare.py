"""Two records, two files: what is the same, and how far apart the rest is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import fst24
from fst24 import compare
from fst24.compare import Tolerance, _statistics
from tests.conftest import golden
from tests.support.fstmake import record, xdf

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

RAMP = np.asfortranarray(np.arange(12.0, dtype=np.float32).reshape(4, 3) + 1)


def written(path: Path, *records: record.Record) -> Path:
    path.write_bytes(xdf.image(list(records)))
    return path


def both(tmp_path: Path, a: record.Record, b: record.Record, **options: Any) -> compare.Comparison:
    """Two records, written and compared."""
    with (
        fst24.open(written(tmp_path / "a.fst", a)) as f,
        fst24.open(written(tmp_path / "b.fst", b)) as g,
    ):
        return compare.records(f[0], g[0], **options)


# ------------------------------------------------------------------------------- values


REALS = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=2, max_dims=3, max_side=5),
    elements=st.floats(-1e6, 1e6, width=32),
)


@given(REALS, st.integers(1, 7), st.floats(-10, 10, width=32))
def test_statistics_are_those_of_their_definitions(
    a: npt.NDArray[np.float32], block: int, shift: float
) -> None:
    b = (a[::-1] * np.float32(1.5) + np.float32(shift)).astype(np.float32)
    kept, _statistics._BLOCK = _statistics._BLOCK, block  # many blocks, merged
    try:
        found = compare.values(a, b)
    finally:
        _statistics._BLOCK = kept
    x, y = a.astype(np.float64), b.astype(np.float64)
    error = np.abs(y - x)
    relative = np.where(x == 0, error > 0, error / np.where(x == 0, 1, np.abs(x)))
    scale = max(1.0, float(np.abs(x).max()), float(np.abs(y).max()))
    assert found.points == a.size
    assert found.different == found.beyond == np.count_nonzero(a != b)
    assert found.abs_max == error.max()
    assert found.abs_mean == pytest.approx(error.mean(), rel=1e-9)
    assert found.rel_max == pytest.approx(relative.max(), rel=1e-12)
    assert found.rel_mean == pytest.approx(relative.mean(), rel=1e-9)
    assert found.mean_a == pytest.approx(x.mean(), abs=1e-9 * scale)
    assert found.bias == pytest.approx((y - x).mean(), abs=1e-9 * scale)
    assert found.var_a == pytest.approx(x.var(), abs=1e-9 * scale**2)
    assert found.var_b == pytest.approx(y.var(), abs=1e-9 * scale**2)
    if min(x.std(), y.std()) > 1e-3 * scale:
        assert found.corr == pytest.approx(np.corrcoef(x.ravel(), y.ravel())[0, 1], abs=1e-9)
        assert found.corr is not None
        assert found.one_minus_corr == pytest.approx(1 - found.corr, abs=1e-12)


def test_a_correlation_that_is_almost_one_keeps_its_distance() -> None:
    x = np.linspace(0, 1, 10_001).reshape(1, -1) + 1000
    wave = 1e-9 * np.sin(np.arange(x.size) * 2.0).reshape(1, -1)
    found = compare.values(x, x + wave)
    # 1 - r = var(wave) / (2 var(x)), to first order: 6e-18, far below the last bit of r
    expected = ((x + wave) - x).var() / (2 * x.var())
    assert found.corr == 1.0
    assert found.one_minus_corr == pytest.approx(expected, rel=1e-3)


def test_the_place_is_of_the_first_largest_error_in_storage_order() -> None:
    a = np.zeros((4, 3, 2), order="F")
    b = a.copy(order="F")
    b[1, 2, 0] = b[3, 0, 1] = -5
    assert compare.values(a, b).max_at == (2, 3, 1)
    assert compare.values(a, a).max_at is None


def test_the_relative_error_of_zero_is_one() -> None:
    found = compare.values(np.array([[0.0, 0.0, 4.0]]), np.array([[0.0, 1e-30, 5.0]]))
    assert found.rel_max == 1.0
    assert found.rel_mean == pytest.approx(1.25 / 3)


@pytest.mark.parametrize(
    ("tolerance", "beyond"),
    [((0, 0), 2), ((0.5, 0), 1), ((2, 0), 0), ((0, 0.01), 1), ((0, 0.5), 0), ((0.4, 0.01), 1)],
)
def test_a_point_is_within_one_of_the_tolerances(
    tolerance: tuple[float, float], beyond: int
) -> None:
    a, b = np.array([[1.0, 200.0]]), np.array([[1.5, 202.0]])
    found = compare.values(a, b, tolerance=Tolerance(*tolerance))
    assert (found.different, found.beyond) == (2, beyond)


def test_missing_in_both_is_the_same_and_in_one_is_different() -> None:
    a = np.array([[1.0, np.nan, 3.0, np.nan, 5.0]])
    b = np.array([[1.0, np.nan, np.nan, 4.0, 5.5]])
    found = compare.values(a, b, tolerance=Tolerance(10, 10))
    assert (found.different, found.beyond, found.one_sided) == (3, 2, 2)
    assert (found.abs_max, found.max_at, found.mean_a) == (0.5, (1, 5, 1), 3.0)


def test_masks_hold_whatever_stands_at_missing_points() -> None:
    a, b = np.array([[1, 2, 9, 255]], np.uint8), np.array([[1, 3, 7, 255]], np.uint8)
    mask_a, mask_b = np.array([[0, 0, 1, 1]], bool), np.array([[0, 1, 1, 0]], bool)
    found = compare.values(a, b, mask_a, mask_b)
    assert (found.different, found.one_sided, found.abs_max) == (2, 2, 0)
    assert compare.values(a, b, mask_a, None).one_sided == 2


def test_infinities_are_the_same_or_beyond_any_tolerance() -> None:
    inf = np.inf
    a, b = np.array([[inf, -inf, inf, 1.0, 2.0]]), np.array([[inf, -inf, -inf, inf, 2.0]])
    found = compare.values(a, b, tolerance=Tolerance(inf, inf))
    assert (found.different, found.beyond, found.one_sided) == (2, 2, 0)
    assert (found.abs_max, found.mean_a) == (0.0, 2.0)


def test_without_a_common_value_there_is_nothing_to_measure() -> None:
    found = compare.values(np.array([[np.nan]]), np.array([[1.0]]))
    assert found == compare.Statistics(1, 1, 1, 1)


@pytest.mark.parametrize(
    ("a", "b", "error"),
    [
        (np.array([[2**53]], np.int64), np.array([[2**53 + 1]], np.int64), 1.0),
        (np.array([[2**64 - 1]], np.uint64), np.array([[-(2**63)]], np.int64), 1.5 * 2.0**64),
        (np.array([[2**64 - 1]], np.uint64), np.array([[2**64 - 2]], np.uint64), 1.0),
        (np.array([[2**31 - 1]], np.int32), np.array([[-(2**31)]], np.int32), 2.0**32 - 1),
        (np.array([[200]], np.uint8), np.array([[-56]], np.int8), 256.0),
    ],
)
def test_integers_are_compared_exactly(
    a: npt.NDArray[Any], b: npt.NDArray[Any], error: float
) -> None:
    found = compare.values(a, b)
    assert (found.different, found.abs_max) == (1, error)
    assert compare.values(a, a).different == 0


def test_of_complex_values_the_modulus_of_the_error_counts() -> None:
    a = np.array([[1 + 0j, 2j, 3.0]], np.complex64)
    found = compare.values(a, a + np.array([[0, 3 + 4j, 0]], np.complex64))
    assert (found.different, found.abs_max, found.max_at) == (1, 5.0, (1, 2, 1))
    assert found.rel_max == 2.5
    assert found.bias == pytest.approx(5 / 3)
    turned = compare.values(a, a * np.complex64(1j))
    assert turned.corr == pytest.approx(0, abs=1e-6)
    assert turned.var_a == pytest.approx(turned.var_b)


def test_constant_fields_correlate_only_when_they_are_the_same() -> None:
    a = np.full((300, 300), 0.1, np.float32)
    assert compare.values(a, a).corr == 1.0
    found = compare.values(a, a + np.float32(1))
    assert (found.corr, found.var_a, found.var_b) == (None, 0.0, 0.0)


def test_a_small_spread_on_a_large_mean_is_not_lost() -> None:
    a = np.random.default_rng(3).normal(1e8, 1e-3, (200, 100))
    assert compare.values(a, a).var_a == pytest.approx(a.var(), rel=1e-9)


# ------------------------------------------------------------------------------ records


def test_the_same_record_is_equal(tmp_path: Path) -> None:
    rec = record.make(RAMP)
    found = both(tmp_path, rec, rec)
    assert (found.verdict, found.reason) == ("equal", None)
    assert found.statistics is not None
    assert found.statistics.corr == 1.0
    assert both(tmp_path, rec, rec, always=False).statistics is None


def test_zeros_of_either_sign_are_equal(tmp_path: Path) -> None:
    zero = np.zeros((2, 2), np.float32)
    assert both(tmp_path, record.make(zero), record.make(-zero), always=False).verdict == "equal"


def test_differing_sizes_are_told(tmp_path: Path) -> None:
    found = both(tmp_path, record.make(RAMP), record.make(RAMP[:, :2]))
    assert found == ("different", "size 4x3x1 / 4x2x1", Tolerance(), None)


def test_text_beside_numbers_is_different(tmp_path: Path) -> None:
    text = np.frombuffer(b"twelve chars", np.uint8).reshape(4, 3)
    found = both(tmp_path, record.make(RAMP), record.make(text, 7, 8))
    assert (found.verdict, found.reason, found.statistics) == ("different", "type 5 / 7", None)
    other = np.frombuffer(b"twelve charm", np.uint8).reshape(4, 3)
    found = both(tmp_path, record.make(text, 7, 8), record.make(other, 7, 8), atol=1e9)
    assert found.verdict == "different"
    assert found.statistics == compare.Statistics(12, 1, 1, 0, max_at=(4, 3, 1))


def test_integers_and_reals_are_both_numbers(tmp_path: Path) -> None:
    whole = record.make(RAMP.astype(np.int32), 4, 32)
    assert both(tmp_path, record.make(RAMP), whole).verdict == "equal"


def test_another_grid_is_a_difference_unless_it_is_ignored(tmp_path: Path) -> None:
    a, b = record.make(RAMP, grtyp="Z", ig1=1), record.make(RAMP, grtyp="Z", ig1=2)
    found = both(tmp_path, a, b)
    assert (found.verdict, found.reason) == ("different", "grid Z 1 0 0 0 / Z 2 0 0 0")
    assert both(tmp_path, a, b, same_grid=False).verdict == "equal"


def test_missing_values_of_records_are_compared() -> None:
    with fst24.open(golden("codec/rsf-real-r-turbo-missing.fst")) as f:
        for rec in f:
            again = fst24.decode_record(rec.stored())
            assert compare.records(rec, again).verdict == "equal"
            assert compare.records(rec, again).statistics == compare.values(
                rec.data, again.data, rec.mask, again.mask
            )


def test_every_data_type_is_equal_to_itself() -> None:
    for path in sorted(golden("codec").glob("*.fst")):
        with fst24.open(path) as f:
            for rec in f[::7]:
                assert compare.records(rec, rec, packing=1).verdict == "equal", (path, rec)


# ------------------------------------------------------------------------------ packing

FIELD = np.asfortranarray(
    (np.random.default_rng(1).normal(0, 30, (40, 30)) + 250).astype(np.float32)
)


@pytest.mark.parametrize(
    ("datyp", "nbits"),
    [(1, 16), (1, 12), (1, 17), (129, 16), (6, 16), (134, 16), (134, 10), (6, 12)],
)
@pytest.mark.parametrize("offset", [0.0, 1e4, -273.15])
def test_packing_explains_what_it_changes_and_no_more(
    tmp_path: Path, datyp: int, nbits: int, offset: float
) -> None:
    values = FIELD + np.float32(offset)
    full, packed = record.make(values), record.make(values, datyp, nbits)
    found = both(tmp_path, full, packed, packing=1)
    assert found.verdict == "within"
    assert found.statistics is not None
    assert found.statistics.abs_max is not None
    # of the right size, too: not more than a few times the error that there is
    assert found.tolerance.absolute < 4.5 * found.statistics.abs_max
    spoiled = values.copy(order="F")
    spoiled[3, 4] += 2.5 * found.tolerance.absolute
    assert both(tmp_path, packed, record.make(spoiled), packing=1).verdict == "different"


def test_the_coarser_packing_counts(tmp_path: Path) -> None:
    fine, coarse = record.make(FIELD, 1, 16), record.make(FIELD, 1, 8)
    there, back = both(tmp_path, fine, coarse, packing=1), both(tmp_path, coarse, fine, packing=1)
    assert there.verdict == back.verdict == "within"
    assert there.tolerance == back.tolerance
    assert both(tmp_path, fine, coarse, packing=0.01).verdict == "different"


def test_reals_with_fewer_bits_are_tolerated_relatively(tmp_path: Path) -> None:
    found = both(tmp_path, record.make(FIELD), record.make(FIELD, 5, 16), packing=1)
    assert (found.verdict, found.tolerance) == ("within", (0.0, 2.0**-7))
    rounded = both(tmp_path, record.make(FIELD.astype(float) + 1e-9, 5, 64), record.make(FIELD))
    assert rounded.verdict == "different"
    found = both(
        tmp_path, record.make(FIELD.astype(float) + 1e-9, 5, 64), record.make(FIELD), packing=1
    )
    assert (found.verdict, found.tolerance.relative) == ("within", 2.0**-24)


def test_nothing_is_tolerated_between_types_that_keep_all_bits(tmp_path: Path) -> None:
    a, b = RAMP.astype(np.int32), RAMP.astype(np.int32)
    b[0, 0] += 1
    assert both(tmp_path, record.make(a, 4, 32), record.make(b, 4, 32), packing=9).verdict == (
        "different"
    )
    ulp = np.nextafter(RAMP, np.float32(99))
    assert both(tmp_path, record.make(RAMP), record.make(ulp), packing=9).verdict == "different"


# ------------------------------------------------------------------------------ matching


def matched(tmp_path: Path, a: list[record.Record], b: list[record.Record], **options: Any) -> Any:
    with (
        fst24.open(written(tmp_path / "a.fst", *a)) as f,
        fst24.open(written(tmp_path / "b.fst", *b)) as g,
    ):
        return compare.match(f, g, **options)


def test_records_are_matched_whatever_their_order(tmp_path: Path) -> None:
    one, two, three = (record.make(RAMP, nomvar=n) for n in ("TT", "UU", "VV"))
    assert matched(tmp_path, [one, two], [three, two, one]) == ([(0, 2), (1, 1)], [], [0])


@pytest.mark.parametrize("key", compare.KEYS)
def test_every_key_counts_until_it_is_left_out(tmp_path: Path, key: str) -> None:
    other: dict[str, Any] = {"nomvar": "UU", "typvar": "A", "etiket": "OTHER", "datev": 497283010}
    a, b = record.make(RAMP), record.make(RAMP, **{key: other.get(key, 7)})
    assert matched(tmp_path, [a], [b]) == ([], [0], [0])
    rest = [name for name in compare.KEYS if name != key]
    assert matched(tmp_path, [a], [b], keys=rest) == ([(0, 0)], [], [])


def test_levels_and_dates_match_in_every_encoding(tmp_path: Path) -> None:
    old, new = record.make(RAMP, ip1=850), record.make(RAMP, ip1=41744464)
    assert matched(tmp_path, [old], [new]).pairs == [(0, 0)]
    same = fst24.date.encode("1985-06-01T00:00")  # old style; now the same instant in the new one
    hours = int((np.datetime64("1985-06-01T00") - np.datetime64("1980-01-01T00")).astype(int))
    steps = hours * 720
    newer = 123200000 + steps // 8 * 10 + steps % 8
    a, b = record.make(RAMP, datev=same), record.make(RAMP, datev=newer)
    assert same != newer
    assert matched(tmp_path, [a], [b]).pairs == [(0, 0)]


def test_tags_of_descriptors_have_to_be_equal(tmp_path: Path) -> None:
    a, b = record.make(RAMP, nomvar=">>", ip1=850), record.make(RAMP, nomvar=">>", ip1=41744464)
    assert matched(tmp_path, [a], [b]).pairs == []


def test_codes_and_stamps_without_meaning_match_themselves(tmp_path: Path) -> None:
    odd = [record.make(RAMP, ip1=34517, datev=0), record.make(RAMP, ip1=34518, datev=10101011)]
    assert matched(tmp_path, odd, odd[::-1]).pairs == [(0, 1), (1, 0)]


def test_records_of_the_same_keys_are_paired_by_grid_then_in_order(tmp_path: Path) -> None:
    yin, yang, other = (record.make(RAMP, grtyp="Z", ig1=tag) for tag in (1, 2, 3))
    assert matched(tmp_path, [yin, yang], [yang, yin]).pairs == [(0, 1), (1, 0)]
    assert matched(tmp_path, [yin, yin, yang], [yin, yin]) == ([(0, 0), (1, 1)], [2], [])
    assert matched(tmp_path, [yin, yang], [other, yang, other]) == ([(0, 0), (1, 1)], [], [2])


def test_a_key_that_is_no_field_is_refused(gem: Path) -> None:
    with fst24.open(gem) as f, pytest.raises(fst24.InvalidArgumentError, match="colour"):
        compare.match(f, f, keys=["colour"])


def test_sets_of_records_are_matched_too(gem: Path) -> None:
    with fst24.open(gem) as f:
        some = fst24.Fst24DataInterface(f[10:20])
        assert compare.match(some, f).pairs == [(i, i + 10) for i in range(10)]
        assert compare.match(f, f, keys=[]).pairs == [(i, i) for i in range(len(f))]
