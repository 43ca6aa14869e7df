"""Any sequence of operations leaves a file that opens and holds what a list in memory says."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

import fst24
from tests.support.rsfcheck import check_rsf

if TYPE_CHECKING:
    import numpy.typing as npt

SHAPES = [(1, 1), (2, 3), (5, 4, 2), (20, 18)]
#: How values are stored, nothing lost: arguments of write, and the dtype.
FORMS: list[tuple[dict[str, Any], str]] = [
    ({}, "f4"),
    ({"compress": True}, "f4"),
    ({"compress": "best"}, "f4"),
    ({}, "f8"),
    ({"nbits": 12}, "u2"),
    ({"compress": True}, "u2"),
    ({"datyp": 0}, "u4"),
]
#: The fields that the machine changes, few values each: many records are the same.
FIELDS = st.fixed_dictionaries(
    {"nomvar": st.sampled_from(["TT", "UU"])},
    optional={
        "ip1": st.integers(0, 2),
        "ip3": st.integers(0, 1),
        "etiket": st.sampled_from(["", "RUN"]),
        "origin_time": st.sampled_from(["2024-05-17", "1970-01-01T12"]),
        "npas": st.integers(0, 1),
    },
)
METADATA = st.none() | st.dictionaries(
    st.sampled_from(["a", "b"]), st.integers(0, 99) | st.text(max_size=9), max_size=2
)
#: Of the records there are; some are met again and again.
PLACES = st.sampled_from([0, 0, 1, -1]) | st.integers(0, 10**6)
REWRITES = st.sampled_from(["no", "no", "yes", "skip"])


@dataclass(frozen=True)
class Entry:
    """A record of the model. ``key`` is what makes two the same, but for the shape."""

    nomvar: str
    values: npt.NDArray[Any]
    mask: npt.NDArray[np.bool_] | None
    ip1: int = 0
    ip3: int = 0
    etiket: str = ""
    origin_time: str = ""
    npas: int = 0
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> tuple[Any, ...]:
        fields = (self.nomvar, self.ip1, self.ip3, self.etiket, self.origin_time, self.npas)
        return (*fields, self.values.shape + (1,) * (3 - self.values.ndim))


class Sequences(RuleBasedStateMachine):
    """A writer, and what its file has to hold."""

    backend: ClassVar[Literal["XDF", "RSF"]]

    @initialize(mode=st.sampled_from(["w", "a", "x"]))
    def begin(self, mode: Literal["w", "a", "x"]) -> None:
        self.place = Path(tempfile.mkdtemp())
        self.path = self.place / "file.fst"
        self.model: list[Entry] = []
        self.on_disk: list[Entry] | None = None  # what was there when a new file was begun
        self.count = 0
        self.in_place = mode == "a"
        self.f = fst24.open(self.path, mode, backend=self.backend, sync=False)

    def teardown(self) -> None:
        if hasattr(self, "place"):
            self.close()
            self.assert_holds_on_disk(self.model)
            shutil.rmtree(self.place)

    # --------------------------------------------------------------------------- helpers

    def made(
        self, fields: dict[str, Any], shape: tuple[int, ...], form: int, *, masked: bool
    ) -> tuple[Entry, dict[str, Any]]:
        """A new entry, and what to call write with besides its values."""
        packing, dtype = FORMS[form]
        self.count += 1
        k = self.count % 2000
        values = np.asfortranarray((np.arange(np.prod(shape)) % 97 + k).reshape(shape), dtype)
        mask = None
        if masked and packing.get("datyp") != 0:
            mask = np.zeros(shape, np.bool_)
            mask.flat[::3] = True
        return Entry(values=values, mask=mask, **fields), packing | fields

    def add(self, entry: Entry, rewrite: str) -> bool:
        same = next((i for i, one in enumerate(self.model) if one.key == entry.key), None)
        if same is not None and rewrite == "skip":
            return False
        if same is not None and rewrite == "yes":
            del self.model[same]
        self.model.append(entry)
        return True

    def with_metadata(self, entry: Entry, metadata: dict[str, Any] | None) -> Entry:
        return replace(entry, metadata=metadata or {})

    def close(self) -> None:
        if not self.f.closed:
            self.f.close()
            self.on_disk = None

    def assert_same(self, record: fst24.Fst24Record, entry: Entry) -> None:
        assert record.nomvar == entry.nomvar
        assert (record.ip1, record.ip3, record.npas) == (entry.ip1, entry.ip3, entry.npas)
        assert record.etiket == entry.etiket
        assert (record.metadata or {}) == entry.metadata

    def assert_values(self, record: fst24.Fst24Record, entry: Entry) -> None:
        read = record.data
        assert read.dtype == entry.values.dtype
        assert read.shape == entry.values.shape
        if entry.mask is None:
            assert record.mask is None
            assert np.array_equal(read, entry.values)
            return
        assert record.mask is not None
        assert np.array_equal(record.mask, entry.mask)
        assert np.array_equal(read[~entry.mask], entry.values[~entry.mask])

    def assert_holds(self, f: fst24.Fst24File, model: list[Entry]) -> None:
        assert len(f) == len(model)
        for record, entry in zip(f, model, strict=True):
            self.assert_same(record, entry)
            self.assert_values(record, entry)

    def assert_holds_on_disk(self, model: list[Entry]) -> None:
        with fst24.open(self.path) as f:
            self.assert_holds(f, model)
        if self.backend == "RSF":
            entries = check_rsf(self.path.read_bytes()).entries
            assert sum(entry.live for entry in entries) == len(model)

    # ----------------------------------------------------------------------------- rules

    @rule(
        fields=FIELDS,
        shape=st.sampled_from(SHAPES),
        form=st.integers(0, len(FORMS) - 1),
        masked=st.booleans(),
        metadata=METADATA,
        rewrite=REWRITES,
    )
    def write(  # noqa: PLR0917 - hypothesis names them
        self,
        fields: dict[str, Any],
        shape: tuple[int, ...],
        form: int,
        masked: bool,
        metadata: dict[str, Any] | None,
        rewrite: Any,
    ) -> None:
        entry, how = self.made(fields, shape, form, masked=masked)
        if self.backend == "RSF":
            entry = self.with_metadata(entry, metadata)
            how |= {"metadata": metadata}
        told = self.f.write(entry.values, mask=entry.mask, rewrite=rewrite, **how)
        assert (told is not None) == self.add(entry, rewrite)

    @rule(
        jobs=st.lists(
            st.tuples(FIELDS, st.sampled_from(SHAPES), st.integers(0, len(FORMS) - 1), REWRITES),
            max_size=12,
        )
    )
    def write_many(self, jobs: list[tuple[dict[str, Any], tuple[int, ...], int, str]]) -> None:
        items: list[tuple[npt.NDArray[Any], dict[str, Any]]] = []
        wanted: list[bool] = []
        for fields, shape, form, rewrite in jobs:
            entry, how = self.made(fields, shape, form, masked=False)
            items.append((entry.values, how | {"rewrite": rewrite}))
            wanted.append(self.add(entry, rewrite))
        told = self.f.write_many(items, threads=2)
        assert [one is not None for one in told] == wanted

    @rule(n=st.integers(1, 300))
    def write_a_crowd(self, n: int) -> None:
        # More than a page of an XDF directory has.
        first = self.count
        for _ in range(n):
            self.add(self.made({"nomvar": "CR"}, (1, 1), 0, masked=False)[0], "no")
        crowd: list[tuple[npt.NDArray[Any], dict[str, Any]]] = [
            (one.values, {}) for one in self.model[len(self.model) - n :]
        ]
        self.f.write_many(crowd, nomvar="CR", threads=1)
        assert self.count == first + n

    @precondition(lambda self: self.model)
    @rule(at=PLACES, fields=FIELDS, form=st.integers(0, len(FORMS) - 1))
    def rewrite_with_other_values(self, at: int, fields: dict[str, Any], form: int) -> None:
        at %= len(self.model)
        old = self.model[at]
        entry, how = self.made(fields, old.values.shape, form, masked=False)
        kept = {n: getattr(old, n) for n in ("ip1", "ip3", "etiket", "npas", "metadata")}
        new = replace(entry, **{n: v for n, v in kept.items() if n not in fields})
        how.setdefault("datyp", {"f": 5, "u": 2}[new.values.dtype.kind])
        how.setdefault("nbits", 8 * new.values.dtype.itemsize)
        # A date that is not given stays; with other steps the model would have to compute it.
        how |= {"origin_time": fields.get("origin_time", old.origin_time or None), "npas": new.npas}
        new = replace(new, origin_time=fields.get("origin_time", old.origin_time))
        if new.origin_time == "":
            how |= {"datev": 0}
        self.f.rewrite(at, new.values, **how)
        del self.model[at]
        self.model.append(new)

    @precondition(lambda self: self.model)
    @rule(at=PLACES, rewrite=REWRITES)
    def write_the_same(self, at: int, rewrite: Any) -> None:
        old = self.model[at % len(self.model)]
        entry, how = self.made({"nomvar": old.nomvar}, old.values.shape, 0, masked=False)
        entry = replace(old, values=entry.values, mask=None, metadata={})
        told = self.f.write(entry.values, like=self.f[at % len(self.model)], rewrite=rewrite, **how)
        assert (told is not None) == self.add(entry, rewrite)

    @precondition(lambda self: self.model)
    @rule(at=PLACES, etiket=st.sampled_from(["", "COPY"]))
    def copy_as_stored(self, at: int, etiket: str) -> None:
        at %= len(self.model)
        self.f.write(self.f[at], etiket=etiket)
        self.model.append(replace(self.model[at], etiket=etiket))

    @precondition(lambda self: self.model)
    @rule(places=st.lists(PLACES, max_size=5))
    def delete(self, places: list[int]) -> None:
        places = sorted({at % len(self.model) for at in places})
        assert self.f.delete(places) == len(places)
        self.model = [one for at, one in enumerate(self.model) if at not in places]

    @precondition(lambda self: self.model)
    @rule(at=PLACES, ip1=st.integers(0, 2), etiket=st.sampled_from(["", "EDIT"]))
    def edit(self, at: int, ip1: int, etiket: str) -> None:
        at %= len(self.model)
        self.f.edit(self.f[at], ip1=ip1, etiket=etiket)
        self.model[at] = replace(self.model[at], ip1=ip1, etiket=etiket)

    @rule()
    def refused(self) -> None:
        with pytest.raises(fst24.EncodingError):
            self.f.write(np.array([[np.nan, 1]], np.float32), nomvar="TT", nbits=12)

    @rule()
    def flush(self) -> None:
        self.f.flush()
        if self.in_place:
            self.assert_flushed()

    def assert_flushed(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it is being written is what they say
            with fst24.open(self.path) as f:
                assert [r.nomvar for r in f] == [one.nomvar for one in self.model]

    @rule(parallel=st.booleans())
    def reopen(self, parallel: bool) -> None:
        self.close()
        self.assert_holds_on_disk(self.model)
        self.in_place = True
        shared = parallel and self.backend == "RSF"
        size = 1 if shared else None
        self.f = fst24.open(self.path, "a", parallel=shared, segment_size_mb=size, sync=False)

    @rule()
    def begin_a_new_file(self) -> None:
        self.close()
        self.on_disk, self.model = self.model, []
        self.in_place = False
        self.f = fst24.open(self.path, "w", backend=self.backend, sync=False)

    @precondition(lambda self: self.in_place or self.on_disk is not None)
    @rule()
    def abandon(self) -> None:
        self.f.abandon()
        if not self.in_place:
            assert self.on_disk is not None
            self.model, self.on_disk = self.on_disk, None
        self.assert_holds_on_disk(self.model)
        assert [one.name for one in self.place.iterdir()] == ["file.fst"]
        self.in_place = True
        self.f = fst24.open(self.path, "a", sync=False)

    # ------------------------------------------------------------------------- invariants

    @invariant()
    def the_writer_shows_what_was_written(self) -> None:
        if not hasattr(self, "f"):
            return
        assert len(self.f) == len(self.model)
        for at in {0, len(self.model) // 2, len(self.model) - 1} if self.model else ():
            self.assert_same(self.f[at], self.model[at])
            self.assert_values(self.f[at], self.model[at])

    @invariant()
    def the_old_file_stays_until_the_new_one_is_closed(self) -> None:
        if getattr(self, "on_disk", None) is not None:
            with fst24.open(self.path) as f:
                assert len(f) == len(self.on_disk or [])


class XdfSequences(Sequences):
    backend = "XDF"


class RsfSequences(Sequences):
    backend = "RSF"


BRIEF = settings(
    max_examples=40,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
XdfSequences.TestCase.settings = BRIEF
RsfSequences.TestCase.settings = BRIEF
TestXdf = XdfSequences.TestCase
TestRsf = RsfSequences.TestCase
