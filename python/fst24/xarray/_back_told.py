"""What `to_fst` has to tell: each cause once."""

from __future__ import annotations

import warnings

from fst24 import Fst24Warning, InvalidArgumentError


class Told:
    """Causes with what they are true of; strict: the first one raises."""

    def __init__(self, *, strict: bool) -> None:
        self._strict = strict
        self._found: dict[tuple[str, str], list[str]] = {}

    def add(self, cause: str, which: str, advice: str) -> None:
        """One more variable of which a cause is true.

        Raises
        ------
        InvalidArgumentError
            When strict.
        """
        if self._strict:
            raise InvalidArgumentError(f"{which}: {cause}: {advice}")
        named = self._found.setdefault((cause, advice), [])
        if which not in named:
            named.append(which)

    def issue(self) -> None:
        """Warn of each cause."""
        for (cause, advice), named in self._found.items():
            message = f"{', '.join(named)}: {cause}: {advice}"
            warnings.warn(message, Fst24Warning, stacklevel=3)
        self._found.clear()
