"""The table of common variables that comes with fst24 (``docs/format/metadata.md``, 6.3)."""

from __future__ import annotations

import functools
from types import MappingProxyType
from typing import TYPE_CHECKING

from fst24.dictionary._variable import Variable

if TYPE_CHECKING:
    from collections.abc import Mapping


@functools.cache
def common_variables() -> Mapping[str, Variable]:
    """The entries by nomvar; read when first asked for."""
    from importlib import resources

    text = resources.files(__package__).joinpath("common.tsv").read_text(encoding="utf-8")
    header, *lines = (line.split("\t") for line in text.splitlines())
    entries = {}
    for line in lines:
        row = dict(zip(header, line, strict=True))
        entries[row["nomvar"]] = Variable(
            nomvar=row["nomvar"],
            long_name=row["long_name"],
            long_name_fr=row["long_name_fr"],
            units=row["units"] or None,
            units_label=row["units_label"],
            standard_name=row["standard_name"] or None,
            cell_methods=row["cell_methods"] or None,
            height=row["height"] or None,
            remark=row["remark"],
        )
    return MappingProxyType(entries)
