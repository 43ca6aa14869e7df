"""From a file to a Dataset and back: the same records."""

from __future__ import annotations

import warnings
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import xarray as xr

import fst24
from fst24.xarray import to_xarray
from fst24.xarray._to_fst import to_fst
from tests.conftest import golden
from tests.support import cf
from tests.support.records import DATEO, hpa, make_file
from tests.support.same import KEYS, PACKING, records
from tests.support.trees import needs_trees

if TYPE_CHECKING:
    from pathlib import Path

MODEL = [
    *(f"model/gem-2024051712_00{hour}.fst" for hour in (0, 3, 6)),
    *(f"model/press-2024051712_00{hour}.fst" for hour in (0, 3)),
    *(f"model/yy-2024051712_00{hour}.fst" for hour in (0, 3)),
    *(f"model/ens-2024051712_003_00{member}.fst" for member in (1, 2, 3)),
]
HOURS = np.timedelta64(1, "h")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new.fst"


def back(ds: xr.Dataset, path: Path, **options: Any) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        to_fst(ds, path, **options)
    return path


@pytest.mark.parametrize("name", MODEL)
def test_what_is_not_changed_is_copied_as_it_is_stored(name: str, path: Path) -> None:
    with fst24.open(golden(name)) as f:
        back(to_xarray(f), path)
    assert records(path, *PACKING) == records(golden(name), *PACKING)


@pytest.mark.parametrize("name", MODEL)
def test_values_in_memory_come_back_bit_for_bit(name: str, path: Path) -> None:
    with fst24.open(golden(name)) as f:
        ds = to_xarray(f).load()
    back(ds, path)
    assert records(path) == records(golden(name))
    with fst24.open(golden(name)) as old, fst24.open(path) as new:
        for record in old:
            if record.datyp & 63 in (5, 6) and not fst24.is_descriptor(record.nomvar):
                one = new.find(**{k: getattr(record, k) for k in ("nomvar", "ip1", "ip2", "ip3")})
                assert one is not None
                assert (one.datyp, one.nbits) == (record.datyp, record.nbits)


@pytest.mark.parametrize("options", [{"forecast_axis": True}, {"rlon": "file"}, {"diag": "split"}])
def test_options_of_reading_do_not_matter(options: dict[str, Any], path: Path) -> None:
    name = "model/gem-2024051712_006.fst"
    with fst24.open(golden(name)) as f:
        ds = to_xarray(f, **options)
        back(ds, path)
        assert records(path, *PACKING) == records(golden(name), *PACKING)
        back(ds.load(), path)
    assert records(path) == records(golden(name))


def test_panels_one_below_the_other_come_back(path: Path) -> None:
    name = "model/yy-2024051712_003.fst"
    with fst24.open(golden(name)) as f:
        ds = to_xarray(f, subgrid="stack")
        back(ds, path)
        assert records(path) == records(golden(name))
        back(ds.load(), path)
    assert records(path) == records(golden(name))


def test_chunks_of_dask_come_back(path: Path) -> None:
    name = "model/gem-2024051712_006.fst"
    with fst24.open(golden(name)) as f:
        back(to_xarray(f, chunks={}), path)
    assert records(path) == records(golden(name))


def test_several_hours_are_one_dataset_and_as_many_records(path: Path) -> None:
    names = [f"model/gem-2024051712_00{hour}.fst" for hour in (0, 3, 6)]
    wanted: Counter[tuple[Any, ...]] = Counter()
    for name in names:
        wanted |= records(golden(name))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", fst24.Fst24Warning)
        with fst24.open([golden(name) for name in names]) as f:
            ds = to_xarray(f)
            back(ds, path)
            found = records(path)
            to_fst(ds.load(), path)
    assert found == wanted
    assert records(path) == wanted


def test_members_of_an_ensemble_come_back(path: Path) -> None:
    names = [golden(f"model/ens-2024051712_003_00{member}.fst") for member in (1, 2, 3)]
    wanted: Counter[tuple[Any, ...]] = Counter()
    for name in names:
        wanted |= records(name)
    with fst24.open(names) as f:
        ds = to_xarray(f, ensemble=True)
        assert "ensemble" in ds.dims
        back(ds, path)
        found = records(path)
        with pytest.warns(fst24.Fst24Warning, match="ip3 of its records differ"):
            to_fst(ds.load(), path)
    assert found == wanted
    # ip3 numbers the members here, too, which only records know.
    at = KEYS.index("ip3")
    loaded = records(path)
    assert sum(loaded.values()) == sum(wanted.values())
    left = Counter(key[:at] + key[at + 1 :] for key in loaded if not fst24.is_descriptor(key[0]))
    assert left == Counter(
        key[:at] + key[at + 1 :] for key in wanted if not fst24.is_descriptor(key[0])
    )


