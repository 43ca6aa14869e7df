"""What users open, through xarray and without it."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import xarray as xr

import fst24
from tests.support.trees import needs_trees

MODEL = "tests/golden/model/gem-2024051712_000.fst"
RSF = "tests/golden/model/gem-2024051712_003.fst"
GRIDS = "tests/golden/grids/xdf-grids.fst"


def test_xarray_opens_a_file_by_the_name_of_the_engine() -> None:
    with xr.open_dataset(MODEL, engine="fst24") as found:
        xr.testing.assert_identical(found, fst24.to_xarray(MODEL))


@pytest.mark.parametrize("path", [MODEL, RSF])
def test_xarray_finds_the_engine_itself(path: str) -> None:
    with xr.open_dataset(path) as found:
        assert "TT" in found


def test_xarray_hands_options_on() -> None:
    with xr.open_dataset(
        MODEL, engine="fst24", variables=["TT"], diag="drop", rpnstd_metadata=True
    ) as found:
        assert list(found.data_vars) == ["TT"]
        assert found.TT.shape[1] == 11
        assert found.TT.attrs["etiket"] == "G5V12N"


def test_variables_may_be_dropped() -> None:
    with xr.open_dataset(MODEL, engine="fst24", drop_variables=["TT", "NONE"]) as found:
        assert "TT" not in found


def test_an_unknown_option_names_the_known_ones() -> None:
    with pytest.raises(
        fst24.InvalidArgumentError, match=r"no option 'forcast_axis'.*forecast_axis"
    ):
        xr.open_dataset(MODEL, engine="fst24", forcast_axis=True)


@pytest.mark.parametrize(
    "make",
    [Path, lambda p: Path(p).read_bytes(), lambda p: io.BytesIO(Path(p).read_bytes())],
    ids=["path", "bytes", "stream"],
)
def test_files_are_opened_from_what_users_have(make: Any) -> None:
    with xr.open_dataset(make(MODEL), engine="fst24") as found:
        assert float(found.P0.mean()) == float(fst24.to_xarray(MODEL).P0.mean())


def test_a_pattern_and_a_list_are_many_files_as_one() -> None:
    by_pattern = fst24.to_xarray("tests/golden/model/press-*.fst")
    by_list = fst24.to_xarray(sorted(Path("tests/golden/model").glob("press-*.fst")))
    assert by_pattern.TT.sizes["time"] == 2
    xr.testing.assert_identical(by_pattern, by_list)


def test_a_pattern_without_a_file_is_told_of() -> None:
    with pytest.raises(fst24.InvalidArgumentError, match="no file is called"):
        fst24.to_xarray("nothing-*.fst")


def test_a_set_of_records_is_a_dataset() -> None:
    with fst24.open(MODEL) as file:
        found = file.select(nomvar=["UU", "VV"]).to_xarray(diag="drop")
        assert list(found.data_vars) == ["UU", "VV"]
        frame = file.to_polars().filter(nomvar="TT")
        assert list(file.to_xarray(records=frame).data_vars) == ["TT"]


@pytest.mark.parametrize("make", [list, fst24.Fst24DataInterface], ids=["list", "set"])
def test_records_of_another_file_are_refused(make: Any) -> None:
    with fst24.open(MODEL) as file, fst24.open(RSF) as other:
        records = make([file[5], other[5]])
        with pytest.raises(fst24.InvalidArgumentError, match=r"are of another file.*_003\.fst"):
            file.to_xarray(records=records)


def test_a_set_of_no_records_of_a_file_is_an_empty_dataset(tmp_path: Path) -> None:
    path = tmp_path / "empty.fst"
    fst24.open(path, "w").close()
    with fst24.open(path) as file:
        assert not fst24.Fst24DataInterface(file).to_xarray().variables


def test_rows_of_a_scan_are_a_dataset() -> None:
    rows = fst24.scan("tests/golden/model/press-*.fst").filter(pl.col("nomvar") == "TT")
    found = fst24.to_xarray(rows)
    assert list(found.data_vars) == ["TT"]
    whole = fst24.to_xarray("tests/golden/model/press-*.fst")
    xr.testing.assert_identical(found.TT.load(), whole.TT.load())


def test_rows_without_a_path_are_refused() -> None:
    with pytest.raises(fst24.InvalidArgumentError, match="no path"):
        fst24.to_xarray(fst24.read_metadata(MODEL))


def test_linked_files_count_their_records_through() -> None:
    found = fst24.to_xarray([MODEL, RSF], variables="P0")
    with fst24.open([MODEL, RSF]) as file:
        for k, record in enumerate(file.iter_records(nomvar="P0")):
            assert np.array_equal(found.P0.values[k], record.data.T)


def linked(tmp_path: Path, number: int, values: Any) -> Path:
    """A file with axes under a tag that others have as well; ``values`` are its longitudes."""
    path = tmp_path / f"{number}.fst"
    tag: dict[str, Any] = {"ip1": 1, "ip2": 2, "ip3": 3, "typvar": "X"}
    frame: dict[str, Any] = {"grtyp": "L", "ig1": 100, "ig2": 100, "ig3": 9000, "ig4": 0}
    with fst24.open(path, "w") as file:
        if values is not None:
            file.write(np.array(values, np.float32)[:, None], nomvar=">>", **tag, **frame)
            file.write(np.arange(2, dtype=np.float32)[None, :], nomvar="^^", **tag, **frame)
        when: dict[str, Any] = {"origin_time": "2024-05-17T12", "deet": 3600, "npas": number}
        field = np.full((3, 2), number, np.float32)
        file.write(field, nomvar="TT", grtyp="Z", ig1=1, ig2=2, ig3=3, **when)
    return path


def test_linked_files_have_axes_of_their_own_under_one_tag(tmp_path: Path) -> None:
    paths = [linked(tmp_path, n, [first, first + 1, first + 2]) for n, first in enumerate((10, 50))]
    found = fst24.to_xarray(paths)
    assert {found[name].dims: found[name].values.max() for name in found.data_vars} == {
        ("time1", "lat1", "lon1"): 0,
        ("time2", "lat2", "lon2"): 1,
    }
    assert (found.lon1.values.tolist(), found.lon2.values.tolist()) == ([10, 11, 12], [50, 51, 52])


def test_linked_files_of_one_grid_are_one_variable(tmp_path: Path) -> None:
    axes = [[10, 11, 12], [10, 11, 12], None]  # the last one has none
    found = fst24.to_xarray([linked(tmp_path, n, values) for n, values in enumerate(axes)])
    assert found.TT.dims == ("time", "lat", "lon")
    assert found.TT.values[:, 0, 0].tolist() == [0, 1, 2]


def test_linked_files_have_tables_of_their_own_under_one_tag(tmp_path: Path) -> None:
    paths = []
    with fst24.open("tests/golden/vertical/xdf-vertical.fst") as source:
        tables = [r for r in source.read_records(nomvar="!!") if r.ig1 in (5002, 5005)]
        for number, table in enumerate(tables[:2]):
            levels = fst24.vertical.Vertical.from_record(table).momentum[:3].tolist()
            paths.append(tmp_path / f"{number}.fst")
            with fst24.open(paths[-1], "w") as file:
                file.write(table.data, like=table, ip1=7, ip2=8)
                for nomvar, ip1s in (("UU", levels), ("P0", [0] * (number == 0))):
                    for ip1 in ip1s:
                        fields: dict[str, Any] = {"ip1": ip1, "ig1": 7, "ig2": 8, "grtyp": "X"}
                        file.write(np.ones((3, 2), np.float32), nomvar=nomvar, **fields)
    with fst24.open(paths) as both:
        found = both.to_xarray()
        for name, record in zip(("UU", "UU_2"), both.read_records(nomvar="UU")[::3], strict=True):
            level = str(found[name].dims[0])
            at = found[level].encoding["fst24"]["ip1"].index(record.ip1)
            vertical = both.vertical(record)
            assert vertical is not None
            expected = np.atleast_1d(vertical.cf([record.ip1]).terms["a"].values)
            assert found[f"a{level.removeprefix('level')}"].values[at] == expected[0]


def test_a_dataset_is_pickled_by_the_path_of_its_file() -> None:
    found = fst24.to_xarray([MODEL, RSF], variables=["TT", "P0"], align="outer")
    sent = pickle.dumps(found)
    assert len(sent) < 40_000
    xr.testing.assert_identical(pickle.loads(sent).load(), found.load())  # noqa: S301 - ours


def test_a_dataset_of_a_closed_file_says_so() -> None:
    found = fst24.to_xarray(MODEL)
    found.close()
    with pytest.raises(fst24.ClosedFileError):
        found.TT.load()


@needs_trees
def test_a_tree_has_a_group_for_each_grid() -> None:
    with pytest.warns(fst24.Fst24Warning, match="positions"):
        tree = xr.open_datatree(GRIDS, engine="fst24")
    with pytest.warns(fst24.Fst24Warning, match="positions"):
        flat = fst24.to_xarray(GRIDS)
    assert len(tree.children) > 20
    assert sum(len(node.data_vars) for node in tree.children.values()) == len(flat.data_vars)


@needs_trees
@pytest.mark.filterwarnings("ignore:.*positions of fields are not known")
@pytest.mark.parametrize("source", [GRIDS, MODEL], ids=["several-grids", "one-grid"])
def test_closing_a_tree_closes_its_file(source: str) -> None:
    for tree in (fst24.to_datatree(source), xr.open_datatree(source, engine="fst24")):
        field = next(v for node in tree.subtree for v in node.data_vars.values())
        tree.close()
        with pytest.raises(fst24.ClosedFileError):
            field.load()


@needs_trees
def test_a_file_of_one_grid_is_a_tree_of_one_node() -> None:
    tree = fst24.to_datatree(MODEL)
    assert not tree.children
    xr.testing.assert_identical(tree.to_dataset(), fst24.to_xarray(MODEL))


def test_raw_metadata_are_attributes_when_asked() -> None:
    attrs = fst24.to_xarray(MODEL, rpnstd_metadata=True).TT.attrs
    assert (attrs["nomvar"], attrs["typvar"], attrs["datyp"], attrs["deet"]) == (
        "TT",
        "P",
        134,
        300,
    )
    assert "ip1" not in attrs  # differs from level to level
    assert fst24.to_xarray(MODEL, attrs=["etiket"]).TT.attrs["etiket"] == "G5V12N"


def test_names_and_units_are_those_of_the_dictionary() -> None:
    attrs = fst24.to_xarray(MODEL).TT.attrs
    assert (attrs["long_name"], attrs["units"]) == ("air temperature", "degC")
    french = fst24.to_xarray(MODEL, language="fr").TT.attrs["long_name"]
    assert french != attrs["long_name"]
    assert "units" not in fst24.to_xarray(MODEL, metadata=False).TT.attrs


def test_extended_metadata_are_attributes_when_asked() -> None:
    found = fst24.to_xarray("tests/golden/fields/rsf-extended.fst", extended_metadata=True)
    plain = fst24.to_xarray("tests/golden/fields/rsf-extended.fst")
    assert any(len(found[n].attrs) > len(plain[n].attrs) for n in found.data_vars)


def test_missing_values_have_a_number_in_files_when_asked() -> None:
    found = fst24.to_xarray(MODEL, variables="TT", fill_value=1e30)
    assert found.TT.encoding["_FillValue"] == np.float32(1e30)


def test_values_may_be_of_another_type() -> None:
    found = fst24.to_xarray(MODEL, variables="TT", dtype="f8").TT
    assert found.dtype == np.float64
    assert np.array_equal(found.values, fst24.to_xarray(MODEL, variables="TT").TT.values)


@needs_trees
def test_what_xarray_asks_of_all_engines_changes_nothing() -> None:
    with xr.open_dataset(MODEL, engine="fst24", decode_times=False, mask_and_scale=False) as found:
        xr.testing.assert_identical(found, fst24.to_xarray(MODEL))
    tree = xr.open_datatree(MODEL, engine="fst24", decode_times=False)
    xr.testing.assert_identical(tree.to_dataset(), fst24.to_xarray(MODEL))
