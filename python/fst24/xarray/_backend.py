"""What xarray calls: ``xr.open_dataset(path, engine="fst24")``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, ClassVar

from xarray.backends import BackendEntrypoint

from ._open import dataset_from
from ._options import OPTION_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable

    import xarray as xr

#: What xarray itself passes on or decides.
_OURS = tuple(name for name in OPTION_NAMES if name != "chunks")


class Fst24BackendEntrypoint(BackendEntrypoint):
    """Reads RPN standard files; options are those of `fst24.to_xarray`."""

    description = "RPN standard files (FST), by fst24"
    url = "https://fst24.readthedocs.io"
    open_dataset_parameters: ClassVar[tuple[str, ...]] = (
        "filename_or_obj",
        "drop_variables",
        *_OURS,
    )
    supports_groups = True

    def guess_can_open(self, filename_or_obj: Any) -> bool:  # noqa: ANN401 - anything
        """Whether the first bytes are those of a standard file."""
        try:
            if isinstance(filename_or_obj, str | os.PathLike):
                if "://" in os.fspath(filename_or_obj):
                    return False
                with open(filename_or_obj, "rb") as stream:  # noqa: PTH123 - of any text
                    head = stream.read(_HEAD)
            elif isinstance(filename_or_obj, bytes):
                head = filename_or_obj[:_HEAD]
            else:
                place = filename_or_obj.tell()
                head = filename_or_obj.read(_HEAD)
                filename_or_obj.seek(place)
            return head[8:12] == b"XDF0" or head[16:20] == b"RSF0"
        except Exception:  # noqa: BLE001 - xarray asks about anything, and others may know it
            return False

    def open_dataset(
        self,
        filename_or_obj: Any,  # noqa: ANN401 - what fst24.open takes
        *,
        drop_variables: str | Iterable[str] | None = None,
        **options: Any,  # noqa: ANN401 - checked by Options
    ) -> xr.Dataset:
        """The Dataset of a file; what xarray asks of all engines about decoding changes nothing."""
        return dataset_from(filename_or_obj, _ours(options), drop_variables)

    def open_datatree(
        self,
        filename_or_obj: Any,  # noqa: ANN401
        *,
        drop_variables: str | Iterable[str] | None = None,
        **options: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401 - a DataTree of newer versions
        """A node for each grid."""
        from ._tree import tree_from

        return tree_from(filename_or_obj, _ours(options), drop_variables)

    def open_groups_as_dict(
        self,
        filename_or_obj: Any,  # noqa: ANN401
        *,
        drop_variables: str | Iterable[str] | None = None,
        **options: Any,  # noqa: ANN401
    ) -> dict[str, xr.Dataset]:
        """Datasets by the name of their group: one for each grid."""
        from ._tree import groups_from

        return groups_from(filename_or_obj, _ours(options), drop_variables)


#: Arguments of ``xarray.open_dataset`` on how variables are decoded: records always are.
_DECODING = frozenset(
    (
        *("mask_and_scale", "decode_times", "decode_timedelta", "use_cftime"),
        *("concat_characters", "decode_coords"),
    )
)


def _ours(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name not in _DECODING}


#: Enough to know a standard file.
_HEAD = 64
