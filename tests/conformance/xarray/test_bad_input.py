"""Files that lack something or contradict themselves: what can be made is, and each cause is told.

A warning names the records and the way out; `strict=True` raises in its place.
"""

from __future__ import annotations

import contextlib
import warnings
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest

import fst24
from fst24 import ip
from tests.conformance.xarray import files
from tests.conftest import golden

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conformance.xarray.conftest import Opener

    Made = Callable[[files.Maker], Path]


def twice(out: files.Out) -> None:
    """Each hour twice, the second time with other values."""
    for _ in range(2):
        out.fields("TT", hours=(0, 6))
    out.fields("UU", hours=(0, 6))


def other_size(out: files.Out) -> None:
    """A `^^` that is longer than the field has rows."""
    out.axes(175 + 0.5 * np.arange(6), -1 + 0.5 * np.arange(9), (1001, 1002, 0))
    out.shape = (6, 5)
    out.fields("TT", hours=(0, 6))
    out.common.update(
        grtyp="L", **dict(zip(("ig1", "ig2", "ig3", "ig4"), files.LATLON, strict=True))
    )
    out.fields("UU", hours=(0, 6))


def turning_axis(out: files.Out) -> None:
    """A `>>` that rises and falls."""
    out.axes([175, 175.5, 176, 175.2, 177, 178], -1 + 0.5 * np.arange(5), (1001, 1002, 0))
    out.fields("TT", hours=(0, 6))


def two_tables(out: files.Out) -> None:
    """Two `!!` of one tag that differ."""
    out.table(5002, (1001, 1002))
    v = out.table(5005, (1001, 1002))
    out.rotated()
    out.fields("TT", ip1s=[int(code) for code in v.thermodynamic[:3]])
    out.fields("P0")


def cut_table(out: files.Out) -> None:
    """A `!!` that is cut short."""
    v = out.table(5005, (9, 9))
    (record,) = [r for r in out.file if r.nomvar == "!!"]
    out.file.write(record.data[:, :9], like=record, ip1=1001, ip2=1002)
    out.file.delete(record)
    out.rotated()
    out.fields("TT", ip1s=[int(code) for code in v.thermodynamic[:3]])
    out.fields("P0")


def mixed(out: files.Out) -> None:
    """One name on pressures, on heights, and on sigma."""
    out.fields("TT", ip1s=files.PRESSURES)
    out.fields("TT", ip1s=[ip.encode(v, 4) for v in (2.0, 10.0)])
    out.fields("TT", ip1s=[ip.encode(v, 1) for v in (0.5, 1.0)])


def no_level(out: files.Out) -> None:
    """An ip1 of no kind."""
    out.fields("TT", ip1s=(files.PRESSURES[0], 15 << 24 | 7))


#: What is wrong, and a word that the warning has to hold besides the name of the variable.
BROKEN: dict[str, tuple[files.Maker, str, str]] = {
    "missing axes": (files.hollow, "TT", ">>"),
    "axes of another size": (other_size, "TT", "^^"),
    "an axis that turns": (turning_axis, "TT", ">>"),
    "two tables of one tag": (two_tables, "TT", "!!"),
    "a table that is cut": (cut_table, "TT", "!!"),
    "no table": (files.no_table, "TT", "!!"),
    "no P0": (files.no_p0, "TT", "P0"),
    "duplicates": (twice, "TT", "on_conflict"),
}


@pytest.mark.parametrize("case", BROKEN.values(), ids=BROKEN)
def test_a_cause_is_told_once_and_all_fields_are_there(
    case: tuple[files.Maker, str, str], made: Made, opened: Opener
) -> None:
    maker, name, word = case
    path = made(maker)
    ds = opened(path)
    with fst24.open(path) as f:
        there = {r.nomvar for r in f.iter_records(skip_descriptors=True)}
    assert there <= set(ds.data_vars)
    assert len(opened.told) == 1, opened.told
    assert name in opened.told[0]
    assert word in opened.told[0]
    ds.load()


@pytest.mark.parametrize("case", BROKEN.values(), ids=BROKEN)
def test_strict_raises(case: tuple[files.Maker, str, str], made: Made, opened: Opener) -> None:
    maker, name, word = case
    path = made(maker)
    with pytest.raises(fst24.Fst24Error) as caught:
        opened(path, strict=True)
    assert name in str(caught.value)
    assert word in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_field_without_its_axes_has_its_values(made: Made, opened: Opener) -> None:
    ds = opened(made(files.hollow))
    assert ds["TT"].dims == ("time", "pres", "j", "i")
    assert ds["P0"].dims == ("time", "lat", "lon")
    assert ds["TT"].values[0, 0, 4, 5] == 4096 + 64 * 4 + 5


