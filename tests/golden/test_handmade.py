"""Files that no writer of today makes, by hand from the pages: old, odd, damaged, unclosed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

import fst24
from tests.support.fstmake import codec, faults, missing, quantised, record, rsf, sample, tiles, xdf
from tests.support.fstmake.faults import N_RECORDS, TARGET, Fault, Outcome
from tests.support.reading import Seen, read_all

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ALL_IP1 = list(range(1, N_RECORDS + 1))
BACKENDS = ("XDF", "RSF")


def smooth(ni: int, nj: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    i, j = np.arange(ni)[:, None], np.arange(nj)[None, :]
    wave = 273 + 20 * np.sin(i / 9) * np.cos(j / 7) + ((i * 7919 + j * 104729) % 97) / 1000
    return np.asfortranarray(wave, np.float32)


def image(backend: str, records: list[record.Record]) -> bytes:
    return xdf.image(records) if backend == "XDF" else rsf.image([records])


def assert_right(seen: Seen, ip1: list[int]) -> None:
    """The records ``ip1`` of the six are listed, in order, and hold what was written."""
    assert seen.ip1 == ip1
    for number, values in zip(seen.ip1, seen.values, strict=True):
        assert not isinstance(values, fst24.Fst24Error), f"record of ip1 {number}: {values}"
        assert np.array_equal(values, faults.values(number - 1))


# ------------------------------------------------------------------------------------- one fault


def each(backend: str) -> pytest.MarkDecorator:
    rows = faults.xdf_faults() if backend == "XDF" else faults.rsf_faults()
    return pytest.mark.parametrize("fault", rows, ids=[row.name for row in rows])


def check_fault(backend: str, fault: Fault) -> None:
    file = faults.damaged(backend, fault)
    if fault.outcome is Outcome.REFUSED:
        with pytest.raises(fst24.Fst24Error):
            read_all(file)
        return
    seen = read_all(file)
    if fault.outcome is Outcome.BAD:
        assert seen.ip1[:TARGET] + seen.ip1[TARGET + 1 :] == [1, *ALL_IP1[2:]]
        assert isinstance(seen.values[TARGET], fst24.Fst24Error)
        assert sorted(seen.read) == [1, *ALL_IP1[2:]]
    elif fault.outcome is Outcome.SKIPPED:
        assert_right(seen, ALL_IP1[:TARGET] + ALL_IP1[TARGET + 1 :])
    elif fault.outcome is Outcome.FLAGGED:
        assert seen.ip1 == ALL_IP1
        assert {1, *ALL_IP1[2:]} <= set(seen.read)
        assert seen.warnings
    elif fault.outcome is Outcome.SOME:
        assert set(ALL_IP1[:3]) <= set(seen.read) <= set(ALL_IP1)
        assert seen.warnings
    else:
        assert_right(seen, ALL_IP1)
    if fault.outcome is Outcome.WARNED:
        assert seen.warnings
    for number, values in seen.read.items():
        assert np.array_equal(values, faults.values(number - 1))


@each("XDF")
def test_a_wrong_field_of_an_xdf_file_costs_no_more_than_it_must(fault: Fault) -> None:
    check_fault("XDF", fault)


@each("RSF")
def test_a_wrong_field_of_an_rsf_file_costs_no_more_than_it_must(fault: Fault) -> None:
    check_fault("RSF", fault)


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_files_that_faults_are_made_in_are_valid(backend: str) -> None:
    seen = read_all(bytes(faults.valid(backend)))
    assert_right(seen, ALL_IP1)
    assert seen.warnings == []


# ---------------------------------------------------------------------------------- dead writers


def test_an_xdf_file_whose_writer_died_creating_it_gives_all_its_records() -> None:
    seen = read_all(faults.xdf_killed_while_creating())
    assert_right(seen, ALL_IP1)
    assert seen.warnings


def test_an_xdf_file_whose_writer_died_appending_gives_old_and_new_records() -> None:
    seen = read_all(faults.xdf_killed_while_appending())
    assert_right(seen, ALL_IP1)
    assert seen.warnings


@pytest.mark.parametrize("maker", [faults.xdf_killed_after_flush, faults.xdf_grown_by_zeros])
def test_an_xdf_file_still_open_for_writing_is_read_with_a_warning(
    maker: Callable[[], bytes],
) -> None:
    seen = read_all(maker())
    assert_right(seen, ALL_IP1)
    assert seen.warnings


@pytest.mark.parametrize("n_closed", [0, 3, 5])
def test_an_rsf_file_whose_writer_died_gives_all_whole_records(n_closed: int) -> None:
    seen = read_all(faults.rsf_killed(n_closed))
    assert_right(seen, ALL_IP1)
    assert seen.warnings


def test_a_record_cut_in_half_is_the_only_one_lost() -> None:
    seen = read_all(faults.rsf_killed_in_a_record())
    assert_right(seen, ALL_IP1[:-1])
    assert seen.warnings


def test_a_dead_parallel_writer_hides_nobody_elses_records() -> None:
    seen = read_all(faults.rsf_parallel_killed())
    assert set(ALL_IP1[3:]) <= set(seen.read)
    assert_right(seen, ALL_IP1)
    assert seen.warnings


def test_a_segment_reserved_and_still_empty_has_no_records() -> None:
    assert_right(read_all(faults.rsf_parallel_at_work()), ALL_IP1)


# ----------------------------------------------------------------------------------- containers


@pytest.mark.parametrize("end_mark", [True, False])
def test_a_sequential_xdf_file_is_listed_and_read(end_mark: bool) -> None:
    seen = read_all(xdf.sequential(faults.records("XDF"), end_mark=end_mark))
    assert_right(seen, ALL_IP1)
    assert bool(seen.warnings) is not end_mark


def test_deleted_records_of_a_sequential_file_are_passed_over() -> None:
    file = xdf.sequential(faults.records("XDF"), deleted=[0, 3])
    assert_right(read_all(file), [2, 3, 5, 6])


def test_a_file_signed_sequential_that_has_pages_is_a_random_file() -> None:
    assert_right(read_all(xdf.image(faults.records("XDF"), signature="STDS")), ALL_IP1)


@pytest.mark.parametrize("n", [0, 1, 255, 256, 257, 512, 513])
def test_pages_are_followed_to_the_last(n: int) -> None:
    records = [record.make(np.full((2, 2), k, np.float32), ip1=k) for k in range(n)]
    with fst24.open(xdf.image(records)) as f:
        assert [r.ip1 for r in f] == list(range(n))
        assert [r.file_index for r in f] == list(range(n))
        assert [float(r.data[0, 0]) for r in f] == list(range(n))


@pytest.mark.parametrize("backend", BACKENDS)
def test_deleted_records_keep_their_number(backend: str) -> None:
    six = faults.records(backend)
    gone = frozenset({0, 4})
    if backend == "XDF":
        file = xdf.image(six, deleted=gone)
    else:
        file = rsf.image([rsf.Segment(six, deleted=gone)])
    with fst24.open(file) as f:
        assert [(r.index, r.file_index, r.ip1) for r in f] == [
            (0, 1, 2),
            (1, 2, 3),
            (2, 3, 4),
            (3, 5, 6),
        ]


@pytest.mark.parametrize("absolute", [True, False])
def test_offsets_of_deleted_entries_mean_nothing(absolute: bool) -> None:
    six = faults.records("RSF")
    first = rsf.Segment(six[:3], deleted=frozenset({1}), absolute=absolute)
    second = rsf.Segment(six[3:], deleted=frozenset({0, 2}), absolute=absolute)
    seen = read_all(rsf.image([first, second]))
    assert_right(seen, [1, 3, 5])
    assert seen.warnings == []


def test_many_sessions_are_read_in_their_order() -> None:
    records = [record.make(np.full((2, 2), k, np.float32), backend="RSF", ip1=k) for k in range(50)]
    with fst24.open(rsf.image([[r] for r in records])) as f:
        assert [r.ip1 for r in f] == list(range(50))
        assert [float(r.data[1, 1]) for r in f] == list(range(50))


def test_files_put_one_behind_the_other_are_one_file() -> None:
    six = faults.records("RSF")
    seen = read_all(rsf.image([six[:2]]) + rsf.image([six[2:3], six[3:]]))
    assert_right(seen, ALL_IP1)
    assert seen.warnings == []


def test_sparse_segments_of_parallel_writers_are_read() -> None:
    six = faults.records("RSF")
    parts = [rsf.Segment(six[:2], n_bytes=1 << 20), rsf.Segment(six[2:], n_bytes=1 << 14)]
    assert_right(read_all(rsf.image(parts)), ALL_IP1)


def test_records_of_version_0_are_read_with_their_json() -> None:
    six = [r.but(json=f'{{"k": {k}}}') for k, r in enumerate(faults.records("RSF"))]
    file = rsf.image([rsf.Segment(six[:3], version=0), rsf.Segment(six[3:])])
    assert_right(read_all(file), ALL_IP1)
    with fst24.open(file) as f:
        assert [r.metadata for r in f] == [{"k": k} for k in range(6)]


@pytest.mark.parametrize("text", ["{}", '{"a": "é☃"}', json.dumps({"long": "x" * 200_000})])
def test_extended_metadata_come_back_as_written(text: str) -> None:
    one = faults.records("RSF")[0].but(json=text)
    plain = faults.records("RSF")[1]
    with fst24.open(rsf.image([[one, plain]])) as f:
        assert f[0].metadata == json.loads(text)
        assert not f[1].metadata


def test_an_embedded_file_is_not_listed_and_hides_nothing() -> None:
    six = faults.records("RSF")
    embedded = rsf.embedded_file("namelist", b"&gem_cfgs /\n")
    segment = rsf.Segment([*six[:2], embedded, *six[2:]])
    file = rsf.image([segment])
    assert_right(read_all(file), ALL_IP1)
    with fst24.open(file) as f:
        assert [r.file_index for r in f] == [0, 1, 3, 4, 5, 6]


def test_a_hole_between_records_is_passed_over() -> None:
    six = faults.records("RSF")
    assert_right(read_all(rsf.image([rsf.Segment([*six[:2], rsf.hole(30), *six[2:]])])), ALL_IP1)


def test_a_hole_in_an_open_segment_is_walked_over() -> None:
    six = faults.records("RSF")
    open_one = rsf.Segment([*six[:2], rsf.hole(30), *six[2:]], is_open=True)
    assert_right(read_all(rsf.image([open_one], writers=rsf.EXCLUSIVE)), ALL_IP1)


def test_files_of_both_containers_are_linked(tmp_path: Path) -> None:
    six_x, six_r = faults.records("XDF"), faults.records("RSF")
    paths = [tmp_path / "a.fst", tmp_path / "b.fst"]
    paths[0].write_bytes(xdf.image(six_x[:4]))
    paths[1].write_bytes(rsf.image([six_r[4:]]))
    with fst24.open([str(p) for p in paths]) as f:
        assert f.backend == "mixed"
        assert [r.ip1 for r in f] == ALL_IP1
        for r in f:
            assert np.array_equal(r.data, faults.values(r.ip1 - 1))


# ---------------------------------------------------------------------------------------- codecs


def old_stream(
    field: np.ndarray[tuple[int, int], np.dtype[np.float32]], base: int, nbits: int
) -> tuple[record.Record, np.ndarray[tuple[int, ...], np.dtype[np.generic]]]:
    """A record in the SAMPLE stream of old files, and the values that it holds."""
    ni, nj = field.shape
    values = codec.flat(field)
    if base == 2:
        tokens = np.round((values - values.min()) * 100).astype(np.int64) & ((1 << nbits) - 1)
        header, expected = np.zeros(0, np.uint32), tokens.astype(np.uint32)
    else:
        form = quantised.linear(values, nbits, "B") if base == 1 else quantised.block(values, nbits)
        header, tokens = form
        back = quantised.linear_values if base == 1 else quantised.block_values
        expected = back(header, tokens)
    words = codec.wrap(base, header, sample.encode(tokens.reshape(nj, ni), nbits))
    one = record.Record(
        ni=ni, nj=nj, datyp=base | codec.TURBO, nbits=nbits, words=words, n_words=int(words[0])
    )
    return one, expected.reshape(ni, nj, order="F")


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("shape", [(94, 94), (95, 96), (111, 100), (100, 111), (333, 222)])
@pytest.mark.parametrize(("base", "nbits"), [(6, 12), (6, 16), (1, 16), (2, 12)])
def test_streams_of_the_years_before_2006_are_decoded(
    backend: str, shape: tuple[int, int], base: int, nbits: int
) -> None:
    one, expected = old_stream(smooth(*shape), base, nbits)
    with fst24.open(image(backend, [one])) as f:
        assert np.array_equal(f[0].data, expected)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("step", range(1, 8))
@pytest.mark.parametrize("predictor", ["minimum", "parallelogram"])
def test_tiles_of_any_step_are_decoded(backend: str, step: int, predictor: str) -> None:
    field = smooth(37, 29)
    header, tokens = quantised.block(codec.flat(field), 12)
    encode = tiles.encode_minimum if predictor == "minimum" else tiles.encode_parallelogram
    words = codec.wrap(6, header, encode(tokens.reshape(29, 37), 12, step))
    one = record.Record(ni=37, nj=29, datyp=134, nbits=12, words=words, n_words=int(words[0]))
    with fst24.open(image(backend, [one])) as f:
        expected = quantised.block_values(header, tokens).reshape(37, 29, order="F")
        assert np.array_equal(f[0].data, expected)


@pytest.mark.parametrize("nbits", range(1, 33))
@pytest.mark.parametrize("backend", BACKENDS)
def test_type_1_is_decoded_at_every_width(backend: str, nbits: int) -> None:
    values = codec.flat(smooth(19, 11))
    words = quantised.linear_payload(values, nbits)
    one = record.Record(ni=19, nj=11, datyp=1, nbits=nbits, words=words)
    with fst24.open(image(backend, [one])) as f:
        expected = quantised.linear_decode(words, 19 * 11).reshape(19, 11, order="F")
        assert np.array_equal(f[0].data, expected)


@pytest.mark.parametrize("nbits", range(1, 16))
def test_129_below_16_bits_gives_the_true_values(nbits: int) -> None:
    field = smooth(64, 48)
    one = record.make(field, 129, nbits, backend="XDF")
    assert one.datyp == 129
    header, tokens = quantised.linear(codec.flat(field), nbits, "B")
    with fst24.open(xdf.image([one])) as f:
        expected = quantised.linear_values(header, tokens).reshape(64, 48, order="F")
        assert np.array_equal(f[0].data, expected)


def test_16_bit_values_from_32_bit_elements_are_not_sign_extended() -> None:
    field = np.asfortranarray((np.arange(40 * 30) % 977 + 60_000).reshape(40, 30), np.uint32)
    one = record.make(field, 130, 16)
    assert one.datyp == 130
    with fst24.open(xdf.image([one])) as f:
        assert f[0].data.dtype == np.uint32
        assert np.array_equal(f[0].data, field)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_refused_130_one_word_late_is_recovered(backend: str) -> None:
    # What the reference writes then: type 2 with its tokens from word 1 on (defect D5).
    field = np.asfortranarray((np.arange(13 * 11) * 7919 % 4096).reshape(13, 11), np.uint32)
    n = field.size
    late = np.concatenate(
        [np.zeros(1, np.uint32), codec.integer_words(codec.flat(field), 12, offset=False)]
    )
    size = codec.n_payload_words(2, n, 12, refused=True)
    assert size != codec.n_payload_words(2, n, 12)
    one = record.Record(ni=13, nj=11, datyp=2, nbits=12, dasiz=32, words=late, n_words=size)
    with fst24.open(image(backend, [one])) as f:
        assert np.array_equal(f[0].data, field)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("datyp", "nbits"), [(65, 12), (69, 32), (70, 16), (193, 16), (198, 16), (197, 32)]
)
def test_missing_points_become_nan(backend: str, datyp: int, nbits: int) -> None:
    field = smooth(50, 40)
    holes = np.zeros(field.shape, bool)
    holes[10:20, 5:30] = True
    given = np.where(holes, np.float32(missing.SPECIAL["float32"]), field)
    one = record.make(np.asfortranarray(given), datyp, nbits, backend="XDF")
    assert one.datyp & 64
    with fst24.open(image(backend, [one])) as f:
        assert np.array_equal(np.isnan(f[0].data), holes)
        mask = f[0].mask
        assert mask is not None
        assert np.array_equal(mask, holes)
    with fst24.open(image(backend, [one]), missing="reference") as f:
        assert np.all(f[0].data[holes] == np.float32(-1e38))


@pytest.mark.parametrize("backend", BACKENDS)
def test_payloads_without_slack_are_enough(backend: str) -> None:
    field = smooth(17, 13)
    records = [
        record.make(field, d, b, ip1=k).but(n_words=None)
        for k, (d, b) in enumerate(
            [(1, 12), (1, 16), (5, 32), (5, 17), (6, 16), (134, 16), (133, 32)]
        )
    ]
    with fst24.open(image(backend, records)) as f:
        for r, made in zip(f, records, strict=True):
            done = codec.Stored(made.words, made.datyp, made.nbits, made.dasiz, 0)
            assert np.array_equal(r.data, codec.decode(done, (17, 13, 1))[:, :, 0])


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("datyp", "nbits"),
    [(0, 32), (1, 16), (2, 12), (3, 8), (4, 20), (5, 32), (5, 20), (6, 12), (7, 8), (8, 32)],
)
def test_a_payload_one_unit_short_is_an_error_of_its_record(
    backend: str, datyp: int, nbits: int
) -> None:
    field: codec.Array = smooth(17, 13)
    if datyp in {0, 2, 4}:
        field = (field * 10).astype(np.int32 if datyp == 4 else np.uint32)
    elif datyp in {3, 7}:
        field = field.astype(np.uint8)
    elif datyp == 8:
        field = field.astype(np.complex64)
    whole = record.make(field, datyp, nbits, backend="XDF" if backend == "XDF" else "RSF")
    short = whole.but(words=whole.words[: (len(whole.words) - 1) // 2 * 2 - 2], n_words=None)
    with fst24.open(image(backend, [short, whole.but(ip1=7)])) as f:
        with pytest.raises(fst24.Fst24Error):
            _ = f[0].data
        assert f[1].ip1 == 7
        assert f[1].data.shape == (17, 13)


def test_levels_that_a_compressed_3d_record_lost_are_missing_not_invented() -> None:
    # What librmn 19.5 wrote: a turbo type that covers the first level alone (defect D3).
    field = smooth(40, 30)
    one = record.make(field, 134, 16)
    with fst24.open(xdf.image([one, one.but(nk=3)])) as f:
        with pytest.warns(fst24.Fst24Warning, match="1 of 3 levels"):
            values = f[1].data
        assert values.shape == (40, 30, 3)
        assert np.array_equal(values[:, :, 0], f[0].data)
        assert np.isnan(values[:, :, 1:]).all()