@pytest.mark.parametrize("name", ["fields/xdf-mask.fst", "fields/rsf-missing-off.fst"])
def test_masks_and_missing_values_come_back(name: str, path: Path) -> None:
    with fst24.open(golden(name)) as f:
        back(to_xarray(f), path)
    assert records(path, *PACKING) == records(golden(name), *PACKING)


def test_masked_values_in_memory_come_back_with_their_masks(path: Path) -> None:
    name = "fields/xdf-mask.fst"
    with fst24.open(golden(name)) as f:
        ds = to_xarray(f).load()
    back(ds, path)
    with fst24.open(path) as f:
        again = to_xarray(f).load()
        assert Counter(r.typvar for r in f) == Counter(r.typvar for r in fst24.open(golden(name)))
    for variable in ds.data_vars:
        assert np.array_equal(ds[variable], again[variable], equal_nan=True)


@pytest.mark.parametrize("load", [False, True])
def test_every_grid_comes_back(load: bool, path: Path) -> None:
    name = golden("grids/xdf-grids.fst")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", fst24.Fst24Warning)
        with fst24.open(name) as f:
            ds = to_xarray(f)
            to_fst(ds.load() if load else ds, path)
    old, new = records(name), records(path)
    # Tiles come back as one tile that holds all of them.
    gone = {key[KEYS.index("grtyp")] for key in (old - new) if key[0] == "FLD"}
    assert gone == {"#"}
    assert sum((old - new).values()) == sum((new - old).values()) == 2


def test_every_kind_of_level_comes_back(path: Path) -> None:
    name = golden("vertical/xdf-vertical.fst")
    with fst24.open(name) as f:
        back(to_xarray(f), path)
        found = records(path)
        back(to_xarray(f, ensemble=False).load(), path)
    # One table is of pressures, which need none.
    for one in (found, records(path)):
        assert [key[0] for key in records(name) - one] == ["!!"]
        assert not one - records(name)


def test_tables_come_back_word_for_word(path: Path) -> None:
    name = golden("vertical/xdf-vertical.fst")
    with fst24.open(name) as f:
        back(to_xarray(f), path)
        with fst24.open(path) as new:
            tables = new.read_records(nomvar="!!")
            assert len(tables) >= 10
            for table in tables:
                (old,) = f.read_records(nomvar="!!", ip1=table.ip1, ip2=table.ip2)
                assert old.data.tobytes() == table.data.tobytes()


# ----------------------------------------------------------------------------- what was changed


def hours(path: Path, **fields: Any) -> Path:
    """TT at two hours and two levels."""
    return make_file(
        path,
        [
            {"hour": hour, "ip1": level, "datyp": 6, "nbits": 12, **fields}
            for hour in (0, 6)
            for level in (hpa(850), 500)
        ],
    )


def by_place(path: Path) -> dict[tuple[Any, ...], float]:
    with fst24.open(path) as f:
        return {(str(r.datev), r.npas, r.ip1): float(r.data[0, 0]) for r in f}


def test_a_part_is_the_records_of_that_part(tmp_path: Path, path: Path) -> None:
    with fst24.open(hours(tmp_path / "old.fst")) as f:
        ds = to_xarray(f)
        back(ds.isel(time=1, pres=slice(0, 1)), path)
        assert list(by_place(path)) == [(str(f[3].datev), 6, 500)]
        back(ds.isel(time=[1, 0]), path)
        with fst24.open(path) as new:
            assert [r.npas for r in new] == [6, 6, 0, 0]


@pytest.mark.parametrize("load", [False, True])
def test_other_times_move_the_records(load: bool, tmp_path: Path, path: Path) -> None:
    with fst24.open(hours(tmp_path / "old.fst")) as f:
        ds = to_xarray(f)
        moved = ds.assign_coords(time=ds["time"] + 24 * HOURS, reftime=ds["reftime"] + 24 * HOURS)
        back(moved.load() if load else moved, path)
    with fst24.open(path) as f:
        assert {r.dateo for r in f} == {fst24.date.add(DATEO, 24)}
        assert sorted({(r.npas, r.ip2) for r in f}) == [(0, 0), (6, 6)]
        assert sorted(float(r.data[0, 0]) for r in f) == [1, 2, 3, 4]


