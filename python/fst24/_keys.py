"""The keys of searches, and the forms that their values come in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

from ._errors import InvalidArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import numpy.typing as npt

    from ._core import Criterion
    from ._known import Known

#: f24_key by name.
KEYS = {
    name: 1 + i
    for i, name in enumerate(
        [
            "nomvar",
            "typvar",
            "etiket",
            "grtyp",
            "dateo",
            "datev",
            "deet",
            "npas",
            "ni",
            "nj",
            "nk",
            "ip1",
            "ip2",
            "ip3",
            "ig1",
            "ig2",
            "ig3",
            "ig4",
            "datyp",
            "nbits",
        ]
    )
}
TEXTS = ("nomvar", "typvar", "etiket", "grtyp")
DATES = ("dateo", "datev")
#: Dates by what they mean, and the stamps that hold them.
TIMES = {"origin_time": "dateo", "valid_time": "datev"}

EQUAL, RANGE, ENCODING = 1, 2, 3  # f24_match
SKIP_DESCRIPTORS = 1

#: A condition that is known when the table is: what is meant is looked for among its values. None
#: when all records meet it.
Late: TypeAlias = "Callable[[Known, int], Criterion | None]"
#: What several columns mean together: which rows (int64) of a table mean that.
Filter: TypeAlias = "Callable[[Known, int, npt.NDArray[np.int64]], npt.NDArray[np.bool_]]"

_RANGE_ENDS = 2


def is_one(value: object) -> bool:
    """Text and bytes are one value, be it of the wrong kind, not several characters."""
    return isinstance(value, str | bytes | bytearray) or not isinstance(value, Iterable)


def several(name: str, value: object) -> tuple[Any, ...]:
    """The values of a list, a set, an array; one alone as one."""
    if is_one(value):
        return (value,)
    if not isinstance(value, Iterable):
        raise TypeError(f"{name} cannot be {value!r}")
    return tuple(value)


def ends_of(name: str, value: object) -> tuple[Any, Any] | None:
    """The ends of a range, ``(from, to)`` or ``slice(from, to)``; None when it is no range."""
    if isinstance(value, slice):
        if value.step is not None:
            raise TypeError(f"{name}: a range has no step: {value!r}")
        return value.start, value.stop
    if not isinstance(value, tuple):
        return None
    if len(value) != _RANGE_ENDS:
        raise TypeError(f"{name}: a tuple is a range (from, to); give several values as a list")
    return value[0], value[1]


def refuse_reversed(name: str, value: object, *, is_reversed: bool) -> None:
    """Refuse a range in which nothing can be."""
    if is_reversed:
        raise InvalidArgumentError(f"{name}={value!r} ends before it begins: give (from, to)")
