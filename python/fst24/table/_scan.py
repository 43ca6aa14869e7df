"""Many files as one LazyFrame: what the query does not ask for is not made."""

from __future__ import annotations

import inspect
import os
import warnings
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

import numpy as np

from fst24._errors import Fst24Error, Fst24Warning, InvalidArgumentError, make_warning
from fst24._settings import thread_settings

from ._cache import BLOCK_ROWS, DiskCache
from ._decoder import Decoding, DefaultMetadataDecoder, MetadataDecoder
from ._index import (
    INDEXES,
    STORED,
    DamagedBlockError,
    Index,
    Rows,
    Stamp,
    list_files,
    schema_of,
    stamp_of,
)
from ._paths import Named, expand
from ._table import COLUMNS, CORE, shown_path

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    import numpy.typing as npt
    import polars as pl

    from ._index import Block

OnError = Literal["raise", "warn", "skip"]

#: Files looked at together: few at first, for those who want the first rows only.
_FIRST_FILES, _MOST_FILES = 16, 1 << 14
#: Files listed anew in one go: before they are one table, each has one of 30 KB or more.
_MOST_LISTED = 256
#: Records whose indexes wait to be stored, and are in memory until then.
_MOST_UNSAVED = 1 << 22
#: Files that one warning names.
_MOST_NAMED = 5
_ROW = "\0row"


def scan(
    paths: Any,  # noqa: ANN401 - described below
    *,
    decode_metadata: bool = False,
    decoder: MetadataDecoder | None = None,
    on_error: OnError = "raise",
    cache: str | os.PathLike[str] | None = None,
    recursive: bool = False,
    threads: int | None = None,
) -> pl.LazyFrame:
    """The metadata of many files as a LazyFrame: one row a record.

    Nothing is opened before the frame is collected, and then only what the query needs: files
    that a filter on ``path`` rules out are not opened, columns that nobody asks for are not made,
    decoded ones only for the rows that the filter on the others leaves. The list of files is that
    of the call of `scan`; the files are looked at again each time the frame is collected.

    Parameters
    ----------
    paths : path, glob, directory, or an iterable of these, nested or not
        Files come in the order given; those of a directory or of a glob sorted by name; a file that
        is named twice comes once. Of a directory hidden files are left out, a glob names files
        only. ``~`` is your home, ``**`` in a glob any directories.
    decode_metadata : bool
        Add what the raw columns mean, see `Fst24File.to_polars`.
    decoder : MetadataDecoder, optional
        What to add; has to give the same columns for all records.
    on_error : {"raise", "warn", "skip"}
        What to do with a file that cannot be listed (not a standard file, not readable ...): raise
        its error, or leave it out and warn, for each file (``"warn"``) or once for all of them
        (``"skip"``; the errors are in the warning's ``errors``).
    cache : path, optional
        A directory where indexes of files are kept for the next process; made if it is not there.
        The process itself remembers indexes in any case (256 MiB at most). An index is used as long
        as the file has the same device, inode, size and times. Let nobody write there whom you do
        not trust.
    recursive : bool
        Enter the directories in a directory.
    threads : int, optional
        Threads that list files; see `enable_thread_safety` for the number without it.

    Returns
    -------
    polars.LazyFrame
        The columns of `Fst24File.to_polars` and ``path``. ``index`` counts in each file.

    Raises
    ------
    FileNotFoundError
        A path does not exist (but with ``on_error``, when the frame is collected), or nothing
        matches a glob.
    Fst24Error
        When the frame is collected: the error of the first file that cannot be listed.

    Warns
    -----
    Fst24Warning
        What is wrong with a file that can be listed, as `open` does; a cache that cannot be
        written.

    >>> found = fst24.scan([sample, sample_later]).filter(nomvar="P0").select("ip2", "npas")
    >>> found.collect().rows()
    [(0, 0), (3, 36)]
    """
    if on_error not in get_args(OnError):
        known = ", ".join(map(repr, get_args(OnError)))
        raise InvalidArgumentError(f"on_error={on_error!r}: it is one of {known}")
    if threads is not None and threads < 1:
        raise InvalidArgumentError(f"threads={threads}: at least one is needed")
    if decoder is None and decode_metadata:
        decoder = DefaultMetadataDecoder()
    files = expand(paths, recursive=recursive, must_exist=on_error == "raise")
    disk = None
    if cache is not None:
        home = os.path.expanduser(os.fsdecode(cache))  # noqa: PTH111 - keeps what a name may be
        disk = DiskCache(os.path.abspath(home))  # noqa: PTH100
    source = _Source(files, decoder if decode_metadata else None, on_error, disk, threads)
    return _lazy(source)


