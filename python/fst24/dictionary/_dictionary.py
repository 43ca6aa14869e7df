"""A set of entries and how one of them is chosen; where the file of a site is found."""

from __future__ import annotations

import functools
import os
import warnings
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from fst24.dictionary._builtin import common_variables
from fst24.dictionary._variable import DictionaryError, DictionaryWarning

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from fst24.dictionary._variable import Language, Variable

# Below the directory that a variable names, best first. The first two places are today's
# (metadata.md, 6.1); older sites keep the file, in the same XML, beside opdict/ or as stdf.*.
_FILE_NAMES = (
    "opdict/ops.variable_dictionary.xml",
    "ops.variable_dictionary.xml",
    "stdf.variable_dictionary.xml",
)
_AFSISIO_CONSTANTS = "datafiles/constants"


class Dictionary:
    """Variables by name. Immutable once made.

    Parameters
    ----------
    variables : iterable of Variable
        Entries; several may have one nomvar (one a surface type, or old ones beside a current one).
        What they lack (CF names above all) is taken from the built-in table.
    typvars : mapping, optional
        Names of typvar letters by language.
    source : str
        The file they come from.
    """

    def __init__(
        self,
        variables: Iterable[Variable],
        typvars: Mapping[str, Mapping[Language, str]] | None = None,
        *,
        source: str = "built-in",
    ) -> None:
        entries: dict[str, list[Variable]] = {}
        for variable in variables:
            entries.setdefault(variable.nomvar, []).append(variable)
        # The first one that fits is taken: current entries go first, then the order of the file.
        self._entries = {
            name: tuple(sorted(group, key=lambda variable: variable.usage != "current"))
            for name, group in entries.items()
        }
        self.typvars: Mapping[str, Mapping[Language, str]] = MappingProxyType(dict(typvars or {}))
        self.source = source

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Dictionary:
        """Read a dictionary file (``ops.variable_dictionary.xml``).

        Raises
        ------
        OSError
            The file cannot be read.
        DictionaryError
            The file is no variable dictionary.
        """
        from fst24.dictionary._xml import read_dictionary

        variables, typvars = read_dictionary(Path(path))
        return cls(variables, typvars, source=os.fspath(path))

    def __repr__(self) -> str:
        """``<Dictionary built-in, 142 names>``."""
        return f"<Dictionary {self.source}, {len(self):,} names>"

    def __len__(self) -> int:
        """How many different names there are."""
        return len(self._entries)

    def __iter__(self) -> Iterator[str]:
        """The names, in the order of the file."""
        return iter(self._entries)

    def __contains__(self, nomvar: object) -> bool:
        """Whether the dictionary itself (not the built-in table) has a name."""
        return isinstance(nomvar, str) and _name(nomvar) in self._entries

    def variants(self, nomvar: str) -> tuple[Variable, ...]:
        """All entries of a name, current ones first: one for each surface type, for example."""
        return self._entries.get(_name(nomvar), ())

    def lookup(
        self,
        nomvar: str,
        *,
        ip1: int | None = None,
        ip2: int | None = None,
        ip3: int | None = None,
        etiket: str | None = None,
    ) -> Variable | None:
        """What is known of a variable.

        An entry made for the very `ip1`, `ip2`, `ip3` or `etiket` (codes as stored) wins over the
        entry of the name as a whole. Where only such entries exist and none fits, their titles are
        cut to the words that all of them share.

        Returns
        -------
        Variable or None
            None when neither this dictionary nor the built-in table has the name.
        """
        name = _name(nomvar)
        common = common_variables().get(name)
        group = self._entries.get(name)
        if not group:
            return common
        current = [v for v in group if v.usage == "current"] or list(group)
        wanted = {"ip1": ip1, "ip2": ip2, "ip3": ip3}
        etiket = None if etiket is None else etiket.rstrip(" ")
        found = (
            _first(v for v in current if _is_made_for(v, wanted, etiket))
            or _first(v for v in current if not v.is_narrow)
            or _first(v for v in group if _is_made_for(v, wanted, etiket))
            or _shared(current)
        )
        return _completed(found, common)

    def columns(
        self, nomvars: Iterable[str], *, language: Language = "en"
    ) -> dict[str, list[str | None]]:
        """Name, units and CF name of many variables, one list a column.

        Each different name is looked up once; a table gives its unique ones.

        Returns
        -------
        dict
            ``long_name`` (nomvar itself when nothing is known), ``units`` (UDUNITS spelling),
            ``standard_name``; None where not known.
        """
        known: dict[str, tuple[str, str | None, str | None]] = {}
        rows = []
        for nomvar in nomvars:
            row = known.get(nomvar)
            if row is None:
                variable = self.lookup(nomvar)
                row = known[nomvar] = (
                    (nomvar, None, None)
                    if variable is None
                    else (variable.title(language), variable.units, variable.standard_name)
                )
            rows.append(row)
        names = ("long_name", "units", "standard_name")
        return {name: [row[i] for row in rows] for i, name in enumerate(names)}

    def labels(self, nomvar: str, language: Language = "en") -> dict[int, str]:
        """What distinguishes the entries of a name that are made for one ip1 each.

        Returns
        -------
        dict
            By ip1, the words of the title that not all of them share; empty for a name without
            such entries.
        """
        group = [v for v in self.variants(nomvar) if v.ip1 is not None and v.usage == "current"]
        titles = [v.title(language).split() for v in group]
        if len(group) < 2:  # noqa: PLR2004 - one entry has nothing to differ from
            return {}
        head, tail = _shared_ends(titles)
        return {
            variable.ip1: " ".join(title[head : len(title) - tail]).strip(" ,;:-()")
            for variable, title in zip(group, titles, strict=True)
            if variable.ip1 is not None
        }


