"""Grids against the reference: codes, positions of points, indices of positions."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import fst24

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from fst24.grid import Grid

HERE = Path(__file__).parent
POSITIONS = HERE / "grids" / "positions"
#: The reference computes in single precision. docs/format/metadata.md, 10, allows more, up to 0.02
#: degrees near poles of a grid: no point of these files is there.
DEGREES = 1e-4
INDICES = 1e-4

NAMED: list[dict[str, Any]] = [
    grid
    for grid in json.loads((POSITIONS / "grids-latlon.json").read_text(encoding="utf-8"))
    if grid["expected"] is not None
]


@pytest.fixture(scope="module")
def answers() -> Iterator[Any]:
    with np.load(POSITIONS / "grids-latlon.npz") as file:
        yield file


def grid_named(known: dict[str, Any], backend: str = "xdf") -> Grid:
    with fst24.open(HERE / "grids" / f"{backend}-grids.fst") as f:
        record = f.find(nomvar="FLD", ip1=known["ip1"])
        assert record is not None
        return f.grid(record)


def apart(
    a: tuple[npt.ArrayLike, npt.ArrayLike], b: tuple[npt.ArrayLike, npt.ArrayLike]
) -> npt.NDArray[np.float64]:
    """Great-circle distances in degrees between (lat, lon) and (lat, lon)."""
    lat_a, lon_a, lat_b, lon_b = (np.radians(np.asarray(x, np.float64)) for x in (*a, *b))
    half = np.sin((lat_a - lat_b) / 2) ** 2
    half += np.cos(lat_a) * np.cos(lat_b) * np.sin((lon_a - lon_b) / 2) ** 2
    return np.asarray(np.degrees(2 * np.arcsin(np.sqrt(half))))


@pytest.mark.parametrize("known", NAMED, ids=lambda known: known["name"])
def test_points_are_where_the_reference_has_them(known: dict[str, Any], answers: Any) -> None:
    grid = grid_named(known)
    name = known["name"]
    assert grid.shape == (known["ni"], known["nj"])
    assert apart(grid.latlon(), (answers[f"{name}.lat"], answers[f"{name}.lon"])).max() < DEGREES
    assert grid == grid_named(known, "rsf")


@pytest.mark.parametrize("known", NAMED, ids=lambda known: known["name"])
def test_places_between_points_are_those_of_the_reference(
    known: dict[str, Any], answers: Any
) -> None:
    name = known["name"]
    if f"{name}.x" not in answers:
        # Where the reference is wrong, and lists of points, which have nothing between them.
        assert name in {"A-flipped", "B-flipped", "G-north"} or known["grtyp"] == "Y"
        return
    grid = grid_named(known)
    x, y = (answers[f"{name}.{axis}"].astype(np.float64) - 1 for axis in "xy")
    there = tuple(answers[f"{name}.{what}_of_xy"] for what in ("lat", "lon"))
    back = tuple(answers[f"{name}.{axis}_of_ll"].astype(np.float64) - 1 for axis in "xy")
    assert apart(grid.latlon_at(x, y), there).max() < DEGREES
    own = grid.xy(*there)
    if (
        known["grtyp"] == "U"
    ):  # where panels overlap the reference takes the other one here and there
        assert apart(grid.latlon_at(*own), there).max() < DEGREES
        assert apart(grid.latlon_at(*back), there).max() < DEGREES
        return
    np.testing.assert_allclose(own, back, rtol=0, atol=INDICES)


def test_a_mesh_has_the_positions_of_its_descriptors() -> None:
    with fst24.open(HERE / "grids" / "xdf-grids.fst") as f:
        record = f.find(nomvar="FLD", grtyp="O")
        assert record is not None
        tag = {"ip1": record.ig1, "ip2": record.ig2, "ip3": record.ig3}
        lon, lat = (f.find(nomvar=nomvar, **tag) for nomvar in (">>", "^^"))
        assert lon is not None
        assert lat is not None
        assert apart(f.grid(record).latlon(), (lat.data, lon.data)).max() < 1e-12


@pytest.mark.parametrize("path", sorted((HERE / "model").glob("*.fst")), ids=lambda path: path.stem)
def test_every_field_of_a_model_file_has_its_grid(path: Path) -> None:
    with fst24.open(path) as f:
        fields = f.read_records(skip_descriptors=True)
        grids = [f.grid(record) for record in fields]
        assert [grid.shape for grid in grids] == [(record.ni, record.nj) for record in fields]
        assert len(set(map(id, grids))) == len(set(grids))


def test_the_tiles_of_a_field_are_put_together() -> None:
    with fst24.open(HERE / "grids" / "xdf-grids.fst") as f:
        tiles = f.read_records(nomvar="FLD", grtyp="#")
        whole = f.find(nomvar="FLD", grtyp="Z", ig1=tiles[0].ig1)
        assert whole is not None
        found = fst24.grid.assemble(tiles)
        assert np.array_equal(found.grid.latlon(), f.grid(whole).latlon())
        assert found.covered[:14].all()
        assert np.array_equal(found.data[:14], tiles[0].data)


def rows_of_codes() -> list[dict[str, str]]:
    with (HERE / "tables" / "grid-descriptors.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_codes_are_those_of_the_reference() -> None:
    for row in rows_of_codes():
        grtyp = row["grtyp"]
        codes = tuple(int(row[f"ig{k}"]) for k in range(1, 5))
        if grtyp == "T":  # the reference knows no codes of it either: all are 0
            assert codes == (0, 0, 0, 0)
            with pytest.raises(fst24.UnsupportedError):
                fst24.grid.decode(grtyp, *codes)
            continue
        names = fst24.grid.decode(grtyp, *codes)
        given = {name: float(row[f"xg{k}"]) for k, name in enumerate(names, 1)}
        assert fst24.grid.encode(grtyp, **given) == codes, row
        back = [float(row[f"back{k}"]) for k in range(1, len(names) + 1)]
        # Far poles, in single precision: thousandths of a grid length.
        np.testing.assert_allclose(list(names.values()), back, rtol=2e-6, atol=5e-3)
