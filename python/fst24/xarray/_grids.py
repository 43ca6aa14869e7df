"""Which grid each record is on, and how its values lie there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from fst24 import Fst24Error
from fst24.grid import contradictions
from fst24.table._table import distinct

from ._axes import rows_of
from ._horizontal import Horizontal, cropped, horizontal
from ._mesh import triangles
from ._series import Series
from ._tiles import Mosaics, Tile

if TYPE_CHECKING:
    import numpy.typing as npt

    from fst24.grid import Grid

    from ._headers import Headers
    from ._notes import Notes
    from ._options import Options

    Ints = npt.NDArray[np.int64]

_FIELDS = ("ni", "nj", "ig1", "ig2", "ig3", "ig4")
_TILE = "#"
#: Types whose points are told by other records. Of tiles those may be in several files, and
#: records of X hardly ever have any: they would be searched for once for each file.
_TAGGED = frozenset("ZYOMU")


class Grids:
    """The grids of all records, each made once and shared: `codes` numbers them."""

    def __init__(self, headers: Headers, options: Options, notes: Notes) -> None:
        self._headers, self._options, self._notes = headers, options, notes
        self.series = Series(headers, notes)
        is_station = self.series.kinds.one
        tile_codes = [k for k, text in enumerate(headers.texts("grtyp")) if text == _TILE]
        self.is_tile = np.isin(headers.codes("grtyp"), tile_codes)
        self._mosaics = Mosaics(headers)
        tags, firsts = self._told(is_station)
        if self._refuse_bad_tiles(tags):
            tags, firsts = self._told(is_station)
        codes, rows = self._by_file(tags, firsts)
        self._tell_of_contradictions()
        self._low: dict[int, tuple[int, int]] = {}
        self._low_of_row = (1, 1)
        self._grids: list[Grid | None] = []
        self._rows: list[int] = []
        same: dict[Any, int] = {}
        number = np.empty(len(rows), np.int32)
        every = zip(rows.tolist(), rows_of(codes, len(rows)), strict=True)
        for code, (row, alike) in enumerate(every):
            grid = self._made(row, alike)
            if grid is not None:
                key: Any = grid.without_tag
            else:
                key = headers.text("grtyp", row), *(int(headers[name][row]) for name in _FIELDS)
            if key not in same:
                same[key] = len(self._grids)
                self._grids.append(grid)
                self._rows.append(row)
                if grid is not None and self.is_tile[row]:
                    self._low[same[key]] = self._low_of_row
            number[code] = same[key]
        self.codes: npt.NDArray[np.int32] = number[codes]
        #: Numbers of what headers say of grids, of which several may be one grid: other tags.
        self.tags: npt.NDArray[np.int32] = tags
        self.has_other_tags = len(self._grids) < len(firsts)
        self._horizontal: dict[int, Horizontal] = {}

    def _told(self, is_station: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.int32], Ints]:
        """What headers say of the grid of each record: a number, and the first row of each."""
        headers, options, is_tile = self._headers, self._options, self.is_tile
        columns = [headers.codes("grtyp")]
        for name in _FIELDS:
            column = headers[name]
            if is_station.any() and name.startswith("ig"):  # where the station is
                column = np.where(is_station, 0, column)
            if name in options.ignore:
                column = np.zeros_like(column)
            elif is_tile.any() and name in ("ni", "nj", "ig3", "ig4"):
                column = np.where(is_tile, 0, column)
            columns.append(column)
        return distinct(*columns)

    def _by_file(
        self, tags: npt.NDArray[np.int32], firsts: Ints
    ) -> tuple[npt.NDArray[np.int32], Ints]:
        """What headers say, apart for each of linked files: each may have axes of its own."""
        headers = self._headers
        if not headers.is_linked or not len(headers):
            return tags, firsts
        own = [k for k, text in enumerate(headers.texts("grtyp")) if text in _TAGGED]
        part = np.where(np.isin(headers.codes("grtyp"), own), headers.part, 0)
        return distinct(tags, part)

    def _refuse_bad_tiles(self, codes: npt.NDArray[np.int32]) -> bool:
        """Whether some tiles make no whole; each of them is then a field of its own."""
        found = False
        for code in np.unique(codes[self.is_tile]).tolist():
            own = np.flatnonzero(codes == code)
            try:
                self._mosaics.grid(own)
            except Fst24Error as error:
                self._tell(error, own)
                self.is_tile[own] = False
                found = True
        return found

    def _tell_of_contradictions(self) -> None:
        """Axes of one file under one tag, of one size and date, that differ: one of them counts."""
        file = self._headers.file
        for first, second in contradictions(file):
            axis = file[first]
            tag = f"ip1={axis.ip1}, ip2={axis.ip2}, ip3={axis.ip3}"
            self._notes.add(
                "descriptors contradict each other",
                f"{axis.nomvar} with {tag}: records {first} and {second}",
                "the last one counts; choose the right one with `fst24 rm`",
            )

    def _made(self, row: int, rows: Ints) -> Grid | None:
        headers = self._headers
        if self.series.records[row]:
            return None
        try:
            if not self.is_tile[row]:
                return headers.file.grid(headers.record(row))
            grid, self._low_of_row = self._mosaics.grid(rows)
        except Fst24Error as error:
            if headers.text("grtyp", row) != "X":  # says itself that it is none
                self._tell(error, rows)
            return None
        return grid

    def _tell(self, error: Fst24Error, rows: Ints) -> None:
        """Which fields have no positions, and why."""
        headers = self._headers
        names = [headers.texts("nomvar")[code] for code in np.unique(headers.codes("nomvar")[rows])]
        first = headers.record(int(rows[0]))
        which = f"{', '.join(names)}: {len(rows)} records, first record {first.index}"
        why = str(error).removeprefix(f"{first.path}: ")
        self._notes.add(
            "positions of fields are not known", f"{which}: {why}", "they have no coordinates"
        )

    def __getitem__(self, number: int) -> Grid | None:
        return self._grids[number]

    def horizontal(self, number: int) -> Horizontal:
        """How the values of records on a grid lie."""
        if number not in self._horizontal:
            row, grid = self._rows[number], self._grids[number]
            ni, nj = int(self._headers["ni"][row]), int(self._headers["nj"][row])
            if grid is not None and self.is_tile[row]:
                ni, nj = grid.shape
            faces = None
            if grid is not None and grid.grtyp == "M":
                faces = triangles(self._headers.file, self._headers.record(row))
            flat = horizontal(grid, (ni, nj), self._options, faces)
            if self._options.crop is not None and grid is not None:
                flat = self._cropped(grid, flat)
            self._horizontal[number] = flat
        return self._horizontal[number]

    def _cropped(self, grid: Grid, flat: Horizontal) -> Horizontal:
        """The part of a grid that the smallest one covers."""
        known = [one for one in self._grids if one is not None]
        for core in sorted(known, key=lambda one: one.ni * one.nj):
            parts = None if core is grid else cropped(grid, core)
            if parts is not None and core.ni * core.nj < grid.ni * grid.nj:
                whole = tuple(zip(flat.dims, flat.shape, strict=True))
                small = horizontal(core, core.shape, self._options)
                return replace(small, whole=whole, cut=dict(zip(flat.dims, parts, strict=True)))
        return flat

    def is_tiled(self, number: int) -> bool:
        """Whether fields on a grid are stored in tiles."""
        return bool(self.is_tile[self._rows[number]]) and self._grids[number] is not None

    def tiles(self, number: int, rows: Ints) -> tuple[list[Tile], Ints]:
        """Where the tiles of a field lie, and which of them each row is."""
        return self._mosaics.tiles(rows, self._low[number])

    def size_label(self, number: int) -> str:
        """The size of a grid as names of variables have it: ``360x181``."""
        grid, row = self._grids[number], self._rows[number]
        if grid is not None:
            return f"{grid.ni}x{grid.nj}"
        return f"{self._headers['ni'][row]}x{self._headers['nj'][row]}"

    def grtyp(self, number: int) -> str:
        """The type of a grid."""
        return self._headers.text("grtyp", self._rows[number])