def _name(nomvar: str) -> str:
    """As stored: upper case, without trailing blanks."""
    if not isinstance(nomvar, str):
        raise TypeError(f"nomvar is text, not {nomvar!r}")
    return nomvar.rstrip(" ").upper()


def _first(variables: Iterable[Variable]) -> Variable | None:
    return next(iter(variables), None)


def _is_made_for(variable: Variable, wanted: Mapping[str, int | None], etiket: str | None) -> bool:
    """Whether an entry is narrowed by an ip or etiket and all that narrows it was asked for.

    Level and kind alone decide nothing: they repeat what ip1 says.
    """
    is_narrow = False
    for field, value in wanted.items():
        own = getattr(variable, field)
        if own is not None:
            if own != value:
                return False
            is_narrow = True
    if variable.etiket:
        return variable.etiket == etiket
    return is_narrow


def _shared_ends(titles: list[list[str]]) -> tuple[int, int]:
    """How many words all titles begin with, and how many others all end with."""
    shortest = min(map(len, titles))
    head = 0
    while head < shortest and len({title[head] for title in titles}) == 1:
        head += 1
    tail = 0
    while tail < shortest - head and len({title[-1 - tail] for title in titles}) == 1:
        tail += 1
    return head, tail


def _shared_words(titles: list[str]) -> str:
    """What is left of the first title when the words that differ are taken out."""
    words = [title.split() for title in titles]
    head, tail = _shared_ends(words)
    return " ".join(words[0][:head] + words[0][len(words[0]) - tail :]).strip(" ,;:-(")


def _shared(current: list[Variable]) -> Variable:
    """One entry for a name that has narrow ones only."""
    return replace(
        current[0],
        long_name=_shared_words([v.long_name for v in current]),
        long_name_fr=_shared_words([v.long_name_fr for v in current]),
        definition="",
        definition_fr="",
        ip1=None,
        ip2=None,
        ip3=None,
        level="",
        kind="",
        etiket="",
    )


def _completed(variable: Variable, common: Variable | None) -> Variable:
    """`variable` with what only the built-in table knows.

    The CF name goes with the unit: another unit than the table's means another quantity, unless one
    of the two is not known.
    """
    if common is None or variable is common:
        return variable
    same_label = variable.units_label == common.units_label or not variable.units_label
    units = common.units if same_label else variable.units
    agree = units == common.units or units is None or common.units is None
    return replace(
        variable,
        long_name=variable.long_name or common.long_name,
        long_name_fr=variable.long_name_fr or common.long_name_fr,
        units=units,
        units_label=variable.units_label or common.units_label,
        standard_name=common.standard_name if agree else None,
        cell_methods=common.cell_methods,
        height=common.height,
        remark=common.remark,
    )


def builtin() -> Dictionary:
    """The table of common variables that comes with fst24, whatever the environment says."""
    return _builtin_dictionary()


@functools.cache
def _builtin_dictionary() -> Dictionary:
    return Dictionary(common_variables().values())


def load(path: str | os.PathLike[str]) -> Dictionary:
    """Read a dictionary file; see `Dictionary.load`."""
    return Dictionary.load(path)


def default() -> Dictionary:
    """The dictionary of this site.

    That is the file which ``$CMCCONST`` or else ``$AFSISIO`` leads to, read once a process, or the
    built-in table when neither is set. When one is set and leads to no readable dictionary, a
    `DictionaryWarning` says so, once, and the built-in table is used.
    """
    return _site_dictionary(os.environ.get("CMCCONST", ""), os.environ.get("AFSISIO", ""))


@functools.lru_cache(maxsize=8)
def _site_dictionary(cmcconst: str, afsisio: str) -> Dictionary:
    """The answer for one state of the environment; being kept, its warning is given once."""
    named = []
    if cmcconst.strip():
        named.append(("CMCCONST", Path(cmcconst.strip())))
    if afsisio.strip():
        named.append(("AFSISIO", Path(afsisio.strip()) / _AFSISIO_CONSTANTS))
    reasons = []
    for variable, directory in named:
        for file_name in _FILE_NAMES:
            path = directory / file_name
            try:
                return Dictionary.load(path)
            except (FileNotFoundError, NotADirectoryError):
                continue
            except (OSError, DictionaryError) as error:
                reasons.append(f"{variable}: {error}")
        if not directory.is_dir():
            reasons.append(f"{variable} names {directory}, which is not a directory")
        else:
            reasons.append(f"{variable}: {directory} holds no {_FILE_NAMES[0]}")
    if reasons:
        warnings.warn(
            f"no variable dictionary could be read ({'; '.join(reasons)}): names and units come "
            "from the built-in table",
            DictionaryWarning,
            stacklevel=4,
        )
    return builtin()
