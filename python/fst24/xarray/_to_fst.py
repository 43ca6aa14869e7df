"""`to_fst`: a Dataset as a standard file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import xarray as xr

import fst24
from fst24 import EncodingError, Fst24Error, date

from ._back_grids import Grids
from ._back_plan import Plan, Wishes, fields_at, plans_of, rows_of, same_level
from ._back_roles import kept_of
from ._back_told import Told
from ._back_values import blocks, named, record_of, with_mask

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Mapping

    import numpy.typing as npt

    from ._back_records import Stored

    #: Called with the records that are done and how many there are.
    Progress: TypeAlias = Callable[[int, int], None]
    Item: TypeAlias = tuple[Any, dict[str, Any]]

_DESCRIPTORS = (">>", "^^", "^>", "!!", "HY")
#: Types of floats, without flags.
_BASE, _FLOATS = 63, (1, 5, 6)
_DATES = ("dateo", "deet", "npas", "ip2", "ip3")


def to_fst(
    ds: xr.Dataset | xr.DataArray | xr.DataTree,
    path: str | os.PathLike[str],
    *,
    mode: Literal["w", "x", "a"] = "w",
    backend: Literal["XDF", "RSF"] | None = None,
    nbits: int | None = None,
    datyp: int | str | None = None,
    etiket: str | None = None,
    typvar: str | None = None,
    names: Mapping[Any, str | Mapping[str, Any]] | None = None,
    strict: bool = False,
    threads: int | None = None,
    progress: Progress | None = None,
) -> None:
    """Write a Dataset as a standard file: from fst24, or any that follows CF.

    Data variables with horizontal dimensions become records, one for each combination of the others
    (time, lead time, member, level). Variables that were opened by fst24 and not changed are copied
    as they are stored; the others are read part by part, so data of any size can be written.

    Parameters
    ----------
    ds : Dataset, DataArray or DataTree
        Dimensions are known by their coordinates (``standard_name``, ``axis``, ``units``), whatever
        their order and names. Missing values are NaN; of a Dataset that fst24 opened, fields of
        missing values alone stand for records that were not there, and are not written.
    path : path
        The file.
    mode, backend
        As in `fst24.open`: "w" replaces a file when all is written, "a" adds to it.
    nbits : int, optional
        Stored bits of float variables. Without it the type that was kept of the records, else
        32-bit floats, compressed: nothing is lost.
    datyp : int or str, optional
        The data type of all variables.
    etiket, typvar : str, optional
        Of all records, in place of those that were kept.
    names : mapping, optional
        For variables a nomvar, or a mapping of fields (nomvar, typvar, etiket, ip1, ip2, ip3,
        dateo, deet, npas, datyp, nbits). Without it nomvar is what was kept, the name where it is
        one, or that of the ``standard_name`` in the dictionary. Values are written in the units of
        nomvar.
    strict : bool
        Raise where there would be a warning: variables that are left out, made names, tables of
        levels that were not kept.
    threads : int, optional
        Threads that encode.
    progress : callable, optional
        ``progress(done, total)`` after each record.

    Raises
    ------
    Fst24Error
        What cannot be written; the message names the variable and the way out. No file is left (of
        mode "a": the file as it was, or with whole records).

    >>> ds = xr.Dataset(
    ...     {"t2m": (("time", "lat", "lon"), np.full((1, 2, 3), 293.15, np.float32),
    ...              {"standard_name": "air_temperature", "units": "K"})},
    ...     coords={"time": np.array(["2024-05-17T12"], "datetime64[ns]"),
    ...             "lat": [45.0, 44.5], "lon": [-75.0, -74.5, -74.0]},
    ... )
    >>> to_fst(ds, new_file)
    >>> with fst24.open(new_file) as f:
    ...     f[0].nomvar, f[0].grtyp, round(float(f[0].data[0, 0]), 2), f[0].ip1
    ('TT', 'L', 20.0, 0)
    """
    parts = _parts(ds)
    told = Told(strict=strict)
    wishes = Wishes.of(names, nbits=nbits, datyp=datyp, etiket=etiket, typvar=typvar)
    grids = _known(path) if mode == "a" else Grids()
    plans = plans_of(parts, wishes, grids, told)
    total = sum(plan.n_records for plan in plans)
    with fst24.open(path, mode, backend=backend) as f:
        f.write_many(grids.items(), threads=threads)
        counted = _Counted(total, progress)
        keeps_metadata = f.backend == "RSF"
        for plan in plans:
            items = _items(plan, None if keeps_metadata else told)
            try:
                f.write_many(counted.through(items), threads=threads)
            except EncodingError as error:
                raise named(error, plan.name) from error
            except Fst24Error as error:
                error.add_note(f"while {plan.name} was written")
                raise
    told.issue()


def _parts(ds: Any) -> list[xr.Dataset]:  # noqa: ANN401 - checked here
    """The Datasets of what is written: a tree, which old versions of xarray lack, has several."""
    if isinstance(ds, xr.DataArray):
        return [ds.to_dataset(name="data" if ds.name is None else ds.name)]
    if isinstance(ds, xr.Dataset):
        return [ds]
    tree: Any = getattr(xr, "DataTree", None)
    if tree is not None and isinstance(ds, tree):
        return [node.to_dataset() for node in ds.subtree if node.has_data]
    kind = type(ds).__name__
    raise TypeError(f"to_fst writes a Dataset, a DataArray or a DataTree, not a {kind}")


class _Counted:
    """Tells how many records are done."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self._done, self._total, self._progress = 0, total, progress

    def through(self, items: Iterator[list[Item]]) -> Iterator[Item]:
        """The items of records, told of after each."""
        for some in items:
            yield from some
            self._done += 1
            if self._progress is not None:
                self._progress(self._done, self._total)