def test_levels_without_their_table_are_an_axis(made: Made, opened: Opener) -> None:
    ds = opened(made(files.no_table))
    values = [c.values for c in ds["TT"].coords.values() if c.dims and str(c.dims[0]) == "level"]
    assert any(np.allclose(sorted(v)[:3], [0.5, 0.9, 0.995]) for v in values)


def test_terms_that_are_not_there_are_not_named(made: Made, opened: Opener) -> None:
    ds = opened(made(files.no_p0))
    terms = [v.attrs.get("formula_terms", "") for v in ds.variables.values()]
    assert not any("P0" in text for text in terms)


def test_one_name_on_levels_of_several_kinds_is_several_variables(
    made: Made, opened: Opener
) -> None:
    ds = opened(made(mixed))
    assert len(ds.data_vars) == 3
    assert all(str(name).startswith("TT_") for name in ds.data_vars)
    assert {da.dims[1] for da in ds.data_vars.values()} == {"pres", "height", "level"}
    assert sum(da.sizes[da.dims[1]] for da in ds.data_vars.values()) == 7


def test_one_name_on_two_grids_is_two_variables(made: Made, opened: Opener) -> None:
    ds = opened(made(files.two_grids))
    names = sorted(map(str, ds.data_vars))
    assert len(names) == 3
    shapes = {ds[name].shape for name in names if name.startswith("TT")}
    assert shapes == {(2, 5, 6), (2, 7, 8)}
    for name in names:
        dims = ds[name].dims[-2:]
        assert ds[name].coords[dims[0]].attrs["standard_name"] == "latitude"


def test_an_ip1_of_no_kind_loses_no_field(made: Made, opened: Opener) -> None:
    ds = opened(made(no_level))
    n_fields = sum(int(np.prod(da.shape[:-2])) for da in ds.data_vars.values())
    assert n_fields == 2


# ------------------------------------------------------------------------------- on_conflict


@pytest.mark.parametrize(("rule", "n"), [("first", (1, 2)), ("last", (3, 4))])
def test_the_first_or_the_last_is_kept_without_a_word(
    rule: str, n: tuple[int, int], made: Made, opened: Opener
) -> None:
    ds = opened(made(twice), on_conflict=rule)
    assert ds["TT"].values[:, 0, 0].tolist() == [4096 * k for k in n]
    assert not opened.told


def test_by_default_the_last_is_kept_and_told(made: Made, opened: Opener) -> None:
    ds = opened(made(twice))
    assert ds["TT"].values[:, 0, 0].tolist() == [4096 * 3, 4096 * 4]
    (message,) = opened.told
    assert "2" in message
    assert "UU" not in message


def test_an_error_names_both_records(made: Made, opened: Opener) -> None:
    with pytest.raises(fst24.Fst24Error, match=r"TT.* 0 and 2"):
        opened(made(twice), on_conflict="error")


def test_copies_of_one_record_are_no_conflict(made: Made, opened: Opener) -> None:
    def copies(out: files.Out) -> None:
        out.field("TT")
        out.n = 0
        out.field("TT")

    ds = opened(made(copies))
    assert ds["TT"].shape == (1, 5, 6)


@pytest.mark.parametrize(
    "options",
    [{"on_conflict": "ask"}, {"subgrid": "both"}, {"diag": "keep"}, {"ignore": ["ip1"]}],
    ids=str,
)
def test_an_option_that_means_nothing_is_refused(
    options: dict[str, str], made: Made, opened: Opener
) -> None:
    with pytest.raises(fst24.InvalidArgumentError, match=next(iter(options))):
        opened(made(files.hours), **options)


def test_an_unknown_option_is_named_with_the_nearest(made: Made, opened: Opener) -> None:
    with pytest.raises(fst24.InvalidArgumentError, match="forecast_axis"):
        opened(made(files.hours), forecast_axes=True)


# ------------------------------------------------------------------------------ damaged files

DAMAGED = sorted(zipfile.ZipFile(golden("bad/bad.zip")).namelist())


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_is_a_dataset_or_an_error_of_ours(name: str) -> None:
    with zipfile.ZipFile(golden("bad/bad.zip")) as archive:
        stored = archive.read(name)
    with warnings.catch_warnings(), contextlib.suppress(fst24.Fst24Error):
        warnings.simplefilter("ignore", fst24.Fst24Warning)
        with fst24.to_xarray(stored) as ds:
            for da in ds.data_vars.values():
                with contextlib.suppress(fst24.Fst24Error):
                    da.load()