def _lazy(source: _Source) -> pl.LazyFrame:
    """The source as a LazyFrame: what Polars pushes into it, where it does so rightly.

    That is from 1.22 on, known by its signature: the versions before it, from 1.8 on, forget
    filters that they cannot push, and older ones have no sources. They get a frame of all rows.
    """
    import polars as pl

    try:
        from polars.io.plugins import register_io_source
    except ImportError:
        known: Mapping[str, inspect.Parameter] = {}
    else:
        known = inspect.signature(register_io_source).parameters
    if "schema" not in known or known["schema"].kind is not inspect.Parameter.KEYWORD_ONLY:
        return pl.concat(list(source())).lazy()
    wishes = {"is_pure": True, "explain_name": "fst24.scan"}
    options = {name: value for name, value in wishes.items() if name in known}
    return register_io_source(source, schema=source.schema, **options)  # type: ignore[arg-type]


class _Source:
    """What Polars asks for batches: files, and how to list them."""

    def __init__(
        self,
        files: Sequence[Named],
        decoder: MetadataDecoder | None,
        on_error: OnError,
        disk: DiskCache | None,
        threads: int | None,
    ) -> None:
        self.files = files
        self.decoding = None if decoder is None else Decoding(decoder)
        self.on_error = on_error
        self.disk = disk
        self.threads = threads
        self.schema = schema_of((*COLUMNS, "path"))
        if self.decoding is not None:
            self.schema |= self.decoding.schema

    def __call__(
        self,
        with_columns: list[str] | None = None,
        predicate: pl.Expr | None = None,
        n_rows: int | None = None,
        batch_size: int | None = None,  # noqa: ARG002 - batches are as files come
    ) -> Iterator[pl.DataFrame]:
        names = list(self.schema) if with_columns is None else with_columns
        return _frames(self, names or ["nomvar"], _Filter.of(predicate, self), n_rows)


def _frames(
    source: _Source, names: list[str], wanted: _Filter, n_rows: int | None
) -> Iterator[pl.DataFrame]:
    """The batches of one query, one at least."""
    import polars as pl

    # Rows are counted before they are filtered: no file may be left out of the count.
    files = wanted.files(source.files) if n_rows is None else source.files
    if n_rows is not None:
        wanted = wanted.with_path()
    left = n_rows
    listing = _Listing(source)
    given = False
    try:
        for some, indexes in listing.windows(files if left != 0 else ()):
            try:
                n, frame = _taken(_Batch(some, indexes, source.decoding), names, wanted, left)
            except DamagedBlockError:
                again = listing.anew(some, indexes)
                n, frame = _taken(_Batch(*again, source.decoding), names, wanted, left)
            left = None if left is None else left - n
            if frame.height:
                given = True
                yield frame
            if left == 0:
                break
        if not given:
            yield pl.DataFrame(schema={name: source.schema[name] for name in names})
    finally:
        listing.finish()


def _taken(
    batch: _Batch, names: list[str], wanted: _Filter, most: int | None
) -> tuple[int, pl.DataFrame]:
    """How many of the first rows of a batch are looked at, and what a filter leaves of them."""
    if most is None or most >= batch.n:
        return batch.n, batch.frame(names, wanted, None)
    return most, batch.frame(names, wanted, np.arange(most))


# ------------------------------------------------------------------------------------- filters


class _Filter(NamedTuple):
    """A predicate as parts that all have to hold: those that need less are asked first."""

    of_path: tuple[pl.Expr, ...]
    #: (columns, parts): of raw columns, then of decoded ones.
    of_rows: tuple[tuple[list[str], tuple[pl.Expr, ...]], ...]

    @classmethod
    def of(cls, predicate: pl.Expr | None, source: _Source) -> _Filter:
        decoded = set() if source.decoding is None else set(source.decoding.schema)
        parts: tuple[list[pl.Expr], ...] = ([], [], [])
        for part in [] if predicate is None else _conjuncts(predicate):
            roots = set(part.meta.root_names())
            parts[0 if roots == {"path"} else 1 if roots.isdisjoint(decoded) else 2].append(part)
        of_rows = tuple(
            (sorted({n for part in some for n in part.meta.root_names()}), tuple(some))
            for some in parts[1:]
            if some
        )
        return cls(tuple(parts[0]), of_rows)

    def with_path(self) -> _Filter:
        """The same for rows of files that were not chosen by `files`."""
        of_path = ((["path"], self.of_path),) if self.of_path else ()
        return _Filter((), of_path + self.of_rows)

    def files(self, files: Sequence[Named]) -> Sequence[Named]:
        """The files that may hold rows."""
        import polars as pl

        if not self.of_path:
            return files
        frame = pl.DataFrame(
            {"path": [shown_path(file.path) for file in files], _ROW: range(len(files))},
            schema={"path": pl.Utf8, _ROW: pl.UInt32},
        )
        kept = frame.filter(pl.all_horizontal(self.of_path)).get_column(_ROW)
        return [files[i] for i in kept.to_list()]


