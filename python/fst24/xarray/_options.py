"""What `fst24.to_xarray` can be asked, checked once."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from fst24 import InvalidArgumentError

from ._attrs import HEADER

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt

    from fst24.dictionary import Dictionary

    Names: TypeAlias = str | Callable[[Mapping[str, Any]], str]

#: Values of the options that choose among words.
_CHOICES: dict[str, tuple[Any, ...]] = {
    "forecast_axis": (True, False, None),
    "ensemble": (True, False, None),
    "levels": (None, "momentum", "thermo", "w"),
    "diag": ("merge", "split", "drop", "only"),
    "subgrid": ("axis", "stack", "yin", "yang"),
    "coords": ("2d", "1d", "none"),
    "rlon": ("adjusted", "file"),
    "masks": ("apply", "separate"),
    "language": ("en", "fr"),
    "on_conflict": ("warn", "error", "first", "last"),
    "crop": (None, "smallest"),
    "align": ("exact", "outer"),
}
_FLAGS = (
    *("strict_vertical", "bounds", "crs_wkt", "keep_latlon", "metadata", "rpnstd_metadata"),
    *("extended_metadata", "strict"),
)
_IGNORABLE = ("typvar", "etiket", "ig1", "ig2", "ig3", "ig4")


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of `fst24.to_xarray`: see there."""

    variables: str | Sequence[str] | None = None
    records: Any = None
    select: Mapping[str, Any] | None = None
    forecast_axis: bool | None = None
    ensemble: bool | None = None
    accumulated: bool | Sequence[str] | None = None
    ignore: Sequence[str] = ()
    levels: Literal["momentum", "thermo", "w"] | None = None
    diag: Literal["merge", "split", "drop", "only"] = "merge"
    strict_vertical: bool = False
    surface_types: Sequence[str] = ()
    soil_layers: Sequence[str] = ()
    soil_depths: Sequence[float] | None = None
    subgrid: Literal["axis", "stack", "yin", "yang"] = "axis"
    coords: Literal["2d", "1d", "none"] = "2d"
    rlon: Literal["adjusted", "file"] = "adjusted"
    bounds: bool = False
    crs_wkt: bool = False
    crop: Literal["smallest"] | None = None
    keep_latlon: bool = False
    masks: Literal["apply", "separate"] = "apply"
    dtype: npt.DTypeLike | None = None
    fill_value: float | None = None
    align: Literal["exact", "outer"] = "exact"
    names: Names | None = None
    language: Literal["en", "fr"] = "en"
    dictionary: Dictionary | str | os.PathLike[str] | None = None
    metadata: bool = True
    rpnstd_metadata: bool = False
    attrs: Sequence[str] = ()
    extended_metadata: bool = False
    conventions: str | None = "CF-1.11"
    on_conflict: Literal["warn", "error", "first", "last"] = "warn"
    strict: bool = False
    chunks: Any = None
    threads: int | None = None

    def __post_init__(self) -> None:
        for name, known in _CHOICES.items():
            value = getattr(self, name)
            if not any(value is one or (value == one and value is not None) for one in known):
                listed = ", ".join(map(repr, known))
                raise InvalidArgumentError(f"{name}={value!r}: it is one of {listed}")
        for name in ("ignore", "surface_types", "soil_layers", "attrs"):
            if isinstance(getattr(self, name), str):
                object.__setattr__(self, name, (getattr(self, name),))
        if not (self.names is None or isinstance(self.names, str) or callable(self.names)):
            raise InvalidArgumentError(
                f"names={self.names!r}: it is 'cf', a pattern, or a callable"
            )
        self._check_dtype()
        no_field = [name for name in self.attrs if name not in HEADER]
        if no_field:
            raise InvalidArgumentError(
                f"attrs={no_field!r}: the fields of a header are {', '.join(HEADER)}"
            )
        self._check_kinds()
        unknown = [name for name in self.ignore if name not in _IGNORABLE]
        if unknown:
            raise InvalidArgumentError(
                f"ignore={unknown!r}: what can be ignored is {', '.join(_IGNORABLE)}"
            )

    def _check_kinds(self) -> None:
        """Refuse values of types that options cannot have."""
        if self.threads is not None and (not isinstance(self.threads, int) or self.threads < 1):
            raise InvalidArgumentError(f"threads={self.threads!r}: a whole number, 1 or more")
        for name in _FLAGS:
            if not isinstance(getattr(self, name), bool):
                raise InvalidArgumentError(f"{name}={getattr(self, name)!r}: it is True or False")
        several = self.accumulated
        if not (several is None or isinstance(several, bool | str | list | tuple | set)):
            raise InvalidArgumentError(f"accumulated={several!r}: names, True, False or None")
        if self.conventions is not None and not isinstance(self.conventions, str):
            raise InvalidArgumentError(f"conventions={self.conventions!r}: it is text or None")
        for name in ("fill_value", "soil_depths"):
            _check_numbers(name, getattr(self, name))

    def _check_dtype(self) -> None:
        try:
            np.dtype(self.dtype)
        except TypeError as error:
            raise InvalidArgumentError(f"dtype={self.dtype!r}: {error}") from None


def _check_numbers(name: str, given: Any) -> None:  # noqa: ANN401 - anything
    """Refuse what is neither a number nor several."""
    several = given if isinstance(given, list | tuple | np.ndarray) else [given]
    if given is not None and not all(isinstance(n, int | float | np.number) for n in several):
        raise InvalidArgumentError(f"{name}={given!r}: numbers are wanted")


OPTION_NAMES = tuple(field.name for field in fields(Options))


def make_options(given: Mapping[str, Any]) -> Options:
    """Keyword arguments as options.

    Raises
    ------
    InvalidArgumentError
        No such option; the message lists what there is.
    """
    for name in given:
        if name not in OPTION_NAMES:
            near = difflib.get_close_matches(name, OPTION_NAMES, 1, 0.6)
            hint = f"; did you mean {near[0]}?" if near else "."
            raise InvalidArgumentError(
                f"to_xarray has no option {name!r}{hint} It has {', '.join(OPTION_NAMES)}"
            )
    return Options(**given)