def _known(path: str | os.PathLike[str]) -> Grids:
    """What a file that is added to describes already, read before it is locked."""
    if not Path(path).exists():
        return Grids()
    with fst24.open(path) as f:
        return Grids(one for name in _DESCRIPTORS for one in f.read_records(nomvar=name))


def _items(plan: Plan, drops: Told | None) -> Iterator[list[Item]]:
    """What is written for each record of a variable: the record, and its mask where it has one.

    ``drops`` is told of extended metadata, where the file keeps none.
    """
    columns = plan.columns()
    if plan.stored is not None and plan.units.is_same:
        for some in _copies(plan, plan.stored, columns):
            for record, changed in some:
                if drops is not None and record.metadata:
                    changed["metadata"] = {}
                    drops.add(
                        "XDF files keep no extended metadata", str(plan.name), "backend='RSF' does"
                    )
            yield some
        return
    is_masked = str(plan.fields["typvar"])[1:2] == "@" and str(plan.fields["typvar"]) != "@@"
    places = None if plan.stored is None else plan.stored.places.ravel()
    has_gaps = bool(kept_of(plan.variable))  # of records that were not there
    for start, values in blocks(plan.variable, plan.outer):
        part = values.shape[: len(plan.outer)]
        for index, row in rows_of(plan.shape, start, part):
            if places is not None and places[row] < 0:
                yield []  # a gap between records
                continue
            written = record_of(_field(plan, values[index]), plan.units, plan.packing)
            mask = written.arguments.get("mask")
            if has_gaps and mask is not None and mask.all():
                yield []
                continue
            fields = fields_at(columns, row)
            if is_masked and mask is not None:
                yield with_mask(written, fields)
            else:
                yield [(written.values, fields | written.arguments)]


def _field(plan: Plan, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """One field in C order: ([nk,] nj, ni)."""
    left = [dim for dim in plan.variable.dims if dim not in plan.outer]
    values = values.transpose([left.index(dim) for dim in plan.inner])
    for dim, order in plan.placed.order.items():
        axis = plan.inner.index(dim)
        is_reversed = len(order) > 1 and order[0] > order[-1] and (np.diff(order) == -1).all()
        values = np.flip(values, axis) if is_reversed else np.take(values, order, axis)
    levels = values.shape[:1] if plan.has_k else ()
    if len(plan.placed.dims) == 2 and plan.placed.grid.nj == values.shape[-2]:  # noqa: PLR2004
        return values
    grid = plan.placed.grid
    size = (grid.nj, grid.ni)
    if grid.ni * grid.nj * int(np.prod(levels)) != values.size:
        size = values.shape[len(levels) :]  # a field without a known place
    return values.reshape(*levels, *size)


# ------------------------------------------------------------------------------------- copies


def _copies(
    plan: Plan, stored: Stored, columns: dict[str, npt.NDArray[Any]]
) -> Iterator[list[Item]]:
    """Records as they are stored, with the fields that coordinates changed.

    Where another type is asked for, they are decoded and packed anew.
    """
    valid = _flat(plan, plan.times.valid)
    lead = _flat(plan, plan.times.lead)
    for index, row in rows_of(plan.shape, (0,) * len(plan.shape), plan.shape):
        record = stored.record(index)
        if record is None:
            yield []
            continue
        fields = fields_at(columns, row)
        same = valid is None or _seconds(record.datev) == int(valid[row])
        if plan.times.knows_lead and lead is not None:
            same = same and record.deet * record.npas == int(lead[row])
        own = set(_DATES) if same else set()
        own |= {"nomvar", "typvar"}
        if plan.fields["etiket"].size == 1:  # not told by a coordinate
            own.add("etiket")
        if same_level(record.ip1, fields["ip1"]):
            own.add("ip1")
        if plan.times.tells_ip3:
            own.discard("ip3")
        changed = {
            key: value
            for key, value in fields.items()
            if (key in plan.asked or key not in own) and getattr(record, key) != value
        }
        if "dateo" in changed or "deet" in changed or "npas" in changed:
            changed |= {key: fields[key] for key in ("dateo", "deet", "npas")}
        is_real = record.datyp & _BASE in _FLOATS
        if "datyp" in plan.asked or ("nbits" in plan.asked and is_real):
            changed |= plan.packing.arguments
        items: list[Item] = [(record, changed)]
        mask = stored.mask(index)
        if mask is not None:
            left = ("typvar", *plan.packing.arguments)
            items.append((mask, {key: v for key, v in changed.items() if key not in left}))
        yield items


def _flat(plan: Plan, values: npt.NDArray[Any] | None) -> npt.NDArray[Any] | None:
    return None if values is None else np.broadcast_to(values, plan.shape).ravel()


def _seconds(stamp: int) -> int | None:
    when = date.decode(int(stamp))
    return None if when is None else int(when.timestamp())