@pytest.mark.parametrize("load", [False, True])
def test_other_levels_are_coded_anew(load: bool, tmp_path: Path, path: Path) -> None:
    with fst24.open(hours(tmp_path / "old.fst")) as f:
        ds = to_xarray(f)
        moved = ds.assign_coords(pres=("pres", [400.0, 850.0], ds["pres"].attrs))
        back(moved.load() if load else moved, path)
    with fst24.open(path) as f:
        assert {r.ip1 for r in f} == {hpa(400), hpa(850)}


def test_other_values_are_written_without_loss(tmp_path: Path, path: Path) -> None:
    with fst24.open(hours(tmp_path / "old.fst")) as f:
        ds = to_xarray(f)
        ds["TT"] = ds["TT"] + np.float32(0.1)
        back(ds, path)
    with fst24.open(path) as f:
        assert {(r.nomvar, r.datyp & 63) for r in f} <= {("TT", 5), ("TT", 6)}
        assert sorted(float(r.data[0, 0]) for r in f) == pytest.approx([1.1, 2.1, 3.1, 4.1])


def test_bits_can_be_asked_for_records_that_would_be_copied(tmp_path: Path, path: Path) -> None:
    with fst24.open(hours(tmp_path / "old.fst")) as f:
        ds = to_xarray(f)
        back(ds, path, nbits=16)
        with fst24.open(path) as new:
            assert {r.nbits for r in new} == {16}
        back(ds, path, etiket="OTHER", names={"TT": "XYZ"})
    with fst24.open(path) as new:
        assert {(r.nomvar, r.etiket, r.nbits) for r in new} == {("XYZ", "OTHER", 12)}


def test_records_that_are_packed_anew_keep_what_only_they_know(path: Path) -> None:
    names = [golden(f"model/ens-2024051712_003_00{member}.fst") for member in (1, 2, 3)]
    wanted = sum((records(name) for name in names), Counter())
    with fst24.open(names) as f:
        back(to_xarray(f, ensemble=True), path, nbits=10)
    fields = [
        Counter(key[:-1] for key in found if key[0] == "TT") for found in (wanted, records(path))
    ]
    assert fields[0] == fields[1]
    with fst24.open(path) as f:
        assert {r.nbits for r in f.read_records(nomvar="TT")} == {10}