def _conjuncts(predicate: pl.Expr) -> list[pl.Expr]:
    """The parts of ``a & b & c``."""
    found: list[pl.Expr] = []
    waiting = [predicate]
    while waiting:
        now = waiting.pop()
        inputs = now.meta.pop()
        pairs = [inputs, inputs[::-1]] if len(inputs) == 2 else []  # noqa: PLR2004
        pair = next((pair for pair in pairs if (pair[0] & pair[1]).meta.eq(now)), None)
        if pair is None:
            found.append(now)
        else:
            waiting += pair[::-1]
    return found


# ------------------------------------------------------------------------------------- batches


class _Batch:
    """The records of some files."""

    def __init__(
        self, files: Sequence[Named], indexes: Sequence[Index], decoding: Decoding | None
    ) -> None:
        self._files = files
        self._rows = Rows(indexes)
        self._decoding = decoding
        self.n = self._rows.n

    def frame(
        self, names: list[str], wanted: _Filter, rows: npt.NDArray[np.int64] | None
    ) -> pl.DataFrame:
        """The columns of the rows that a filter leaves, of all or of some."""
        import polars as pl

        have: dict[str, pl.Series] = {}
        for columns, parts in wanted.of_rows:
            self._add(have, columns, rows)
            places = np.arange(self.n) if rows is None else rows
            marked = pl.DataFrame([*have.values(), pl.Series(_ROW, places)])
            marked = marked.filter(pl.all_horizontal(parts))
            if marked.height < len(places):
                rows = marked.get_column(_ROW).to_numpy()
                have = {name: marked.get_column(name) for name in have}
        self._add(have, names, rows)
        return pl.DataFrame([have[name] for name in names])

    def _add(
        self,
        have: dict[str, pl.Series],
        names: Collection[str],
        rows: npt.NDArray[np.int64] | None,
    ) -> None:
        """Make further columns of the same rows."""
        import polars as pl

        more = [name for name in names if name not in have]
        raw = [name for name in more if name in STORED]
        if raw:
            have |= {column.name: column for column in self._rows.frame(raw, rows).get_columns()}
        have |= {name: self._own(name, rows) for name in more if name in {"index", "path"}}
        decoded = [name for name in more if self._decoding and name in self._decoding.schema]
        if decoded and self._decoding is not None:
            core = [name for name in CORE if name in self._decoding.needed_for(decoded)]
            self._add(have, core, rows)
            found = self._decoding.decode(pl.DataFrame([have[name] for name in core]), decoded)
            have |= {column.name: column for column in found.get_columns()}

    def _own(self, name: str, rows: npt.NDArray[np.int64] | None) -> pl.Series:
        """The index, or the path."""
        import polars as pl

        if name == "index":
            return pl.Series(name, self._rows.place if rows is None else self._rows.place[rows])
        paths = pl.Series(name, [shown_path(file.path) for file in self._files], pl.Utf8)
        return paths.gather(pl.Series(self._rows.file if rows is None else self._rows.file[rows]))


# ------------------------------------------------------------------------------------- listing


