"""What the two letters of ``typvar`` say (``docs/format/metadata.md``, 4.1).

The first letter is the kind of field (``P`` forecast, ``A`` analysis), the second what was done to
it. The flags are those of the metadata table, under the same names.

>>> from fst24 import typvar
>>> typvar.kind("P@"), typvar.flags("P@").masked
('forecast', True)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Flags", "columns", "encode", "flags", "kind"]

Language = Literal["en", "fr"]

_KINDS = {
    "A": ("analysis", "analyse"),
    "C": ("climatology", "climatologie"),
    "D": ("raw station data", "données brutes de stations"),
    "E": ("monthly error", "erreur mensuelle"),
    "K": ("constants", "constantes"),
    "M": ("verification matrix", "matrice de vérification"),
    "N": ("number of members", "nombre de membres"),
    "O": ("observation", "observation"),
    "P": ("forecast", "prévision"),
    "Q": ("diagnostic quantitative precipitation", "précipitations quantitatives diagnostiquées"),
    "R": ("analysis increment", "incrément d'analyse"),
    "S": ("scores", "scores"),
    "T": ("time series", "série temporelle"),
    "X": ("various", "divers"),
    "@": ("mask", "masque"),
    "!": ("mask of ensemble information", "masque d'information d'ensemble"),
}

# These mean something before one second letter only.
_PAIRS_ONLY = {"N": "N@", "@": "@@", "!": "!@"}


class Flags(NamedTuple):
    """What the second letter of a typvar says; all false when it is blank or unknown."""

    bounded: bool = False
    """B: values were clipped."""
    missing_data: bool = False
    """H or ?: some values are missing. The +64 flag of datyp says so too, independently."""
    masked: bool = False
    """@: a companion record of typvar ``@@`` tells which values count."""
    masks: bool = False
    """@@: the record is such a mask: 1 where values count."""
    ensemble_extra_info: bool = False
    """!: extra information of an ensemble."""
    multiple_modifications: bool = False
    """M: several of the changes that have a letter."""
    unit_converted: bool = False
    """U."""
    zapped: bool = False
    """Z: the metadata were edited."""
    filtered: bool = False
    """F."""
    interpolated: bool = False
    """I."""


_SECOND_LETTERS = {
    "B": Flags(bounded=True),
    "H": Flags(missing_data=True),
    "?": Flags(missing_data=True),
    "@": Flags(masked=True),
    "!": Flags(ensemble_extra_info=True),
    "M": Flags(multiple_modifications=True),
    "U": Flags(unit_converted=True),
    "Z": Flags(zapped=True),
    "F": Flags(filtered=True),
    "I": Flags(interpolated=True),
}
_NONE = Flags()
_MASKS = Flags(masks=True)

# Letters of single changes, in the order in which the reference tools choose among them.
_CHANGES = (
    ("multiple_modifications", "M"),
    ("zapped", "Z"),
    ("bounded", "B"),
    ("filtered", "F"),
    ("interpolated", "I"),
    ("unit_converted", "U"),
)


def flags(typvar: str) -> Flags:
    """The flags of one typvar, as stored or without its trailing blank.

    Returns
    -------
    Flags
        Never fails: a typvar that is not two characters long, or whose second letter means
        nothing, has no flag.

    >>> flags("PI").interpolated, flags("@@").masks, flags("@@").masked
    (True, True, False)
    """
    if len(typvar) != 2:  # noqa: PLR2004 - typvar has two characters
        return _NONE
    if typvar == "@@":
        return _MASKS
    return _SECOND_LETTERS.get(typvar[1], _NONE)


def kind(typvar: str, language: Language = "en") -> str | None:
    """What kind of field the first letter names; None when it has no meaning.

    >>> kind("A"), kind("A", "fr"), kind("@@"), kind("@")
    ('analysis', 'analyse', 'mask', None)
    """
    letter = typvar[:1]
    if _PAIRS_ONLY.get(letter, typvar) != typvar or letter not in _KINDS:
        return None
    return _KINDS[letter][0 if language == "en" else 1]


def encode(first: str, flags: Flags = _NONE) -> str:
    """The typvar of two characters for a kind of field and its flags.

    One letter has to stand for all flags: masks come first, then missing values, then ensemble
    information, and two or more changes together are ``M``.

    Parameters
    ----------
    first : str
        The first letter, kept unless the flags ask for a mask (``@@``, ``!@``).
    flags : Flags
        What to tell.

    Raises
    ------
    ValueError
        `first` is not one printable ASCII character, or is a lower case letter.

    >>> encode("P", Flags(filtered=True)), encode("P", Flags(filtered=True, zapped=True))
    ('PF', 'PM')
    """
    if len(first) != 1 or not " " <= first <= "_":
        message = f"typvar begins with one upper case letter or sign of ASCII, not {first!r}"
        raise ValueError(message)
    if flags.masked:
        return "!@" if flags.ensemble_extra_info else first + "@"
    if flags.masks:
        return "@@"
    changes = [letter for name, letter in _CHANGES if getattr(flags, name)]
    if flags.missing_data:
        second = "H"
    elif flags.ensemble_extra_info:
        second = "!"
    elif len(changes) > 1:
        second = "M"
    else:
        second = changes[0] if changes else " "
    return first + second


def columns(typvars: Iterable[str]) -> dict[str, list[bool]]:
    """The flags of many typvars, one list a flag.

    Each different typvar is looked at once; a table gives its unique ones.

    >>> columns(["P", "PF", "P"])["filtered"]
    [False, True, False]
    """
    known: dict[str, Flags] = {}
    rows = []
    for typvar in typvars:
        row = known.get(typvar)
        if row is None:
            row = known[typvar] = flags(typvar)
        rows.append(row)
    return {name: [row[i] for row in rows] for i, name in enumerate(Flags._fields)}