@pytest.mark.parametrize("load", [False, True])
def test_gaps_between_records_stay_gaps(load: bool, tmp_path: Path, path: Path) -> None:
    there = [(0, 500), (0, 850), (6, 500)]
    old = make_file(
        tmp_path / "old.fst", [{"hour": hour, "ip1": hpa(level)} for hour, level in there]
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", fst24.Fst24Warning)
        with fst24.open(old) as f:
            ds = to_xarray(f)
            to_fst(ds.load() if load else ds, path)
    assert records(path) == records(old)


def test_datasets_put_together_have_the_hours_of_all(tmp_path: Path, path: Path) -> None:
    parts = []
    for hour in (0, 3, 30):
        old = make_file(tmp_path / f"{hour}.fst", [{"hour": hour, "ip1": hpa(500)}])
        parts.append(to_xarray(old).load())
    both = xr.concat(parts, "time", data_vars="minimal", coords="minimal", compat="override")
    back(both, path)
    with fst24.open(path) as f:
        assert [(r.npas, r.ip2) for r in f] == [(0, 0), (3, 3), (30, 30)]


def test_a_constant_field_stays_without_date_beside_dated_ones(tmp_path: Path, path: Path) -> None:
    old = make_file(
        tmp_path / "old.fst",
        [
            {"nomvar": "MG", "dateo": 0, "deet": 0},
            {"hour": 6, "ip1": hpa(500)},
            {"nomvar": "P0", "hour": 6},
        ],
    )
    with fst24.open(old) as f:
        ds = to_xarray(f)
        for one in (ds, ds.load(), ds.isel(time=0, pres=0)):
            back(one, path)
            assert records(path) == records(old)


def test_extended_metadata_stay_in_rsf_and_are_told_of_in_xdf(path: Path) -> None:
    name = golden("fields/rsf-extended.fst")
    with fst24.open(name) as f:
        ds = to_xarray(f)
        back(ds, path, backend="RSF")
        with fst24.open(path) as new:
            kept = sorted(str(r.metadata) for r in new)
            assert kept == sorted(str(r.metadata) for r in f)
        with pytest.warns(fst24.Fst24Warning, match="keep no extended metadata: backend='RSF'"):
            to_fst(ds, path, backend="XDF")
        with pytest.raises(fst24.InvalidArgumentError, match="extended metadata"):
            to_fst(ds, path.with_name("other.fst"), backend="XDF", strict=True)
    assert not path.with_name("other.fst").exists()


def test_a_file_may_replace_the_one_that_it_comes_from(tmp_path: Path) -> None:
    old = hours(tmp_path / "old.fst")
    before = records(old, *PACKING)
    with fst24.open(old) as f:
        back(to_xarray(f), old)
    assert records(old, *PACKING) == before


def test_a_dataset_of_the_engine_comes_back(path: Path) -> None:
    name = golden("model/gem-2024051712_006.fst")
    with xr.open_dataset(name, engine=fst24.xarray.Fst24BackendEntrypoint) as ds:
        back(ds, path)
    assert records(path, *PACKING) == records(name, *PACKING)


def test_attributes_of_records_do_where_nothing_else_was_kept(path: Path) -> None:
    name = golden("model/press-2024051712_003.fst")
    with fst24.open(name) as f:
        ds = to_xarray(f, rpnstd_metadata=True).load()
    for variable in ds.variables.values():
        variable.encoding.clear()  # as another format leaves it
    back(ds, path)
    with fst24.open(path) as new, fst24.open(name) as old:
        wanted = Counter(
            (r.nomvar, r.typvar, r.etiket, r.datev, r.deet, r.npas, r.ip2) for r in old
        )
        assert (
            Counter((r.nomvar, r.typvar, r.etiket, r.datev, r.deet, r.npas, r.ip2) for r in new)
            == wanted
        )
        assert {r.grtyp for r in new} == {"L"}


def test_pressures_survive_another_format(path: Path) -> None:
    name = golden("model/gem-2024051712_003.fst")
    with fst24.open(name) as f:
        ds = to_xarray(f, variables=["TT", "UU", "P0"]).load()
    for variable in ds.variables.values():
        variable.encoding.clear()
    back(ds, path)
    with fst24.open(name) as old, fst24.open(path) as new:
        for nomvar in ("TT", "UU"):
            found = []
            for f in (old, new):
                record = f.find(nomvar=nomvar)
                assert record is not None
                vertical = f.vertical(record)
                assert vertical is not None
                found.append(vertical)
            codes = sorted({r.ip1 for r in old.read_records(nomvar=nomvar)})
            p0 = old.find(nomvar="P0")
            assert p0 is not None
            wanted = found[0].pressure(codes, P0=p0.data)
            assert np.allclose(found[1].pressure(codes, P0=p0.data), wanted, rtol=1e-6)
            assert set(codes) == {r.ip1 for r in new.read_records(nomvar=nomvar)}
        again = to_xarray(new)
    assert {"level_m", "level_t"} <= set(again.dims)


@needs_trees
def test_groups_of_a_tree_become_one_file(path: Path) -> None:
    names = [golden(f"model/{name}-2024051712_003.fst") for name in ("gem", "press")]
    with fst24.open(names) as f:
        tree = fst24.to_datatree(f)
        assert len(tree.children) == 2
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            to_fst(tree, path)
    assert records(path, *PACKING) == records(names[0], *PACKING) + records(names[1], *PACKING)


def test_panels_survive_another_format(path: Path) -> None:
    name = golden("model/yy-2024051712_003.fst")
    with fst24.open(name) as f:
        ds, grid = to_xarray(f).load(), f.grid(f[2])
    for variable in ds.variables.values():
        variable.encoding.clear()
    back(ds, path)
    with fst24.open(path) as f:
        tt = f.find(nomvar="TT")
        assert tt is not None
        found = f.grid(tt)
        assert (found.grtyp, found.shape) == ("U", grid.shape)
        assert cf.apart(found.latlon(), grid.latlon()) < 2e-4
        assert np.array_equal(to_xarray(f)["TT"].values, ds["TT"].values)
    back(ds.isel(subgrid=1), path)
    with fst24.open(path) as f:
        found = f.grid(f.find(nomvar="TT") or f[0])
        assert (found.grtyp, found.ref_grtyp) == ("Z", "E")
        assert cf.apart(found.latlon(), grid.panels[1].latlon()) < 2e-4


def test_variables_of_other_origins_keep_theirs(tmp_path: Path) -> None:
    later = fst24.date.encode("2024-05-17T18:00")
    fields: list[dict[str, Any]] = [{"hour": hour} for hour in (6, 12)]
    fields += [{"nomvar": "GZ", "dateo": later, "hour": hour} for hour in (0, 6)]
    path = make_file(tmp_path / "a.fst", fields)
    with pytest.warns(fst24.Fst24Warning, match="other origins"):
        found = fst24.to_xarray(path)
    found.load().fst24.to_fst(tmp_path / "b.fst")
    with fst24.open(tmp_path / "b.fst") as file:
        origins = {(one.nomvar, one.dateo) for one in file.read_records(skip_descriptors=True)}
    assert origins == {("TT", DATEO), ("GZ", later)}