class _Listing:
    """Finds the indexes of files, in memory, on disk or in the files, for one query."""

    def __init__(self, source: _Source) -> None:
        self._source = source
        self._disk = source.disk
        self._threads = source.threads or thread_settings().threads
        self._errors: list[Fst24Error] = []
        self._unsaved: list[tuple[str, Index]] = []
        self._n_unsaved = 0
        self._ready: dict[int, Block] = {}
        if self._disk is not None:
            self._disk.refresh()

    def windows(self, files: Sequence[Named]) -> Iterator[tuple[list[Named], list[Index]]]:
        """Files that can be listed, with their indexes, in order, some at a time."""
        n_files, at = _FIRST_FILES, 0
        while at < len(files):
            good, indexes, failed = self._window(files[at : at + n_files])
            at += n_files
            if good:
                yield good, indexes
            if failed is not None:
                raise failed
            self._n_unsaved += sum(index.n for index in indexes)
            if self._disk is not None and self._n_unsaved > _MOST_UNSAVED:
                self._save(self._disk)
            n_rows = max(1, sum(index.n for index in indexes))
            most = max(self._threads, len(good) * BLOCK_ROWS // n_rows)
            n_files = min(4 * n_files, most, _MOST_FILES)

    def anew(
        self, files: Sequence[Named], indexes: Sequence[Index]
    ) -> tuple[list[Named], list[Index]]:
        """The same for files whose indexes turned out to be damaged."""
        for block in {id(index.block): index.block for index in indexes}.values():
            INDEXES.drop_block(block)
            if self._disk is not None:
                self._disk.drop(block)
        good, indexes, failed = self._window(files)
        if failed is not None:
            raise failed
        return good, indexes

    def _window(self, files: Sequence[Named]) -> tuple[list[Named], list[Index], Fst24Error | None]:
        """Files up to the first whose error has to be raised, their indexes, this error."""
        good: list[Named] = []
        indexes: list[Index] = []
        failed: Fst24Error | None = None
        for file, found in zip(files, self._indexes(files), strict=True):
            if not isinstance(found, Index):
                failed = self._leave_out(found)
                if failed is not None:
                    break
                continue
            good.append(file)
            indexes.append(found)
            for told in found.warnings:
                warnings.warn(make_warning(told, file.path), stacklevel=2)
        if self._disk is not None:
            self._unsaved += zip((file.name for file in good), indexes, strict=True)
        self._let_rest(indexes)
        return good, indexes, failed

    def _let_rest(self, used: Iterable[Index]) -> None:
        """Blocks that are used no more let go of what was made ready."""
        now = {id(index.block): index.block for index in used}
        for key, block in self._ready.items():
            if key not in now:
                block.rest()
        self._ready = now

    def _indexes(self, files: Sequence[Named]) -> list[Index | Fst24Error]:
        names = [file.name for file in files]
        stamps = [_stamp(name) for name in names]
        found: list[Index | Fst24Error | None] = list(INDEXES.find(names, stamps))
        new: list[tuple[str, Index]] = []
        if self._disk is not None and None in found:
            lacking = [i for i, one in enumerate(found) if one is None]
            stored = self._disk.find([names[i] for i in lacking], [stamps[i] for i in lacking])
            for i, one in zip(lacking, stored, strict=True):
                found[i] = one
                if one is not None:
                    new.append((names[i], one))
        lacking = [i for i, one in enumerate(found) if one is None]
        for low in range(0, len(lacking), _MOST_LISTED):
            some = lacking[low : low + _MOST_LISTED]
            listed = list_files([files[i] for i in some], [stamps[i] for i in some], self._threads)
            for i, made in zip(some, listed, strict=True):
                found[i] = made
                if isinstance(made, Index) and made.is_kept:
                    new.append((names[i], made))
        if new:
            INDEXES.keep(new)
        return [one for one in found if one is not None]

    def _leave_out(self, error: Fst24Error) -> Fst24Error | None:
        """The error if it has to be raised."""
        if self._source.on_error == "raise":
            error.add_note("scan(..., on_error='warn') lists the other files")
            return error
        self._errors.append(error)
        if self._source.on_error == "warn":
            warning = Fst24Warning(f"{error}; the file is left out")
            warning.path, warning.errors = error.path, (error,)
            warnings.warn(warning, stacklevel=2)
        return None

    def _save(self, disk: DiskCache) -> None:
        unsaved, self._unsaved, self._n_unsaved = self._unsaved, [], 0
        try:
            disk.save(unsaved)
        except OSError as error:
            self._disk = None  # told once
            warning = Fst24Warning(f"{disk.place}: the cache of indexes is not written: {error}")
            warning.path = disk.place
            warnings.warn(warning, stacklevel=2)

    def finish(self) -> None:
        """Say what was left out, and store what is not stored yet."""
        self._let_rest(())
        if self._disk is not None:
            self._save(self._disk)
        if self._errors and self._source.on_error == "skip":
            n = len(self._errors)
            named = "; ".join(str(error) for error in self._errors[:_MOST_NAMED])
            more = f"; and {n - _MOST_NAMED:,} more" if n > _MOST_NAMED else ""
            what = "file is" if n == 1 else "files are"
            warning = Fst24Warning(f"{n:,} {what} left out: {named}{more}")
            warning.errors = tuple(self._errors)
            warnings.warn(warning, stacklevel=2)


def _stamp(name: str) -> Stamp | OSError:
    try:
        return stamp_of(name)
    except OSError as error:
        return error
    except ValueError as error:  # a NUL byte in the name
        return OSError(0, str(error))
