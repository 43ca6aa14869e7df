"""What is wrong with records and could be lived with: one warning for each cause."""

from __future__ import annotations

import sys
import warnings

from fst24 import CorruptFileError, Fst24Warning

#: Records or variables named in one message; the others are counted.
_MOST_NAMED = 5


def _level_of_caller() -> int:
    """How far up the code is that asked for the Dataset: outside of this package and xarray."""
    level, frame = 1, sys._getframe(1)  # noqa: SLF001 - Python 3.12 has skip_file_prefixes
    while frame.f_back is not None:
        package = frame.f_globals.get("__name__", "").split(".")[0]
        if package not in {"fst24", "xarray"}:
            break
        level, frame = level + 1, frame.f_back
    return level


class Notes:
    """Collects what happens while a Dataset is made, and tells it at the end.

    Parameters
    ----------
    path : str
        The file.
    strict : bool
        Raise the first one instead.
    """

    def __init__(self, path: str, *, strict: bool) -> None:
        self._path, self._strict = path, strict
        self._found: dict[tuple[str, str], dict[str, None]] = {}

    def add(self, cause: str, which: str, advice: str) -> None:
        """One more record or variable of which a cause is true.

        Raises
        ------
        CorruptFileError
            When strict.
        """
        if self._strict:
            raise CorruptFileError(f"{self._path}: {cause}: {which}: {advice}")
        self._found.setdefault((cause, advice), {})[which] = None

    def issue(self) -> None:
        """Warn of each cause once."""
        for (cause, advice), named in self._found.items():
            more = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
            which = "; ".join(list(named)[:_MOST_NAMED])
            message = f"{self._path}: {cause} ({which}{more}): {advice}"
            warnings.warn(Fst24Warning(message), stacklevel=_level_of_caller())
        self._found.clear()
